// Owns the proof that a wallet runs in one tab at a time, and that a second one can take it over safely.
import { expect, type Page } from '@playwright/test';
import { payLnd } from './support/backup.js';
import { channelsWith, expectChannelsWhole, heldInvoice } from './support/judge.js';
import { createWallet, unlock } from './support/onboarding.js';
import { button, heading, t } from './support/screen.js';
import { confirmPayment, expectAgreed, paymentStatus, totalSat, walletNodeId } from './support/steps.js';
import { freshContext, test } from './support/world.js';

test('a second tab says that the wallet runs elsewhere, takes it over when asked, and the first stops', async ({
  browser,
  appUrl
}) => {
  const context = await freshContext(browser, appUrl);
  const first = await context.newPage();
  await createWallet(first);
  const nodeId = await walletNodeId(first);

  const second = await context.newPage();
  await second.goto('/');
  await expectElsewhere(second);
  // Being asked about has not disturbed the first.
  expect(await totalSat(first)).toBe(0n);
  expect(first.workers()).toHaveLength(1);

  await button(second, 'elsewhere.switch').click();
  await unlock(second);
  expect(await walletNodeId(second)).toBe(nodeId);
  await expectElsewhere(first);

  // A reload does not bring the first back while the second runs, and the way back is the same.
  await first.reload();
  await expectElsewhere(first);
  await button(first, 'elsewhere.switch').click();
  await unlock(first);
  await expectElsewhere(second);
  await context.close();
});

test('a tab takes the wallet over from one that was closed, without a question', async ({ browser, appUrl }) => {
  const context = await freshContext(browser, appUrl);
  const first = await context.newPage();
  await createWallet(first);
  await first.close();
  const second = await context.newPage();
  await second.goto('/');
  await unlock(second);
  await context.close();
});

test('a tab takes the wallet over while lnd holds its payment: it settles once, there, and only there a node runs', async ({
  spender: { page: first, nodeId },
  stand
}) => {
  const { bolt11, paymentHash, preimage } = await heldInvoice(stand, 30_000_000n, 'from the first tab');
  await confirmPayment(first, bolt11, 30_000n);
  await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
  const second = await first.context().newPage();
  await second.goto('/');
  await expectElsewhere(second);
  expect(first.workers()).toHaveLength(1);
  expect((await channelsWith(stand, nodeId))[0]).toMatchObject({ isActive: true, pendingHtlcs: 1 });

  await button(second, 'elsewhere.switch').click();
  await unlock(second);
  await expectElsewhere(first);
  expect(second.workers()).toHaveLength(1);
  expect(await paymentStatus(second, 'from the first tab')).toBe(t('payment.pending'));
  await stand.lnd.settleInvoice(preimage);
  await expect.poll(() => paymentStatus(second, 'from the first tab')).toBe(t('payment.succeeded'));
  expect(await stand.lnd.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 30_000_000n });
  await payLnd(stand, second, 1_000n, 'from the second tab');
  await expectAgreed(stand, second, nodeId);
  await expectChannelsWhole(stand, nodeId);
  await expectElsewhere(first);

  await button(first, 'elsewhere.switch').click();
  await unlock(first);
  await expectElsewhere(second);
  await second.close();
  await expectAgreed(stand, first, nodeId);
});

test('a tab that is asked for the wallet while it still starts runs nothing afterwards', async ({
  browser,
  appUrl
}) => {
  const context = await freshContext(browser, appUrl);
  const first = await context.newPage();
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  const isAsked = new Promise<void>((resolve) => {
    void context.route('**/workers/main*.js', async (route) => {
      resolve();
      await held;
      await route.continue();
    });
  });
  await first.goto('/');
  await isAsked;
  const second = await context.newPage();
  await second.goto('/');
  await expectElsewhere(second);
  await button(second, 'elsewhere.switch').click();
  await expect(heading(first, t('elsewhere.title'))).toBeVisible();
  go();
  await expect(heading(second, t('welcome.title'))).toBeVisible();
  await expectElsewhere(first);
  await context.close();
});

/** It says so, and runs nothing. */
async function expectElsewhere(page: Page): Promise<void> {
  await expect(heading(page, t('elsewhere.title'))).toBeVisible();
  await expect(button(page, 'elsewhere.switch')).toBeVisible();
  await expect.poll(() => page.workers().length).toBe(0);
}
