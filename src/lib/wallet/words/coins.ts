// Owns the English words of coins and of transactions that wait; only screens that show them load them. Keys are stable.
import { speaker } from '../i18n.js';

/** Messages by key; `{names}` are parameters. */
export const coinWords = {
  speed_up: 'Speed it up',
  speed_up_body: 'It waits for a block. A higher fee brings it there sooner.',
  speed_up_rate: 'Fee rate',
  speed_up_rate_hint: 'For the next blocks: {fast} sat/vB. Within an hour: {normal} sat/vB.',
  speed_up_ask: 'See what it costs',
  speed_up_asking: 'Looking for a way',
  speed_up_replace: 'A transaction that pays a higher fee takes its place.',
  speed_up_child: 'A second transaction, from you to you, pays for both.',
  speed_up_extra: 'Fee on top',
  speed_up_receives: 'The receiver gets',
  speed_up_confirm: 'Speed up for {fee}',
  speed_up_doing: 'Sending it',
  speed_up_itself_title: 'Tern raises this fee by itself',
  speed_up_itself_body:
    'It belongs to the closing of a channel. As long as it waits, a faster one takes its place when fees rise. Keep Tern open until it is in a block.',
  replaced_title: 'Replaced',
  replaced_body: 'Another transaction took the place of this one. This one will not happen.',

  coins_title: 'Coins',
  coins_body: 'Every payment to you on chain is a coin of its own. A frozen coin is left alone when you pay.',
  coins_exception: 'Only a closing channel that has nothing else for its fee may spend it.',
  coins_empty: 'No coins yet',
  coins_empty_body: 'What you receive on chain appears here.',
  coins_loading: 'Looking through your coins',
  coins_change: 'Change',
  coins_confirmed_once: '1 confirmation',
  coins_confirmations: '{count} confirmations',
  coins_unconfirmed: 'Waits for a block',
  coins_promised: 'Promised to a channel',
  coins_freeze: 'Freeze',
  coins_freeze_named: 'Freeze {coin}',
  watch_title: 'Watch only',
  watch_body:
    'With these another wallet shows your coins and addresses. It can spend nothing. Whoever has them sees all of it.',
  watch_external: 'Receiving addresses',
  watch_internal: 'Change addresses',
  watch_copy: 'Copy the descriptor: {name}',
  watch_show: 'Show descriptors'
} as const;

/** Says one of them. */
export const c = speaker(coinWords, ({ coins }) => coins);
