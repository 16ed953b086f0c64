// Owns the first story as a user lives it, in the built app: each step is judged by what lnd and the chain say afterwards.
import { expect, type BrowserContext, type Page } from '@playwright/test';
import type { LndChannel } from '../regtest/lnd.js';
import { assertFundingUnspent } from '../story/steps.js';
import { collectComplaints, type Complaints } from './support/complaints.js';
import { expectBackup, watchVssRequests } from './support/backup.js';
import {
  channelsWith,
  expectChannelsWhole,
  feeSat,
  heldInvoice,
  lndPaymentStatus,
  paymentHashOf
} from './support/judge.js';
import { createWallet, unlock } from './support/onboarding.js';
import { goTo, heading, satText, t } from './support/screen.js';
import {
  catchUpTimeoutMs,
  channelRows,
  confirmPayment,
  expectReady,
  openChannel,
  payInvoice,
  paymentStatus,
  pendingSat,
  requestClosing,
  requestPayment,
  shownAddress,
  spendableSat,
  totalSat,
  walletNodeId
} from './support/steps.js';
import { freshContext, test } from './support/world.js';

const fundedSat = 2_000_000n;
const channelSat = 1_000_000n;

test.describe.configure({ mode: 'serial' });

test.describe('a wallet in the browser, against btcd and lnd', () => {
  let context: BrowserContext;
  let page: Page;
  let complaints: Complaints;
  let vssRequests: readonly string[];
  let nodeId: string;
  let channel: LndChannel;

  test.beforeAll(async ({ browser, appUrl }) => {
    context = await freshContext(browser, appUrl);
    complaints = await collectComplaints(context);
    vssRequests = watchVssRequests(context);
    page = await context.newPage();
  });
  test.afterAll(() => context.close());

  test('is created with twelve words that are checked, and starts empty', async () => {
    const words = await createWallet(page);
    expect(words).toHaveLength(12);
    expect(await totalSat(page)).toBe(0n);
    await expect(page.getByText(t('words.reminder_title'), { exact: true })).toHaveCount(0);
  });

  test('shows a payment to its address as pending, and as spendable once it is in a block', async ({ stand }) => {
    const address = await shownAddress(page);
    const txid = await stand.chain.fund(address, fundedSat);
    await expect(heading(page, t('receive.seen', { amount: satText(fundedSat) }))).toBeVisible();
    expect(await stand.chain.mempool()).toContain(txid);
    await goTo(page, 'home');
    await expect.poll(() => pendingSat(page)).toBe(fundedSat);
    expect(await spendableSat(page)).toBe(0n);

    await stand.mine(1);
    await expect.poll(() => spendableSat(page)).toBe(fundedSat);
    expect(await pendingSat(page)).toBe(0n);
  });

  test('opens a channel to lnd through the bridge, which lnd lists as active', async ({ stand }) => {
    nodeId = await walletNodeId(page);
    expect(await channelsWith(stand, nodeId)).toEqual([]);
    channel = await openChannel(stand, page, channelSat);
    expect(channel).toMatchObject({ isActive: true, isPrivate: true, isInitiator: false, capacitySat: channelSat });
    expect(channel.commitmentType).toBe('ANCHORS');
    expect((await stand.lnd.pendingChannels()).filter((pending) => pending.nodeId === nodeId)).toEqual([]);
    await assertFundingUnspent(stand, channel.channelPoint);
  });

  test('pays an invoice, which lnd calls settled', async ({ stand }) => {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 300_000_000n, memo: 'tea' });
    await payInvoice(page, bolt11, 300_000n);
    expect(await stand.lnd.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 300_000_000n });
    expect(await paymentStatus(page, 'tea')).toBe(t('payment.succeeded'));
    await expectChannelsWhole(stand, nodeId);
  });

  test('is paid by lnd, whose payment succeeded', async ({ stand }) => {
    const bolt11 = await requestPayment(page, 50_000n, 'cake');
    const payment = await stand.lnd.payInvoice({ bolt11 });
    expect(payment).toMatchObject({ status: 'SUCCEEDED', amountMsat: 50_000_000n });
    expect(payment.paymentHash).toBe(await paymentHashOf(stand, bolt11));
    await expect(heading(page, t('receive.paid', { amount: satText(50_000n) }))).toBeVisible();
    expect(await paymentStatus(page, 'cake')).toBe(t('payment.succeeded'));
  });

  test('is reloaded in the middle of a payment, is unlocked, and the payment settles', async ({ stand }) => {
    const { bolt11, paymentHash, preimage } = await heldInvoice(stand, 30_000_000n, 'held');
    await confirmPayment(page, bolt11, 30_000n);
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    await page.reload();
    await unlock(page);
    expect(await paymentStatus(page, 'held')).toBe(t('payment.pending'));
    await stand.lnd.settleInvoice(preimage);
    await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
    await expect.poll(() => paymentStatus(page, 'held'), { timeout: catchUpTimeoutMs }).toBe(t('payment.succeeded'));
    await expectChannelsWhole(stand, nodeId);
  });

  test('finds lnd again after lnd was restarted, and pays', async ({ stand }) => {
    await stand.lnd.restart();
    await stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
    await expectReady(page);
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 10_000_000n, memo: 'again' });
    await payInvoice(page, bolt11, 10_000n);
    expect(await stand.lnd.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 10_000_000n });
    const paidByLnd = await requestPayment(page, 5_000n, 'back again');
    await stand.lnd.payInvoice({ bolt11: paidByLnd });
    expect(await lndPaymentStatus(stand, await paymentHashOf(stand, paidByLnd))).toBe('SUCCEEDED');
  });

  test('agrees with lnd on whose money is whose', async ({ stand }) => {
    await expect.poll(async () => (await channelsWith(stand, nodeId))[0]?.pendingHtlcs).toBe(0);
    const [theirs] = await channelsWith(stand, nodeId);
    expect(theirs?.localBalanceSat).toBe(300_000n - 50_000n + 30_000n + 10_000n - 5_000n);
    await expectChannelsWhole(stand, nodeId);
  });

  test('closes the channel by consent, and the money is on chain again', async ({ stand }) => {
    await requestClosing(page);
    await expect.poll(() => stand.chain.mempool()).not.toEqual([]);
    const pending = (await stand.lnd.pendingChannels()).filter((each) => each.nodeId === nodeId);
    expect(pending).toMatchObject([{ channelPoint: channel.channelPoint, state: 'waiting_close' }]);
    // Counted from now on, and once.
    const [fundingTxid = ''] = channel.channelPoint.split(':');
    const [closingTxid = ''] = await stand.chain.mempool();
    const feesSat = (await feeSat(stand, fundingTxid)) + (await feeSat(stand, closingTxid));
    await expect.poll(() => totalSat(page)).toBe(fundedSat - 285_000n - feesSat);
    await stand.mine(6);
    const closed = await stand.lnd.awaitClosed(channel.channelPoint);
    expect(closed).toMatchObject({ closeType: 'COOPERATIVE_CLOSE', settledSat: 285_000n });
    expect(await channelsWith(stand, nodeId)).toEqual([]);

    await goTo(page, 'channels');
    await expect(channelRows(page)).toHaveCount(0);
    await goTo(page, 'home');
    await expect.poll(async () => (await spendableSat(page)) === (await totalSat(page))).toBe(true);
    expect(closed.closingTxid).toBe(closingTxid);
    expect(await totalSat(page)).toBe(fundedSat - closed.settledSat - feesSat);
  });

  test('has no backup, says so, and made not one request to a VSS server', async () => {
    await expectBackup(page, 'off');
    expect(vssRequests).toEqual([]);
  });

  test('was served under a policy that nothing in it ever broke', () => {
    expect(complaints).toEqual([]);
  });
});
