// Owns what the page says about channels: names of peers, states in words, sums over channels.
import type { ChannelInfo } from '../../worker/api.js';
import { t } from './i18n.js';

/** The peer's alias, or the ends of its node ID. */
export function peerName(channel: Pick<ChannelInfo, 'counterpartyAlias' | 'counterpartyNodeId'>): string {
  return channel.counterpartyAlias || shortNodeId(channel.counterpartyNodeId);
}

/** `02ab12…cd34`. */
export function shortNodeId(nodeId: string): string {
  return nodeId.length > 14 ? `${nodeId.slice(0, 6)}…${nodeId.slice(-4)}` : nodeId;
}

/** The state of a channel in words. */
export function channelStateText(channel: ChannelInfo): string {
  if (channel.state !== 'confirming') return t(`channels.state_${channel.state}`);
  return t('channels.state_confirming', { count: channel.confirmations, required: channel.confirmationsRequired });
}

/** Our part of channels that are not usable yet, in millisatoshis. */
export function openingMsat(channels: ChannelInfo[]): bigint {
  return channels
    .filter((channel) => channel.state === 'opening' || channel.state === 'confirming')
    .reduce((sum, channel) => sum + channel.outboundMsat, 0n);
}
