// Owns what cannot be spent now, part by part, with its reason: the parts add up to all that is not spendable.
import type { Balances, ChannelInfo, ClosingStage, NodeInfo, Payment } from '../../worker/api.js';
import { balanceParts } from './balance.js';
import { satFromMsat } from './money.js';

/**
 * Why money waits. `coins`: for its first block. `opening`, `confirming`: in a channel that is not open yet. `agreeing`: in a channel whose two
 * sides agree on its closing. `closed_…`: on its way back from a closed channel, at that stage. `offline`: in a channel whose peer is away.
 * `frozen`: by its owner. `anchors`: for the fees of closing channels. `reserves`: in the reserves of open channels.
 */
export type WaitReason =
  | 'coins'
  | 'opening'
  | 'confirming'
  | 'agreeing'
  | `closed_${ClosingStage}`
  | 'offline'
  | 'frozen'
  | 'anchors'
  | 'reserves';

/** A part of what cannot be spent now. */
export interface Wait {
  reason: WaitReason;
  amountSat: bigint;
  /** The one channel that it is in. */
  channel?: ChannelInfo;
  /** The height from which it can be taken, where that is known. */
  freeAtHeight?: number;
}

/** On its way back from a closed channel. */
export function isClosed(reason: WaitReason): reason is `closed_${ClosingStage}` {
  return reason.startsWith('closed_');
}

/** A peer could take money of a closed channel that is not claimed in time: whoever closes the wallet lets that time run. */
export function mustClaim({ closingParts }: Balances): boolean {
  return closingParts.some(({ stage }) => stage === 'htlc' || stage === 'revoked');
}

/** The parts, in the order in which they come back. */
export function waits(balances: Balances, channels: ChannelInfo[]): Wait[] {
  const inState = (state: ChannelInfo['state'], reason: WaitReason): Wait[] =>
    channels
      .filter((channel) => channel.state === state)
      .map((channel) => ({ reason, amountSat: satFromMsat(channel.outboundMsat), channel }));
  const known: Wait[] = [
    { reason: 'coins', amountSat: balances.onchainPendingSat },
    ...inState('confirming', 'confirming'),
    ...inState('opening', 'opening'),
    ...inState('closing', 'agreeing'),
    ...balances.closingParts.map(({ stage, ...part }) => ({ reason: `closed_${stage}`, ...part }) as const),
    ...inState('offline', 'offline'),
    { reason: 'frozen', amountSat: balances.onchainFrozenSat },
    { reason: 'anchors', amountSat: balances.anchorReserveSat }
  ];
  const { totalSat, spendableSat } = balanceParts(balances, channels);
  let restSat = totalSat > spendableSat ? totalSat - spendableSat : 0n;
  // Balances and channels are asked for one after the other: what changed in between must not be counted twice.
  const parts = known.map((wait) => {
    const amountSat = wait.amountSat < restSat ? wait.amountSat : restSat;
    restSat -= amountSat;
    return { ...wait, amountSat };
  });
  return [...parts, { reason: 'reserves', amountSat: restSat } as const].filter(({ amountSat }) => amountSat > 0n);
}

/** Lightning payments that left and have no outcome yet: no part of the balance until they come back. */
export interface OnTheWay {
  count: number;
  amountSat: bigint;
  /** Blocks until the first of them runs out; absent where no peer holds one. */
  blocksLeft?: number;
}

/** What is on its way; undefined where nothing is. */
export function onTheWay(payments: Payment[], info: NodeInfo | undefined): OnTheWay | undefined {
  const leaving = payments.filter(
    ({ kind, direction, status }) => kind !== 'onchain' && direction === 'outbound' && status === 'pending'
  );
  if (leaving.length === 0) return undefined;
  const amountMsat = leaving.reduce((sum, payment) => sum + (payment.amountMsat ?? 0n) + (payment.feeMsat ?? 0n), 0n);
  const expiryHeight = info?.nextHtlcExpiryHeight;
  return {
    count: leaving.length,
    amountSat: satFromMsat(amountMsat),
    ...(info && expiryHeight !== undefined && { blocksLeft: Math.max(0, expiryHeight - info.blockHeight) })
  };
}
