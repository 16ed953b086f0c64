// Owns the proof that a backup server that goes away costs nothing: the wallet says so, holds or goes on as its mode says, and catches up without a click.
import { expect, type Page } from '@playwright/test';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import { b } from '../../src/lib/wallet/words/backup.js';
import { BackupHome } from './support/backup-home.js';
import { expectBackup, expectUsableChannels, payLnd, receiveFromLnd } from './support/backup.js';
import { expectChannelsWhole } from './support/judge.js';
import { password, submitUnlock, unlock } from './support/onboarding.js';
import { button, expectError, goTo, heading, t, visit } from './support/screen.js';
import { createSpender } from './support/spender.js';
import {
  catchUpTimeoutMs,
  confirmPayment,
  confirmReviewed,
  enterPayment,
  expectAgreed,
  paymentStatus
} from './support/steps.js';
import { test } from './support/world.js';

const vssPaths = '**/vss/**';

test.describe.configure({ mode: 'serial' });

test.describe('a wallet whose backup server goes away', () => {
  let home: BackupHome;
  let page: Page;
  let nodeId: string;

  test.beforeAll(async ({ browser, stand }) => {
    test.setTimeout(180_000);
    home = await BackupHome.start(stand);
    page = await home.open(browser);
    ({ nodeId } = await createSpender(stand, page));
    await expectBackup(page, 'up_to_date');
  });
  test.afterAll(() => home.stop());

  test('holds a payment back and refuses the next; both go through by themselves, or when asked again, once it is back', async ({
    stand
  }) => {
    await expectAgreed(stand, page, nodeId);
    await visit(page, '/settings/backup');
    await page.getByRole('button', { name: b('now'), exact: true }).click();
    await expect(page.getByText(b('now_done'), { exact: true })).toBeVisible();
    const held = await stand.lnd.addInvoice({ amountMsat: 10_000_000n, memo: 'held back' });
    await enterPayment(page, held.bolt11);
    await expect(heading(page, t('send.review_title'))).toBeVisible();
    // Only now: with changes that wait already the payment would be refused.
    await goAway();
    await confirmReviewed(page, 10_000n);
    await expectBackup(page, 'paused');
    expect((await stand.lnd.lookupInvoice(held.paymentHash)).state).toBe('OPEN');
    const refused = await stand.lnd.addInvoice({ amountMsat: 5_000_000n, memo: 'refused' });
    await confirmPayment(page, refused.bolt11, 5_000n);
    await expectError(page, 'payments_paused');
    await goTo(page, 'home');
    await expect(page.getByText(b('paused_title'), { exact: true })).toBeVisible();

    await comeBack();
    await stand.lnd.awaitInvoice(held.paymentHash, 'SETTLED', catchUpTimeoutMs);
    await expectBackup(page, 'up_to_date');
    await expect(page.getByText(b('paused_title'), { exact: true })).toHaveCount(0);
    expect((await stand.lnd.lookupInvoice(refused.paymentHash)).state).toBe('OPEN');
    await payLnd(stand, page, 5_000n, 'after all');
    await expectChannelsWhole(stand, nodeId);
  });

  test('waits with the start, says so, and opens by itself once it is back', async ({ stand }) => {
    await page.reload();
    await goAway();
    await submitUnlock(page, password);
    await expect(page.getByText(errorWords.backup_unavailable.title, { exact: true })).toBeVisible();
    await expect(page.getByText(b('start_waits'), { exact: true })).toBeVisible();
    await comeBack();
    await expect(button(page, 'nav.lock')).toBeVisible({ timeout: catchUpTimeoutMs });
    await expectUsableChannels(page, 1);
    await payLnd(stand, page, 5_000n, 'in the end');
    await expectBackup(page, 'up_to_date');
  });

  test('starts without it when told to, pays, says how far behind it is, and catches up by itself', async ({
    stand
  }) => {
    await page.reload();
    await goAway();
    await submitUnlock(page, password);
    await page.getByRole('button', { name: b('go_on'), exact: true }).click();
    await expect(button(page, 'nav.lock')).toBeVisible({ timeout: catchUpTimeoutMs });
    await expectUsableChannels(page, 1);
    await expectBackup(page, 'behind');
    await payLnd(stand, page, 10_000n, 'ahead of the backup');
    await receiveFromLnd(stand, page, 5_000n, 'also ahead');
    await expect(page.getByTestId('backup-indicator')).toHaveAccessibleName(/\d+ changes? behind since /);

    await comeBack();
    await expectBackup(page, 'up_to_date');
    await visit(page, '/settings/backup');
    await page.getByRole('button', { name: b('verify'), exact: true }).click();
    await expect(page.getByText(b('verify_good'), { exact: true })).toBeVisible();
    await page.reload();
    await unlock(page);
    expect(await paymentStatus(page, 'ahead of the backup')).toBe(t('payment.succeeded'));
    await expectChannelsWhole(stand, nodeId);
  });

  async function goAway(): Promise<void> {
    await page.context().route(vssPaths, (route) => route.abort('connectionrefused'));
  }

  function comeBack(): Promise<void> {
    return page.context().unroute(vssPaths);
  }
});
