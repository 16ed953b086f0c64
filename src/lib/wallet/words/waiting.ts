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
  when_coins:
    'About {when}; later where the fee is low. In the activity it can be sped up, unless Tern does that by itself.',
  what_opening: 'Channel with {peer}',
  why_opening: 'The peer is being asked to open it.',
  when_opening: 'Once the peer has answered',
  what_confirming: 'Channel with {peer}',
  why_confirming: 'Its opening has {count} of {required} confirmations.',
  when_confirming: 'About {when}',
  what_agreeing: 'Channel with {peer}',
  why_agreeing: 'It is closing: both sides agree on who gets what, once no payment is on its way in it.',
  when_agreeing: 'In a moment, if the peer is online',
  what_closed: 'Back from a closed channel',
  why_closed_unconfirmed:
    'The transaction that closes the channel waits for its first block. Where you closed by force, Tern raises its fee by itself while it is open; then follows a delay that the peer set.',
  why_closed_awaited:
    'The peer proved that it has a newer state of this channel than this wallet. Only its own closing is safe; it pays you your part.',
  why_closed_confirming: 'The closing is in a block. A few more follow, so that nothing can undo it.',
  why_closed_delayed: 'You closed by force: the delay that the peer set must pass first.',
  why_closed_htlc:
    'A payment was on its way when the channel closed. Its part is claimed on chain, for a higher fee when fees rise. Keep Tern open until it is.',
  why_closed_revoked:
    'The peer published an old state. Everything in the channel is being taken for you, for a higher fee when fees rise. Keep Tern open until it is.',
  why_closed_sweeping: 'The wait is over: a transaction brings it to your coins, for a higher fee when fees rise.',
  why_closed_held: 'Nothing is sent until every peer has agreed that the state of this wallet is the newest.',
  when_closed_held: 'Once the peers were connected',
  when_closed_unconfirmed: 'First block about {when}; then the rest of the wait is known',
  when_closed_awaited: 'Once the peer has closed the channel; it was asked to',
  when_closed: 'About {when}',
  when_closed_next: 'As soon as the transaction for it is in a block',

  what_offline: 'Channel with {peer}',
  why_offline: 'The peer is offline.',
  when_offline: 'Once the peer is back. If it stays away, you can close the channel.',
  when_offline_held: 'Once the peer is back and has confirmed the state',
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
