// Owns the proof that a laptop may sleep in the middle of a payment: two hours and some blocks later it settles, sent or received, and lnd agrees to the msat.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LndPayment } from '../regtest/lnd.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import type { Way } from './lines.js';
import { assertNoForceClose, awaitStatus, fund, openChannel, payLnd } from './steps.js';

const SLEPT_MS = 2 * 3_600_000;
const SLEPT_BLOCKS = 3;

describe('a laptop that sleeps for two hours', () => {
  let stand: Stand;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 100_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    await atRest();
  });

  afterEach(() => assertNoForceClose(stand));

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  describe.each([
    ['drops the connection', true],
    ['keeps the connection', false]
  ])('while lnd %s', (_what, isDropped) => {
    it.each([
      ['settles it meanwhile', 'settled'],
      ['settles it afterwards', 'open'],
      ['gives it back meanwhile', 'cancelled']
    ])('has the same outcome as lnd for a payment on its way to lnd, which %s', async (_how, meanwhile) => {
      const before = await balances();
      const preimage = randomBytes(32).toString('hex');
      const paymentHash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
      const bolt11 = await stand.lnd.addHoldInvoice(paymentHash, { amountMsat: 6_000_001n });
      await device.wallet.pay({ bolt11 });
      await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');

      await sleepThrough(isDropped, async () => {
        if (meanwhile === 'settled') await stand.lnd.settleInvoice(preimage);
        if (meanwhile === 'cancelled') await stand.lnd.cancelInvoice(paymentHash);
      });
      if (meanwhile === 'open') await stand.lnd.settleInvoice(preimage);
      const wanted = meanwhile === 'cancelled' ? 'failed' : 'succeeded';
      expect(await awaitStatus(device, paymentHash, ['succeeded', 'failed'])).toBe(wanted);
      await atRest();

      const invoice = await stand.lnd.lookupInvoice(paymentHash);
      expect(invoice.state).toBe(meanwhile === 'cancelled' ? 'CANCELED' : 'SETTLED');
      const movedMsat = meanwhile === 'cancelled' ? 0n : 6_000_001n;
      if (meanwhile !== 'cancelled') expect(invoice.paidMsat).toBe(movedMsat);
      await expectMoved(before, movedMsat);
    });

    it.each<[string, Way, number]>([
      ['first chunk from lnd', 'in', 1],
      ['second chunk from lnd', 'in', 2],
      ['third chunk from lnd', 'in', 3],
      ['first chunk to lnd', 'out', 1],
      ['second chunk to lnd', 'out', 2],
      ['third chunk to lnd', 'out', 3]
    ])('is paid by lnd when it falls asleep with the %s on its way', async (_what, way, chunk) => {
      const before = await balances();
      const request = { amountMsat: 7_000_001n, description: 'x', expirySeconds: 24 * 3_600 };
      const { bolt11, paymentHash } = await device.wallet.createInvoice(request);
      const asleep = device.lines.stallAt(way, chunk).then(() => device.sleep());
      const paying = stand.lnd.payInvoice({ bolt11, timeoutS: 600 });
      await asleep;
      expect((await lndPayment(paymentHash))?.status).toBe('IN_FLIGHT');

      await sleepThrough(isDropped);
      await paying;
      await awaitStatus(device, paymentHash, ['succeeded']);
      await atRest();

      expect(await lndPayment(paymentHash)).toMatchObject({ status: 'SUCCEEDED', amountMsat: 7_000_001n, feeMsat: 0n });
      expect((await device.wallet.payment(paymentHash))?.amountMsat).toBe(7_000_001n);
      await expectMoved(before, -7_000_001n);
    });
  });

  /** Blocks come, lnd goes on, and the lid is opened; resolves when the channel is of use to both again. */
  async function sleepThrough(isDropped: boolean, meanwhile = (): Promise<void> => Promise.resolve()): Promise<void> {
    device.sleep();
    const { commitCount } = device;
    const { nodeId } = await device.wallet.info();
    await stand.mine(SLEPT_BLOCKS);
    if (isDropped) {
      await stand.lnd.disconnect(nodeId);
      await waitFor(async () => !(await stand.lnd.listPeers()).includes(nodeId), {
        what: 'lnd to drop the connection'
      });
    }
    await meanwhile();
    expect(device.commitCount, 'a sleeper does nothing').toBe(commitCount);
    device.wake(SLEPT_MS);
    // Sooner than LDK, which gives up a peer at its second ping, and than the poll of the chain.
    await waitFor(() => device.lines.isRedialled, { what: 'the wallet to dial again', timeoutMs: 8_000 });
    const height = await stand.chain.height();
    await waitFor(async () => (await device.wallet.info()).blockHeight === height, {
      what: 'the new blocks',
      timeoutMs: 8_000
    });
    await stand.lnd.awaitUsableChannel(nodeId);
  }

  interface Balances {
    lndMsat: bigint;
    ownMsat: bigint;
  }

  /** lnd's own list of channels knows whole sats only. */
  async function balances(): Promise<Balances> {
    const json = await stand.lnd.rest.get('/v1/balance/channels');
    const [channel] = await device.wallet.channels();
    return { lndMsat: BigInt((json.local_balance as { msat: string }).msat), ownMsat: channel?.outboundMsat ?? 0n };
  }

  /** So much has gone to lnd since then. */
  async function expectMoved(before: Balances, amountMsat: bigint): Promise<void> {
    const { lndMsat, ownMsat } = await balances();
    expect([lndMsat - before.lndMsat, before.ownMsat - ownMsat]).toEqual([amountMsat, amountMsat]);
  }

  async function lndPayment(paymentHash: string): Promise<LndPayment | undefined> {
    return (await stand.lnd.listPayments()).find((payment) => payment.paymentHash === paymentHash);
  }

  async function pendingHtlcs(): Promise<number> {
    return (await stand.lnd.listChannels()).reduce((sum, channel) => sum + channel.pendingHtlcs, 0);
  }

  /** Both sides have forgotten the last HTLC. */
  async function atRest(): Promise<void> {
    const isAtRest = async (): Promise<boolean> =>
      (await pendingHtlcs()) === 0 && (await device.wallet.info()).nextHtlcExpiryHeight === undefined;
    await waitFor(isAtRest, { what: 'the last HTLC to be gone' });
  }
});
