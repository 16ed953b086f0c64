// Owns the English words of what bitcoin is worth; only screens that show them load them. Keys are stable.
import { speaker } from '../i18n.js';

/** Messages by key; `{names}` are parameters. */
export const priceWords = {
  title: 'Your currency',
  off: 'Off',
  on: '{currency}, from {source}',
  body: 'Tern can show beside amounts roughly what they are worth in your currency.',
  privacy:
    'For that it asks a source for the price of bitcoin, every few minutes while you look at amounts. The source learns that somebody at your internet address uses a wallet, and nothing of what is in it.',
  worthless_title: 'These coins have no value',
  worthless_body: 'On this test network Tern shows what as much real bitcoin would be worth.',

  currency: 'Currency',
  source: 'Source',
  source_custom: 'Another address',
  url: 'Address',
  url_hint: 'It must answer JSON, and let websites ask. In it {lower} stands for eur, {upper} for EUR.',
  path: 'Where the price stands (optional)',
  path_hint: 'The names that lead to it in the answer, as in data.amount.',
  switch_on: 'Switch on',
  save: 'Save',
  switch_off: 'Switch off',

  one_bitcoin: '1 BTC',
  learnt: 'From {source}',
  asking: 'Asking for the price',
  ask_again: 'Ask again'
} as const;

/** Says one of them. */
export const p = speaker(priceWords, ({ price }) => price);
