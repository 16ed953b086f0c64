// Owns the proof that a disk that is full in the middle of a payment or at a start costs nothing: the wallet says so and what to do, and lnd agrees with it on every payment once there is room.
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { BackupHome } from './support/backup-home.js';
import { expectBackup, payLnd } from './support/backup.js';
import { FullableDisk } from './support/full-disk.js';
import { expectChannelsWhole, heldInvoice } from './support/judge.js';
import { expectAccessible } from './support/looks.js';
import { createWallet, password, submitUnlock } from './support/onboarding.js';
import { button, expectError, heading, satText, t } from './support/screen.js';
import {
  catchUpTimeoutMs,
  confirmPayment,
  expectAgreed,
  fundWallet,
  openChannel,
  payInvoice,
  paymentStatus,
  walletNodeId
} from './support/steps.js';
import { freshContext, test } from './support/world.js';

test.describe.configure({ mode: 'serial' });

test.describe('a disk that is full', () => {
  let context: BrowserContext;
  let disk: FullableDisk;
  let page: Page;
  let nodeId: string;

  test.beforeAll(async ({ browser, stand, appUrl }) => {
    test.setTimeout(180_000);
    context = await freshContext(browser, appUrl);
    disk = await FullableDisk.prepare(context, appUrl);
    page = await context.newPage();
    // It asks before it leaves a payment on its way.
    page.on('dialog', (dialog) => void dialog.accept());
    await createWallet(page);
    await fundWallet(stand, page, 1_000_000n);
    nodeId = await walletNodeId(page);
    await openChannel(stand, page, 500_000n);
    await payLnd(stand, page, 100_000n, 'while there was room');
  });
  test.afterAll(() => context.close());

  test('holds back a payment just agreed to, says why on that screen, and sends it by itself once there is room', async ({
    stand
  }) => {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 10_000_000n, memo: 'patient' });
    await disk.fill();
    await confirmPayment(page, bolt11, 10_000n);
    await expectError(page, 'storage_full');
    expect((await stand.lnd.lookupInvoice(paymentHash)).state).toBe('OPEN');
    await expectAccessible(page, 'a payment that waits for room on the disk');
    await disk.makeRoom();
    await expect(heading(page, t('send.sent', { amount: satText(10_000n) }))).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
    expect(await stand.lnd.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 10_000_000n });
    await expectAgreed(stand, page, nodeId);
  });

  test('forgets a payment that was never stored when the wallet is closed, and then pays it once', async ({
    stand
  }) => {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 11_000_000n, memo: 'given up' });
    await disk.fill();
    await confirmPayment(page, bolt11, 11_000n);
    await expectError(page, 'storage_full');
    await reopen();
    await expectAgreed(stand, page, nodeId);
    expect(await paymentStatus(page, 'given up')).toBeUndefined();
    expect((await stand.lnd.lookupInvoice(paymentHash)).state).toBe('OPEN');
    await payInvoice(page, bolt11, 11_000n);
    expect(await stand.lnd.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 11_000_000n });
    await expectAgreed(stand, page, nodeId);
    await expectChannelsWhole(stand, nodeId);
  });

  test('keeps no payment from settling that lnd held before it was full', async ({ stand }) => {
    const { bolt11, paymentHash, preimage } = await heldInvoice(stand, 12_000_000n, 'held meanwhile');
    await confirmPayment(page, bolt11, 12_000n);
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    await disk.fill();
    await stand.lnd.settleInvoice(preimage);
    await expectError(page, 'storage_full');
    await reopen();
    await expect
      .poll(() => paymentStatus(page, 'held meanwhile'), { timeout: catchUpTimeoutMs })
      .toBe(t('payment.succeeded'));
    expect(await stand.lnd.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 12_000_000n });
    await expectAgreed(stand, page, nodeId);
    await expectChannelsWhole(stand, nodeId);
  });

  /** Closes the wallet and opens it while the disk is still full; then there is room. */
  async function reopen(): Promise<void> {
    await page.reload();
    await submitUnlock(page, password);
    await expect(button(page, 'nav.lock')).toBeVisible();
    await disk.makeRoom();
    await expect(page.getByRole('alert')).toHaveCount(0, { timeout: catchUpTimeoutMs });
  }
});

test('a wallet with a backup that finds the disk full is refused with what to do, and opens when unlocked once there is room', async ({
  browser,
  stand
}) => {
  const home = await BackupHome.start(stand);
  try {
    const page = await home.open(browser);
    const disk = await FullableDisk.prepare(page.context(), home.url);
    await createWallet(page);
    await expectBackup(page, 'up_to_date');
    await disk.fill();
    await page.reload();
    await submitUnlock(page, password);
    await expectError(page, 'storage_full');
    // It does not wait behind this screen: room alone changes nothing.
    await expect(button(page, 'unlock.submit')).toBeEnabled();
    await expectAccessible(page, 'a start that was refused on a full disk');
    await disk.makeRoom();
    await submitUnlock(page, password);
    await expect(button(page, 'nav.lock')).toBeVisible();
    await expectBackup(page, 'up_to_date');
    await expect(page.getByRole('alert')).toHaveCount(0);
  } finally {
    await home.stop();
  }
});
