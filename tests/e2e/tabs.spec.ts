// Owns the proof that a wallet runs in one tab at a time, and that a second one can take it over safely.
import { expect, type Page } from '@playwright/test';
import { createWallet, unlock } from './support/onboarding.js';
import { button, heading, t } from './support/screen.js';
import { totalSat, walletNodeId } from './support/steps.js';
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

/** It says so, and runs nothing. */
async function expectElsewhere(page: Page): Promise<void> {
  await expect(heading(page, t('elsewhere.title'))).toBeVisible();
  await expect(button(page, 'elsewhere.switch')).toBeVisible();
  await expect.poll(() => page.workers().length).toBe(0);
}
