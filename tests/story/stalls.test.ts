// Owns the proof that a peer that falls silent costs time and nothing else: whatever chunk of an act is the last that gets through, either way, lnd and the chain end where we do.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TernError } from '../../src/wire/errors.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Ship } from './fleet.js';
import type { Way } from './lines.js';
import { assertNoForceClose, awaitStatus, everyFundingExists } from './steps.js';

const FLEET = 8;
/** A silent line is dropped by the second ping. */
const LDK_PING_MS = 1_000;
/** A chunk that waits for its answer is one of its own: so many there are at least from either side, however lnd's writes fall together. */
const LEAST = { open: 3, pay: 3, receive: 3, close: 2 };
/** More chunks than any act has: one that does not end is a failure, not a loop. */
const MOST_CHUNKS = 100;
/** A connection that held so long is not blamed for the ends of those before it. */
const STABLE_MS = 60_000;
const TIMEOUT_MS = 400_000;
const channelSat = 500_000n;

const ways: [string, Way][] = [
  ['nothing of what lnd says arrives any more', 'in'],
  ['nothing of what we say arrives any more', 'out']
];

describe.each(ways)('when, from some chunk on, %s,', (_what, way) => {
  let stand: Stand;
  let ships: Ship[] = [];
  const stalls: Record<string, number> = {};

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    ships = await Promise.all(Array.from({ length: FLEET }, () => Ship.launch(stand, { ldkPingMs: LDK_PING_MS })));
    await stand.mine(1);
    await fleet((ship) => ship.device.wallet.sync());
  });

  afterEach(() => assertNoForceClose(stand));

  afterAll(async () => {
    console.log(`stalls, where ${way === 'in' ? 'lnd' : 'the wallet'} falls silent: ${JSON.stringify(stalls)}`);
    await fleet((ship) => ship.device.off());
    await stand?.stop();
  });

  it(
    'an opening ends with a channel that both sides can use, or without one and with every coin',
    () => stallAtEach('open', openAll),
    TIMEOUT_MS
  );

  it(
    'a payment to lnd has the same outcome here and at lnd',
    async () => {
      await provideChannels();
      await stallAtEach('pay', () => fleet(pay));
    },
    TIMEOUT_MS
  );

  it(
    'a payment from lnd has the same outcome here and at lnd',
    async () => {
      await provideChannels();
      await stallAtEach('receive', () => fleet(receive));
    },
    TIMEOUT_MS
  );

  it('a closing ends in a closing by consent', () => stallAtEach('close', closeAll, provideChannels), TIMEOUT_MS);

  it(
    'and in the end all coins are on chain, and can be sent',
    async () => {
      while ((await Promise.all(ships.map((ship) => ship.lndChannels()))).some((channels) => channels.length > 0)) {
        await fleet((ship) => ship.awaitUsable());
        await closeAll();
      }
      for (const ship of ships) await ship.assertArrives();
    },
    TIMEOUT_MS
  );

  /** Lets ship n stall at chunk n, the next time at the chunk after the last ship's, until an act ends before its stall. */
  async function stallAtEach(
    name: keyof typeof LEAST,
    act: () => Promise<void>,
    prepare = (): Promise<void> => Promise.resolve()
  ): Promise<void> {
    for (let first = 1; ; first += FLEET) {
      expect(first, `${name} takes more chunks than it should`).toBeLessThan(MOST_CHUNKS);
      await prepare();
      await fleet((ship) => ship.awaitUsable());
      for (const [index, { device }] of ships.entries()) {
        device.clockAheadMs += STABLE_MS;
        void device.lines.stallAt(way, first + index);
      }
      await act();
      const hasStalled = ships.map(({ device }) => device.lines.disarm());
      await fleet((ship, index) => recover(ship, hasStalled[index] ?? false));
      await assertNoForceClose(stand);
      const unreached = hasStalled.indexOf(false);
      if (unreached < 0) continue;
      stalls[name] = first - 1 + unreached;
      return expect(stalls[name], 'chunks at which it stalled').toBeGreaterThanOrEqual(LEAST[name]);
    }
  }

  /** A line that stalled was given up and dialled anew; then both sides agree on channels and coins. */
  async function recover(ship: Ship, hasStalled: boolean): Promise<void> {
    if (hasStalled) await waitFor(() => ship.device.lines.isRedialled, { what: 'the wallet to dial again' });
    await ship.awaitUsable();
    await ship.awaitRest();
    await ship.assertBalances();
    await ship.assertWhole();
  }

  async function provideChannels(): Promise<void> {
    const without = await Promise.all(ships.map(async (ship) => (await ship.lndChannels()).length === 0));
    if (!without.includes(true)) return;
    await fleet(async (ship, index) => {
      if (without[index]) await open(ship);
    });
    await confirm();
    for (const ship of ships) expect(await ship.lndChannels()).not.toHaveLength(0);
  }

  async function openAll(): Promise<void> {
    await fleet(open);
    await confirm();
  }

  /** Resolves when every channel's funding is on its way into a block. */
  async function open({ device: { wallet } }: Ship): Promise<void> {
    await wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: channelSat });
    const isDecided = async (): Promise<boolean> => {
      const channels = await wallet.channels();
      const fundings = channels.flatMap(({ fundingTxid }) => fundingTxid ?? []);
      return fundings.length === channels.length && (fundings.length === 0 || everyFundingExists(stand, fundings));
    };
    await waitFor(isDecided, { what: 'the opening to be broadcast or given up', timeoutMs: 60_000 });
  }

  async function pay({ device, sent }: Ship): Promise<void> {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 30_000_000n });
    sent.add(paymentHash);
    await device.wallet.pay({ bolt11 });
    const status = await awaitStatus(device, paymentHash, ['succeeded', 'failed']);
    const { state, paidMsat } = await stand.lnd.lookupInvoice(paymentHash);
    expect(state === 'SETTLED', `lnd says ${state}, the wallet ${status}`).toBe(status === 'succeeded');
    const payment = await device.wallet.payment(paymentHash);
    if (status === 'succeeded') expect([payment?.amountMsat, payment?.feeMsat]).toEqual([paidMsat, 0n]);
  }

  async function receive({ device, received }: Ship): Promise<void> {
    const request = { amountMsat: 1_000_000n, description: 'x', expirySeconds: 3_600 };
    const { bolt11, paymentHash } = await device.wallet.createInvoice(request);
    received.add(paymentHash);
    const paying = stand.lnd.payInvoice({ bolt11, timeoutS: 60 });
    const outcome = await paying.catch((thrown: unknown) => TernError.from(thrown));
    if (!(outcome instanceof TernError)) await awaitStatus(device, paymentHash, ['succeeded']);
    const payment = await device.wallet.payment(paymentHash);
    const isPaid = payment?.status === 'succeeded';
    expect(isPaid, `lnd says ${outcome instanceof TernError ? outcome.cause : 'paid'}`).toBe(
      !(outcome instanceof TernError)
    );
    if (isPaid) expect(payment.amountMsat).toBe(request.amountMsat);
  }

  /** Closes a channel of each ship that has one. */
  async function closeAll(): Promise<void> {
    const points = new Map<Ship, string>();
    await fleet(async (ship) => {
      const [channel] = await ship.lndChannels();
      if (!channel) return;
      points.set(ship, channel.channelPoint);
      const ours = (await ship.device.wallet.channels()).find(({ fundingTxid, fundingVout }) => {
        return `${fundingTxid}:${fundingVout}` === channel.channelPoint;
      });
      await ship.device.wallet.closeChannel(ours?.channelId ?? '');
      await ship.closingOf(channel.channelPoint);
    });
    await confirm();
    for (const [ship, channelPoint] of points) {
      const { closeType, closingTxid } = await ship.closedAtLnd(channelPoint);
      expect([closeType, closingTxid]).toEqual(['COOPERATIVE_CLOSE', await ship.closingOf(channelPoint)]);
    }
  }

  /** What waits for a block is confirmed, and every wallet has seen it. */
  async function confirm(): Promise<void> {
    await stand.mine(6);
    await fleet((ship) => ship.device.wallet.sync());
    await fleet((ship) => ship.awaitUsable());
  }

  async function fleet(run: (ship: Ship, index: number) => Promise<void>): Promise<void> {
    await Promise.all(ships.map(run));
  }
});
