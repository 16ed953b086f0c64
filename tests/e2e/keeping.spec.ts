// Owns the proof that the browser is asked to keep the wallet, and the device to stay awake while a payment is on its way.
import { expect, type Page } from '@playwright/test';
import { d } from '../../src/lib/wallet/words/device.js';
import { heldInvoice } from './support/judge.js';
import { password, submitUnlock } from './support/onboarding.js';
import { button, goTo, heading, satText, t, visit } from './support/screen.js';
import { confirmPayment } from './support/steps.js';
import { test } from './support/world.js';

test('a wallet with a channel and no backup warns while the browser may delete it, and asks it not to', async ({
  spender: { page },
  appUrl
}) => {
  await visit(page, '/');
  await expect(page.getByText(d('storage_notice_title'), { exact: true })).toBeVisible();
  await visit(page, '/settings');
  // It was asked when the wallet was created.
  await expect(page.getByText(d('storage_refused'), { exact: true })).toBeVisible();

  await grantDurableStorage(page, appUrl);
  await page.getByRole('button', { name: d('storage_keep'), exact: true }).click();
  await expect(page.getByText(d('storage_kept'), { exact: true })).toBeVisible();
  expect(await page.evaluate(() => navigator.storage.persisted())).toBe(true);
  await goTo(page, 'home');
  await expect(page.getByText(d('storage_notice_title'), { exact: true })).toHaveCount(0);
});

test('while a payment is on its way the screen stays on and leaving is asked about, and neither afterwards', async ({
  spender: { page },
  stand
}) => {
  await watchWakeLocks(page);
  const held = await heldInvoice(stand, 20_000_000n, 'held');
  await confirmPayment(page, held.bolt11, 20_000n);
  await stand.lnd.awaitInvoice(held.paymentHash, 'ACCEPTED');
  await expect.poll(() => heldWakeLocks(page)).toBe(1);
  expect(await leavingIsAskedAbout(page)).toBe(true);

  await stand.lnd.settleInvoice(held.preimage);
  await expect(heading(page, t('send.sent', { amount: satText(20_000n) }))).toBeVisible();
  await expect.poll(() => heldWakeLocks(page)).toBe(0);
  expect(await leavingIsAskedAbout(page)).toBe(false);
});

test('a text shared from another app is read as far as the payment in it, behind the lock too', async ({
  spender: { page },
  stand
}) => {
  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 7_000_000n, memo: 'shared' });
  const text = `Lunch was 7,000 sat: lightning:${bolt11} Thank you!`;
  await page.goto(`/send?${new URLSearchParams({ text }).toString()}`);
  await submitUnlock(page, password);
  await expect(heading(page, t('send.review_title'))).toBeVisible({ timeout: 60_000 });
  await expect(button(page, 'app.continue')).toHaveCount(0);
  await expect(
    page.getByRole('button', { name: t('send.confirm', { amount: satText(7_000n) }), exact: true })
  ).toBeVisible();
  expect(new URL(page.url()).search).toBe('');
  await goTo(page, 'home');
});

/** Answers for the user that this site's storage is to be kept. */
async function grantDurableStorage(page: Page, origin: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { browserContextId } = (await session.send('Target.getTargetInfo')).targetInfo;
  const permission = { name: 'persistent-storage' };
  await session.send('Browser.setPermission', { permission, setting: 'granted', origin, browserContextId });
}

async function watchWakeLocks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const counter = globalThis as unknown as { heldWakeLocks: number };
    counter.heldWakeLocks = 0;
    const request = navigator.wakeLock.request.bind(navigator.wakeLock);
    navigator.wakeLock.request = async (type) => {
      const sentinel = await request(type);
      counter.heldWakeLocks += 1;
      sentinel.addEventListener('release', () => (counter.heldWakeLocks -= 1));
      return sentinel;
    };
  });
}

function heldWakeLocks(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { heldWakeLocks: number }).heldWakeLocks);
}

/** What the browser would do if the tab were closed; it is not. */
function leavingIsAskedAbout(page: Page): Promise<boolean> {
  return page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
}
