// Owns the English words of money that cannot be spent now: why, and until when; only screens that show it load them. Keys are stable.
import { speaker } from '../i18n.js';

/** Messages by key; `{names}` are parameters, `{when}` is a day or an hour. */
export const waitingWords = {
  title: 'Money that waits',
  body: 'All of it is yours. This is why it cannot be spent yet, and when it can. A block takes ten minutes, more or less: the times are estimates.',
  list: 'What waits',
  nothing_title: 'Nothing waits',
  nothing_body: 'All that you have can be spent now.',
  see: 'See why, and until when',

  what_coins: 'Coins on the way',
  why_coins: 'They were seen and wait for their first block.',
  when_coins: 'About {when}; later where the sender paid a low fee',
  what_opening: 'Channel with {peer}',
  why_opening: 'The peer is being asked to open it.',
  when_opening: 'Once the peer has answered',
  what_confirming: 'Channel with {peer}',
  why_confirming: 'Its opening has {count} of {required} confirmations.',
  when_confirming: 'About {when}',
  what_agreeing: 'Channel with {peer}',
  why_agreeing: 'It is closing: both sides agree on who gets what, once no payment is on its way in it.',
  when_agreeing: 'About {when}, if the peer answers at once',
  what_closed: 'Back from closed channels',
  why_closed:
    'A closing needs some blocks until it stands. Who closes by force also waits for a delay that the peer set.',
  when_closed: 'Closed together, or by the peer: about {when}',
  when_closed_forced: 'Closed by force from here: at the latest about {when}',
  what_offline: 'Channel with {peer}',
  why_offline: 'The peer is offline.',
  when_offline: 'Once the peer is back. If it stays away, you can close the channel.',
  what_frozen: 'Frozen coins',
  why_frozen: 'You froze them.',
  when_frozen: 'Once you free them',
  what_anchors: 'Kept to close channels safely',
  why_anchors: 'It pays the fee if a channel has to be closed without its peer.',
  when_anchors: 'Until the channels are closed',
  what_reserves: 'Held back in channels',
  why_reserves:
    'Each side keeps a reserve in a channel, so that it has something to lose by cheating, and the fee of its closing. Some peers also take only a part at once.',
  when_reserves: 'Reserves until the channels are closed; the rest once smaller payments have gone',

  on_the_way: 'Payments on their way',
  on_the_way_why: 'They left your balance. Each arrives, or its money comes back.',
  on_the_way_when: 'Within moments, as a rule. The first runs out about {when}.',
  on_the_way_soon: 'Within moments, as a rule'
} as const;

/** Says one of them. */
export const w = speaker(waitingWords, ({ waiting }) => waiting);
