// Owns the proof that everything that cannot be spent has a reason, once, and that a payment on its way has a last block.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Balances, ChannelInfo, ChannelState, ClosingStage, NodeInfo, Payment } from '../../worker/api.js';
import { balanceParts } from './balance.js';
import { mustClaim, onTheWay, waits } from './waits.js';

const nothing: Balances = {
  onchainSpendableSat: 0n,
  onchainFrozenSat: 0n,
  onchainPendingSat: 0n,
  anchorReserveSat: 0n,
  lightningMsat: 0n,
  outboundCapacityMsat: 0n,
  inboundCapacityMsat: 0n,
  closingSat: 0n,
  closingParts: [],
  totalSat: 0n
};

function channelIn(state: ChannelState, outboundMsat: bigint): ChannelInfo {
  return {
    channelId: state,
    userChannelId: state,
    counterpartyNodeId: '02'.padEnd(66, 'a'),
    capacitySat: 1_000_000n,
    outboundMsat,
    inboundMsat: 0n,
    reserveSat: 10_000n,
    state,
    isOutbound: true,
    isAnnounced: false,
    confirmations: 1,
    confirmationsRequired: 3
  };
}

function reasons(balances: Balances, channels: ChannelInfo[] = []): [string, bigint][] {
  return waits(balances, channels).map(({ reason, amountSat }) => [reason, amountSat]);
}

describe('closing the wallet', () => {
  it('is asked about while a peer could take what is not claimed in time, and not while all that is left is to wait', () => {
    const holding = (stage: ClosingStage): Balances => ({ ...nothing, closingParts: [{ amountSat: 1n, stage }] });
    const stages = ['unconfirmed', 'awaited', 'confirming', 'delayed', 'htlc', 'revoked', 'sweeping'] as const;
    expect(stages.filter((stage) => mustClaim(holding(stage)))).toEqual(['htlc', 'revoked']);
    expect(mustClaim(nothing)).toBe(false);
  });
});

describe('what cannot be spent now', () => {
  it('is nothing where all is spendable', () => {
    expect(waits({ ...nothing, onchainSpendableSat: 5_000n, totalSat: 5_000n }, [])).toEqual([]);
  });

  it('is each told with its reason: coins, closings, frozen, kept for closings, and the rest in reserves', () => {
    const balances = {
      onchainSpendableSat: 100_000n,
      onchainFrozenSat: 7_000n,
      onchainPendingSat: 30_000n,
      anchorReserveSat: 25_000n,
      lightningMsat: 500_000_000n,
      outboundCapacityMsat: 488_000_000n,
      inboundCapacityMsat: 0n,
      closingSat: 40_000n,
      closingParts: [
        { amountSat: 30_000n, stage: 'confirming', freeAtHeight: 800_005 },
        { amountSat: 10_000n, stage: 'unconfirmed' }
      ] satisfies Balances['closingParts'],
      totalSat: 100_000n + 25_000n + 7_000n + 30_000n + 500_000n + 40_000n
    };
    expect(reasons(balances, [channelIn('ready', 488_000_000n)])).toEqual([
      ['coins', 30_000n],
      ['closed_confirming', 30_000n],
      ['closed_unconfirmed', 10_000n],
      ['frozen', 7_000n],
      ['anchors', 25_000n],
      ['reserves', 12_000n]
    ]);
  });

  it.each([
    ['opening', 'opening'],
    ['confirming', 'confirming'],
    ['closing', 'agreeing'],
    ['offline', 'offline']
  ] as const)('is told channel by channel: %s', (state, reason) => {
    const channel = channelIn(state, 480_000_000n);
    const balances = { ...nothing, lightningMsat: 490_000_000n, totalSat: 490_000n };
    expect(waits(balances, [channel])).toEqual([
      { reason, amountSat: 480_000n, channel },
      { reason: 'reserves', amountSat: 10_000n }
    ]);
  });

  it('adds up to the total less what is spendable, whatever the channels say meanwhile', () => {
    const sat = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const channel = fc
      .tuple(fc.constantFrom('opening', 'confirming', 'ready', 'offline', 'closing', 'closed'), sat)
      .map(([state, amount]) => channelIn(state, amount));
    fc.assert(
      fc.property(sat, sat, sat, sat, sat, sat, fc.array(channel), (free, frozen, pending, anchors, ln, back, all) => {
        const balances = {
          ...nothing,
          onchainSpendableSat: free,
          onchainFrozenSat: frozen,
          onchainPendingSat: pending,
          anchorReserveSat: anchors,
          lightningMsat: ln,
          closingSat: back,
          closingParts: [{ amountSat: back, stage: 'delayed', freeAtHeight: 800_144 } as const],
          totalSat: free + anchors + frozen + pending + ln / 1000n + back
        };
        const parts = balanceParts(balances, all);
        const sum = waits(balances, all).reduce((total, { amountSat }) => total + amountSat, 0n);
        expect(sum).toBe(parts.pendingSat + parts.setAsideSat);
      })
    );
  });
});

describe('a payment on its way', () => {
  const payment: Payment = {
    id: 'a',
    kind: 'bolt11',
    direction: 'outbound',
    status: 'pending',
    amountMsat: 30_000_000n,
    feeMsat: 1_000n,
    description: '',
    createdAtMs: 0,
    updatedAtMs: 0
  };
  const info = { blockHeight: 800_000, nextHtlcExpiryHeight: 800_080 } as NodeInfo;

  it('has the blocks that are left until the first runs out', () => {
    expect(onTheWay([payment, { ...payment, id: 'b' }], info)).toEqual({
      count: 2,
      amountSat: 60_002n,
      blocksLeft: 80
    });
  });

  it('has no last block where no peer holds it, and none below zero', () => {
    const { nextHtlcExpiryHeight: _, ...unheld } = info;
    expect(onTheWay([payment], unheld)).toEqual({ count: 1, amountSat: 30_001n });
    expect(onTheWay([payment], { ...info, blockHeight: 800_100 })?.blocksLeft).toBe(0);
  });

  it('is none that is received, on chain, or over', () => {
    const others: Payment[] = [
      { ...payment, direction: 'inbound' },
      { ...payment, kind: 'onchain' },
      { ...payment, status: 'succeeded' },
      { ...payment, status: 'failed' }
    ];
    expect(onTheWay(others, info)).toBeUndefined();
  });
});
