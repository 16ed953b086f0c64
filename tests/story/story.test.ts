// Owns the first story without a crash: a new wallet is funded, opens a channel to lnd, pays, is paid, survives restarts on both sides and closes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import {
  acceptChannel,
  assertFundingUnspent,
  assertNoForceClose,
  awaitStatus,
  closeChannels,
  fund,
  openChannel,
  payLnd,
  receiveFromLnd
} from './steps.js';

describe('the first story, against btcd and lnd', () => {
  let stand: Stand;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    await stand.fundLnd(stand.lnd, 5_000_000n);
    device = await Device.start(stand);
  });

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  it('sees a payment on chain before and after it confirms', async () => {
    await stand.chain.fund(await device.wallet.newAddress(), 1_000_000n);
    await device.wallet.sync();
    expect(await device.wallet.balances()).toMatchObject({ onchainPendingSat: 1_000_000n, onchainSpendableSat: 0n });
    await stand.mine(1);
    await device.wallet.sync();
    expect(await device.wallet.balances()).toMatchObject({ onchainPendingSat: 0n, onchainSpendableSat: 1_000_000n });
  });

  it('opens a channel to lnd, which lnd calls active', async () => {
    await openChannel(stand, device);
    const [channel] = await stand.lnd.listChannels();
    expect(channel).toMatchObject({ isActive: true, capacitySat: 500_000n, commitmentType: 'ANCHORS' });
  });

  it('pays an invoice of lnd, which lnd calls settled', async () => {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 100_000_000n, memo: 'tea' });
    const quote = await device.wallet.quotePayment({ bolt11 });
    expect(quote).toMatchObject({ amountMsat: 100_000_000n, feeMsat: 0n });
    await payLnd(stand, device, bolt11, paymentHash);
    expect((await stand.lnd.lookupInvoice(paymentHash)).paidMsat).toBe(100_000_000n);
  });

  it('is paid by lnd, which lnd calls succeeded', async () => {
    const hash = await receiveFromLnd(stand, device, 50_000_000n);
    const payment = (await stand.lnd.listPayments()).find((each) => each.paymentHash === hash);
    expect(payment?.status).toBe('SUCCEEDED');
    expect(await device.wallet.payment(hash)).toMatchObject({ status: 'succeeded', amountMsat: 50_000_000n });
  });

  it('settles a payment whose tab was reloaded in the middle', async () => {
    const preimage = 'ab'.repeat(32);
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(preimage, 'hex'));
    const paymentHash = Buffer.from(digest).toString('hex');
    const bolt11 = await stand.lnd.addHoldInvoice(paymentHash, { amountMsat: 30_000_000n, memo: 'held' });
    await device.wallet.pay({ bolt11 });
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    device = await device.reload();
    await stand.lnd.settleInvoice(preimage);
    await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
    expect(await awaitStatus(device, paymentHash, ['succeeded', 'failed'])).toBe('succeeded');
  });

  it('goes on after lnd was restarted', async () => {
    await stand.lnd.restart();
    const { nodeId } = await device.wallet.info();
    await stand.lnd.awaitUsableChannel(nodeId, 90_000);
    await waitFor(async () => (await device.wallet.balances()).outboundCapacityMsat > 0n, {
      what: 'room to send',
      timeoutMs: 90_000
    });
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 10_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
  });

  it('agrees with lnd on whose money is whose', async () => {
    const theirs = await waitFor(
      async () => (await stand.lnd.listChannels()).find((each) => each.pendingHtlcs === 0 && each.unsettledSat === 0n),
      { what: 'all HTLCs to be settled' }
    );
    const [ours] = await device.wallet.channels();
    expect(theirs.localBalanceSat).toBe(100_000n - 50_000n + 30_000n + 10_000n);
    expect(ours?.inboundMsat).toBe((90_000n - theirs.capacitySat / 100n) * 1000n);
    await assertFundingUnspent(stand, theirs.channelPoint);
  });

  it('closes by consent, and the money is on chain again', async () => {
    await closeChannels(stand, device);
    await assertNoForceClose(stand);
    expect((await stand.lnd.closedChannels()).map((each) => each.closeType)).toEqual(['COOPERATIVE_CLOSE']);
    const balances = await device.wallet.balances();
    expect(balances).toMatchObject({ lightningMsat: 0n, closingSat: 0n });
    expect(balances.onchainSpendableSat).toBeGreaterThan(900_000n);
  });

  it('accepts a channel that lnd opens, and pays from what it was given', async () => {
    await acceptChannel(stand, device);
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 20_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    await closeChannels(stand, device);
    await assertNoForceClose(stand);
  });

  it('finds the coins again on another device with the words alone', async () => {
    await fund(stand, device, 200_000n);
    const before = await device.wallet.balances();
    const other = await Device.start(stand, { mnemonic: device.mnemonic });
    try {
      await other.wallet.sync();
      expect((await other.wallet.balances()).totalSat).toBe(before.totalSat);
      expect((await other.wallet.info()).nodeId).toBe((await device.wallet.info()).nodeId);
    } finally {
      await other.off();
    }
  });
});
