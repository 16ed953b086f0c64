// Owns the proof that a browser killed in the middle of anything loses neither a channel nor a payment: lnd and the chain are asked after each return.
import { expect, type Page } from '@playwright/test';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { channelsWith, expectChannelsWhole, heldInvoice, paymentHashOf } from './support/judge.js';
import { createWallet, unlock } from './support/onboarding.js';
import { Profile } from './support/profile.js';
import { goTo, satText, t } from './support/screen.js';
import {
  catchUpTimeoutMs,
  channelRows,
  confirmPayment,
  expectAgreed,
  expectReady,
  fillChannel,
  fundWallet,
  paymentStatus,
  requestPayment,
  walletNodeId
} from './support/steps.js';
import { test } from './support/world.js';

const channelSat = 500_000n;

test.describe.configure({ mode: 'serial' });

test.describe('a browser killed by SIGKILL', () => {
  let profile: Profile;
  let page: Page;
  let nodeId: string;

  test.beforeAll(async ({ stand, appUrl }) => {
    profile = await Profile.create(appUrl);
    page = await profile.launch();
    await createWallet(page);
    await fundWallet(stand, page, 2_000_000n);
    nodeId = await walletNodeId(page);
  });
  test.afterAll(() => profile.remove());

  /** What happens meanwhile happens while the wallet is dead. */
  async function killAndReturn(meanwhile?: () => Promise<unknown>): Promise<void> {
    await profile.kill();
    await meanwhile?.();
    page = await profile.launch();
    await page.goto('/');
    await unlock(page);
  }

  test('while a channel opens keeps it, or both sides never had it', async ({ stand }) => {
    // As soon as lnd knows of the channel: the funding is being signed or broadcast.
    await agreeToChannel(page, stand);
    await waitFor(async () => (await stand.lnd.pendingChannels()).some((channel) => channel.nodeId === nodeId), {
      what: 'lnd to know of the channel',
      intervalMs: 5
    });
    await killAndReturn();
    await goTo(page, 'channels');
    if (await isFunded(stand)) {
      // The wallet has it, so its funding must reach the network.
      await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toEqual([]);
    } else {
      await expect(channelRows(page)).toHaveCount(0);
      await agreeToChannel(page, stand);
      await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toEqual([]);
    }

    // Once more while the funding waits to be confirmed.
    await killAndReturn();
    await stand.mine(6);
    await expectReady(page);
    await stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
    expect(await channelsWith(stand, nodeId)).toHaveLength(1);
    await expectChannelsWhole(stand, nodeId);
  });

  test('while lnd holds its payment finds the payment settled', async ({ stand }) => {
    const { bolt11, paymentHash, preimage } = await heldInvoice(stand, 100_000_000n, 'held');
    await confirmPayment(page, bolt11, 100_000n);
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    // The wallet hears of it when it comes back.
    await killAndReturn(() => stand.lnd.settleInvoice(preimage));
    await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
    await expect.poll(() => paymentStatus(page, 'held'), { timeout: catchUpTimeoutMs }).toBe(t('payment.succeeded'));
    await expectChannelsWhole(stand, nodeId);
  });

  test('at the moment it agrees to pay ends with the same outcome as lnd', async ({ stand }) => {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 20_000_000n, memo: 'at once' });
    await confirmPayment(page, bolt11, 20_000n);
    await killAndReturn();
    await stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
    await expect
      .poll(() => paymentStatus(page, 'at once'), { timeout: catchUpTimeoutMs })
      .not.toBe(t('payment.pending'));
    const isPaid = (await paymentStatus(page, 'at once')) === t('payment.succeeded');
    expect((await stand.lnd.lookupInvoice(paymentHash)).state === 'SETTLED').toBe(isPaid);
    await expectChannelsWhole(stand, nodeId);
  });

  test('while lnd pays it ends with the same outcome as lnd', async ({ stand }) => {
    const bolt11 = await requestPayment(page, 10_000n, 'from lnd');
    const paymentHash = await paymentHashOf(stand, bolt11);
    const paying = stand.lnd.payInvoice({ bolt11, timeoutS: 120 }).then(
      () => true,
      () => false
    );
    await waitFor(async () => (await channelsWith(stand, nodeId)).some((channel) => channel.pendingHtlcs > 0), {
      what: 'the HTLC to be on its way',
      intervalMs: 5,
      timeoutMs: 10_000
    }).catch(() => undefined);
    // Missed between two looks, it was settled at once: then this is a kill right after the payment, and must hold too.
    await killAndReturn();
    await stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
    const isPaid = await paying;
    const expected = isPaid ? t('payment.succeeded') : undefined;
    await expect.poll(() => paymentStatus(page, 'from lnd'), { timeout: catchUpTimeoutMs }).toBe(expected);
    const payment = (await stand.lnd.listPayments()).find((each) => each.paymentHash === paymentHash);
    expect(payment?.status === 'SUCCEEDED').toBe(isPaid);
    await expectChannelsWhole(stand, nodeId);
  });

  test('four times is still in a channel that both sides count alike', async ({ stand }) => {
    await expectAgreed(stand, page, nodeId);
  });

  /** Agrees to the channel without waiting for anything. */
  async function agreeToChannel(on: Page, stand: Stand): Promise<void> {
    await fillChannel(on, stand.lnd.nodeUri, channelSat);
    await on.getByRole('button', { name: t('open.submit'), exact: true }).click();
    await on.getByRole('button', { name: t('open.confirm', { amount: satText(channelSat) }), exact: true }).click();
  }

  /** Whether the wallet has a channel whose funding it must see through. */
  async function isFunded(stand: Stand): Promise<boolean> {
    const loading = page.getByText(t('channels.loading'), { exact: true });
    await expect(loading).toHaveCount(0);
    return (await channelRows(page).count()) > 0 || (await stand.chain.mempool()).length > 0;
  }
});
