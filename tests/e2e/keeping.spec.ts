// Owns the proof that the browser is asked to keep the wallet, and the device to stay awake while a payment is on its way.
import { expect, type Page } from '@playwright/test';
import { d } from '../../src/lib/wallet/words/device.js';
import { heldInvoice } from './support/judge.js';
import { unlock } from './support/onboarding.js';
import { goTo, heading, satText, t } from './support/screen.js';
import { confirmPayment } from './support/steps.js';
import { test } from './support/world.js';

test('a wallet with a channel and no backup warns while the browser may delete it, says whether it was asked not to, and what it answered', async ({
  spender: { page },
  appUrl
}) => {
  const notice = page.locator('main').getByText(d('storage_notice_title'), { exact: true });
  const card = page.getByText(d('storage_title'), { exact: true }).locator('..').getByRole('status');
  const keep = page.getByRole('button', { name: d('storage_keep'), exact: true });

  // It was asked when the wallet was created; this tab knows nothing of that after a reload.
  await page.reload();
  await unlock(page);
  await goTo(page, 'home');
  await expect(notice).toBeVisible();
  await expect(page.getByText(d('storage_notice_body'), { exact: true })).toBeVisible();
  await goTo(page, 'settings');
  await expect(card).toHaveText(d('storage_evictable'));

  await keep.click();
  await expect(card).toHaveText(d('storage_refused'));
  await goTo(page, 'home');
  await expect(notice).toBeVisible();
  await expect(page.getByText(d('storage_refused'), { exact: true })).toBeVisible();
  await expect(keep).toHaveCount(0);

  await grantDurableStorage(page, appUrl);
  await goTo(page, 'settings');
  await keep.click();
  await expect(card).toHaveText(d('storage_kept'));
  expect(await page.evaluate(() => navigator.storage.persisted())).toBe(true);
  await goTo(page, 'home');
  await expect(notice).toHaveCount(0);
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
