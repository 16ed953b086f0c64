// Owns the English words of one channel and of opening it; only their screens load them. Keys are stable.
import { speaker } from '../i18n.js';

/** Messages by key; `{names}` are parameters. */
export const channelWords = {
  'open.title': 'Open a channel',
  'open.peer': 'Node',
  'open.peer_hint': 'Its address, as in 02ab…@host:9735.',
  'open.amount': 'Amount',
  'open.amount_hint': '{amount} available on chain. A part stays in reserve while the channel is open.',
  'open.submit': 'Open channel',
  'open.confirm_title': 'Open this channel?',
  'open.confirm_body': 'The fee is for the transaction that opens the channel; closing it later costs another.',
  'open.confirm': 'Open for {amount}',
  'open.opening': 'Connecting and opening the channel',

  'channel.title': 'Channel',
  'channel.state': 'State',
  'channel.peer': 'Peer',
  'channel.capacity': 'Capacity',
  'channel.reserve': 'Reserve',
  'channel.reserve_until': 'until the channel is closed',
  'channel.usable': 'Ready',
  'channel.usable_about': 'about {when}',
  'channel.opened_by': 'Opened by',
  'channel.opened_by_us': 'You',
  'channel.opened_by_peer': 'The peer',
  'channel.funding': 'Funding transaction',
  'channel.id': 'Channel ID',
  'channel.short_id': 'Short channel ID',
  'channel.peer_connected': 'Connected',
  'channel.peer_connecting': 'Connecting',
  'channel.peer_waiting': 'Not connected',
  'channel.connection': 'Connection',
  'channel.close': 'Close channel',
  'channel.close_title': 'Close this channel?',
  'channel.close_body': 'Your part goes back on chain, less a fee, within an hour or so.',
  'channel.closing': 'Closing the channel',
  'channel.close_requested': 'Your coins are coming back on chain.',
  'channel.force': 'Force-close channel',
  'channel.force_title': 'Force-close this channel?',
  'channel.force_body':
    'Only when the peer does not answer for long. Your coins are locked for up to two weeks, until about {when}, and fees are higher.',
  'channel.force_understood': 'I have tried to close it normally',
  'channel.closed': 'Channel closed',
  'channel.missing': 'This channel is not open any more'
} as const;

/** Says one of them. */
export const sayChannel = speaker(channelWords, ({ channel }) => channel);
