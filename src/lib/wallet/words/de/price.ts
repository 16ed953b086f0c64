// Owns the German words of what bitcoin is worth.
import type { Translated } from '../catalogue.js';
import type { priceWords } from '../price.js';

/** Messages by the keys of the English ones. */
export const price: Translated<typeof priceWords> = {
  title: 'Deine Währung',
  off: 'Aus',
  on: '{currency}, von {source}',
  body: 'Tern kann neben Beträgen zeigen, was sie ungefähr in deiner Währung wert sind.',
  privacy:
    'Dafür fragt es eine Quelle nach dem Preis von Bitcoin, alle paar Minuten, während du Beträge siehst. Die Quelle erfährt, dass jemand an deiner Internetadresse eine Wallet benutzt, und nichts von ihrem Inhalt.',
  worthless_title: 'Diese Coins haben keinen Wert',
  worthless_body: 'In diesem Testnetzwerk zeigt Tern, was ebenso viel echter Bitcoin wert wäre.',

  currency: 'Währung',
  source: 'Quelle',
  source_custom: 'Eine andere Adresse',
  url: 'Adresse',
  url_hint:
    'Sie muss mit JSON antworten und sich von Webseiten fragen lassen. {lower} darin steht für eur, {upper} für EUR.',
  path: 'Wo der Preis steht (freiwillig)',
  path_hint: 'Die Namen, die in der Antwort zu ihm führen, etwa data.amount.',
  switch_on: 'Einschalten',
  save: 'Speichern',
  switch_off: 'Ausschalten',

  one_bitcoin: '1 BTC',
  learnt: 'Von {source}',
  asking: 'Der Preis wird erfragt',
  ask_again: 'Noch einmal fragen'
};
