// Owns the proof that a rush of payments adds up to the msat, that none is taken twice, and that a clock that is a day wrong costs nothing: lnd counts, and says what it thinks of our invoices.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TernError } from '../../src/wire/errors.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, fund, openChannel, payLnd, receiveFromLnd } from './steps.js';

const RUSH = 16;
const HOUR_S = 3_600;
const DAY_MS = 24 * HOUR_S * 1_000;

describe('a wallet with a channel to lnd', () => {
  let stand: Stand;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    // lnd needs something to pay with.
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 100_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
  });

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  it('settles sixteen payments at once, each for its own amount, and both sides agree to the msat', async () => {
    await atRest();
    const [lndBeforeMsat, [channelBefore]] = [await lndMsat(), await device.wallet.channels()];
    const amountsMsat = Array.from({ length: RUSH }, (_, index) => 1_234_567n + BigInt(index) * 10_001n);
    const invoices = await Promise.all(amountsMsat.map((amountMsat) => stand.lnd.addInvoice({ amountMsat })));

    const most = mostPendingAtLnd();
    await Promise.all(invoices.map(({ bolt11 }) => device.wallet.pay({ bolt11 })));
    await Promise.all(invoices.map(({ paymentHash }) => stand.lnd.awaitInvoice(paymentHash, 'SETTLED', 60_000)));
    await Promise.all(invoices.map(({ paymentHash }) => awaitStatus(device, paymentHash, ['succeeded'])));
    await atRest();
    expect(await most(), 'payments on their way at the same time').toBeGreaterThan(1);

    const paid = await Promise.all(invoices.map(({ paymentHash }) => stand.lnd.lookupInvoice(paymentHash)));
    expect(paid.map(({ paidMsat }) => paidMsat)).toEqual(amountsMsat);
    const sumMsat = amountsMsat.reduce((sum, amountMsat) => sum + amountMsat, 0n);
    expect((await lndMsat()) - lndBeforeMsat).toBe(sumMsat);
    const [channel] = await device.wallet.channels();
    expect((channelBefore?.outboundMsat ?? 0n) - (channel?.outboundMsat ?? 0n)).toBe(sumMsat);
    const rows = await Promise.all(invoices.map(({ paymentHash }) => device.wallet.payment(paymentHash)));
    expect(rows.map((row) => [row?.amountMsat, row?.feeMsat])).toEqual(amountsMsat.map((msat) => [msat, 0n]));
    await assertNoForceClose(stand);
  });

  it('takes a payment once: a second with its preimage comes back, and the wallet opens again', async () => {
    const payAgain = await paidByKeysend();
    const before = await device.wallet.balances();
    const lndSat = async (): Promise<bigint | undefined> => (await stand.lnd.listChannels())[0]?.localBalanceSat;
    const lndBeforeSat = await lndSat();

    const second = await payAgain();
    device = await device.reload();
    expect(second).toMatchObject({ code: 'payment_failed' });
    expect((await device.wallet.balances()).totalSat).toBe(before.totalSat);
    expect(await lndSat()).toBe(lndBeforeSat);
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 5_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    await assertNoForceClose(stand);
  }, 120_000);

  it('takes a payment once wherever it dies while a second with its preimage arrives, and the second comes back', async () => {
    const payAgain = await paidByKeysend();
    await atRest();
    const { totalSat } = await device.wallet.balances();
    for (let commit = 1; ; commit += 1) {
      device.crashIn(commit, 'after');
      const second = payAgain();
      const hasDied = await Promise.race([device.crashed.then(() => true), second.then(() => false)]);
      device.disarm();
      if (hasDied) device = await device.reopen();
      expect(await second, `death after commit ${commit}`).toMatchObject({ code: 'payment_failed' });
      await atRest();
      expect((await device.wallet.balances()).totalSat).toBe(totalSat);
      if (!hasDied) break;
    }
    await assertNoForceClose(stand);
  }, 180_000);

  describe.each([
    ['ahead', DAY_MS],
    ['behind', -DAY_MS]
  ])('whose clock is a day %s', (direction, aheadMs) => {
    const isAhead = direction === 'ahead';

    beforeAll(async () => {
      await atRest();
      device.clockAheadMs = aheadMs;
      device = await device.reload();
      const { nodeId } = await device.wallet.info();
      await stand.lnd.awaitUsableChannel(nodeId, 60_000);
      await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    });

    afterAll(async () => {
      device.clockAheadMs = 0;
      device = await device.reload();
    });

    it('pays an invoice that is still good by that clock', async () => {
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n, expiryS: 48 * HOUR_S });
      const { createdAtMs, expired } = await device.wallet.decodeInvoice(bolt11);
      expect(expired).toBe(false);
      expect(Math.abs(createdAtMs - Date.now())).toBeLessThan(60_000);
      await payLnd(stand, device, bolt11, paymentHash);
      const at = (await device.wallet.payment(paymentHash))?.createdAtMs ?? 0;
      expect(Math.abs(at - Date.now() - aheadMs), 'the clock is in fact wrong').toBeLessThan(60_000);
    });

    it(`${isAhead ? 'refuses' : 'pays'} an invoice that is good for an hour`, async () => {
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n, expiryS: HOUR_S });
      if (!isAhead) return payLnd(stand, device, bolt11, paymentHash);
      const refused = await device.wallet.pay({ bolt11 }).catch((thrown: unknown) => TernError.from(thrown));
      expect(refused).toMatchObject({ code: 'invoice_expired' });
      expect((await stand.lnd.lookupInvoice(paymentHash)).state).toBe('OPEN');
    });

    it('is paid by lnd for an invoice of two days', async () => {
      const hash = await receiveFromLnd(stand, device, 1_000_000n, 48 * HOUR_S);
      const payment = (await stand.lnd.listPayments()).find((each) => each.paymentHash === hash);
      expect(payment).toMatchObject({ status: 'SUCCEEDED', amountMsat: 1_000_000n });
    });

    it('is paid by lnd for an invoice of an hour: one that a slow clock would date in the past has the time of the chain', async () => {
      await receiveFromLnd(stand, device, 1_000_000n, HOUR_S);
    });

    it('sees a payment on chain, and keeps its channel', async () => {
      const before = await device.wallet.balances();
      await stand.chain.fund(await device.wallet.newAddress(), 50_000n);
      await stand.mine(1);
      await device.wallet.sync();
      expect((await device.wallet.balances()).onchainSpendableSat).toBe(before.onchainSpendableSat + 50_000n);
      await assertNoForceClose(stand);
    });
  });

  it('pays with the right clock again', async () => {
    const { nodeId } = await device.wallet.info();
    await stand.lnd.awaitUsableChannel(nodeId, 60_000);
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n, expiryS: HOUR_S });
    await payLnd(stand, device, bolt11, paymentHash);
    await assertNoForceClose(stand);
  });

  /** What lnd has in its channels; its list of them knows whole sats only. */
  async function lndMsat(): Promise<bigint> {
    const json = await stand.lnd.rest.get('/v1/balance/channels');
    return BigInt((json.local_balance as { msat: string }).msat);
  }

  /** Both sides have forgotten the last HTLC. */
  /** lnd paid by keysend. Answers how it pays with the same preimage once more, and what comes of that. */
  async function paidByKeysend(): Promise<() => Promise<unknown>> {
    await atRest();
    const [amountMsat, preimage] = [5_000_000n, randomBytes(32)];
    const paymentHash = createHash('sha256').update(preimage).digest('hex');
    const { nodeId } = await device.wallet.info();
    expect((await stand.lnd.keysend(nodeId, amountMsat, preimage)).status).toBe('SUCCEEDED');
    await awaitStatus(device, paymentHash, ['succeeded']);
    return async () => {
      await stand.lnd.forgetPayment(paymentHash);
      return stand.lnd.keysend(nodeId, amountMsat, preimage).catch((thrown: unknown) => thrown);
    };
  }

  async function atRest(): Promise<void> {
    const isAtRest = async (): Promise<boolean> =>
      (await stand.lnd.listChannels()).every((channel) => channel.pendingHtlcs === 0) &&
      (await device.wallet.info()).nextHtlcExpiryHeight === undefined;
    await waitFor(isAtRest, { what: 'the last HTLC to be gone' });
  }

  /** Watches until asked how many HTLCs lnd had at most at one time. */
  function mostPendingAtLnd(): () => Promise<number> {
    let [most, isOver] = [0, false];
    const watching = waitFor(
      async () => {
        const [channel] = await stand.lnd.listChannels();
        most = Math.max(most, channel?.pendingHtlcs ?? 0);
        return isOver;
      },
      { what: 'the watch to end', timeoutMs: 120_000, intervalMs: 5 }
    );
    return async () => {
      isOver = true;
      await watching;
      return most;
    };
  }
});
