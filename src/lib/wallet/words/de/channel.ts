// Owns the German words of one channel and of opening it.
import type { Translated } from '../catalogue.js';
import type { channelWords } from '../channel.js';

/** Messages by the keys of the English ones. */
export const channel: Translated<typeof channelWords> = {
  'open.title': 'Kanal öffnen',
  'open.peer': 'Knoten',
  'open.peer_hint': 'Seine Adresse, etwa 02ab…@host:9735.',
  'open.amount': 'Betrag',
  'open.amount_hint': '{amount} on-chain verfügbar. Ein Teil bleibt als Reserve, solange der Kanal offen ist.',
  'open.submit': 'Kanal öffnen',
  'open.confirm_title': 'Diesen Kanal öffnen?',
  'open.confirm_body':
    'Die Gebühr ist für die Transaktion, die den Kanal öffnet; das spätere Schließen kostet noch eine.',
  'open.confirm': 'Für {amount} öffnen',
  'open.opening': 'Verbinden und Kanal öffnen',

  'channel.title': 'Kanal',
  'channel.state': 'Stand',
  'channel.peer': 'Partner',
  'channel.capacity': 'Kapazität',
  'channel.reserve': 'Reserve',
  'channel.reserve_until': 'bis der Kanal geschlossen ist',
  'channel.usable': 'Bereit',
  'channel.usable_about': 'etwa {when}',
  'channel.opened_by': 'Geöffnet von',
  'channel.opened_by_us': 'dir',
  'channel.opened_by_peer': 'dem Partner',
  'channel.funding': 'Funding-Transaktion',
  'channel.id': 'Kanal-ID',
  'channel.short_id': 'Kurze Kanal-ID',
  'channel.peer_connected': 'Verbunden',
  'channel.peer_connecting': 'Wird verbunden',
  'channel.peer_waiting': 'Nicht verbunden',
  'channel.connection': 'Verbindung',
  'channel.close': 'Kanal schließen',
  'channel.close_title': 'Diesen Kanal schließen?',
  'channel.close_body': 'Dein Teil geht, abzüglich einer Gebühr, in etwa einer Stunde zurück auf die Blockchain.',
  'channel.closing': 'Der Kanal wird geschlossen',
  'channel.close_requested': 'Deine Coins kommen zurück auf die Blockchain.',
  'channel.force': 'Schließen erzwingen',
  'channel.force_title': 'Schließen dieses Kanals erzwingen?',
  'channel.force_body':
    'Nur, wenn der Partner lange nicht antwortet. Deine Coins sind bis zu zwei Wochen gebunden, bis etwa {when}, und die Gebühren sind höher.',
  'channel.force_understood': 'Ich habe versucht, ihn normal zu schließen',
  'channel.closed': 'Kanal geschlossen',
  'channel.missing': 'Dieser Kanal ist nicht mehr offen'
};
