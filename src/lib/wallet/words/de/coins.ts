// Owns the German words of coins and of transactions that wait.
import type { Translated } from '../catalogue.js';
import type { coinWords } from '../coins.js';

/** Messages by the keys of the English ones. */
export const coins: Translated<typeof coinWords> = {
  speed_up: 'Beschleunigen',
  speed_up_body: 'Sie wartet auf einen Block. Mit einer höheren Gebühr kommt sie früher hinein.',
  speed_up_rate: 'Gebührensatz',
  speed_up_rate_hint: 'Für die nächsten Blöcke: {fast} sat/vB. Binnen einer Stunde: {normal} sat/vB.',
  speed_up_ask: 'Kosten ansehen',
  speed_up_asking: 'Ein Weg wird gesucht',
  speed_up_replace: 'Eine Transaktion mit höherer Gebühr tritt an ihre Stelle.',
  speed_up_child: 'Eine zweite Transaktion, von dir an dich, zahlt für beide.',
  speed_up_extra: 'Gebühr obendrauf',
  speed_up_receives: 'Der Empfänger bekommt',
  speed_up_confirm: 'Für {fee} beschleunigen',
  speed_up_doing: 'Wird gesendet',
  speed_up_itself_title: 'Tern erhöht diese Gebühr von selbst',
  speed_up_itself_body:
    'Sie gehört zur Schließung eines Kanals. Solange sie wartet, tritt eine schnellere an ihre Stelle, wenn die Gebühren steigen. Lass Tern offen, bis sie in einem Block steht.',
  replaced_title: 'Ersetzt',
  replaced_body: 'Eine andere Transaktion ist an die Stelle dieser getreten. Diese wird nicht stattfinden.',

  coins_title: 'Coins',
  coins_body: 'Jede On-Chain-Zahlung an dich ist ein eigener Coin. Ein eingefrorener Coin bleibt beim Bezahlen liegen.',
  coins_exception: 'Nur ein Kanal, der beim Schließen nichts anderes für seine Gebühr hat, darf ihn ausgeben.',
  coins_empty: 'Noch keine Coins',
  coins_empty_body: 'Was du on-chain empfängst, steht hier.',
  coins_loading: 'Deine Coins werden durchgesehen',
  coins_change: 'Wechselgeld',
  coins_confirmed_once: '1 Bestätigung',
  coins_confirmations: '{count} Bestätigungen',
  coins_unconfirmed: 'Wartet auf einen Block',
  coins_promised: 'Einem Kanal versprochen',
  coins_freeze: 'Einfrieren',
  coins_freeze_named: '{coin} einfrieren',
  watch_title: 'Nur ansehen',
  watch_body:
    'Damit zeigt eine andere Wallet deine Coins und Adressen. Ausgeben kann sie nichts. Wer sie hat, sieht alles davon.',
  watch_external: 'Empfangsadressen',
  watch_internal: 'Wechselgeldadressen',
  watch_copy: 'Deskriptor kopieren: {name}',
  watch_show: 'Deskriptoren zeigen'
};
