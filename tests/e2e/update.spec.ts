// Owns the proof that a new version of the app waits: for a payment on its way, then for the user; and that the wallet goes on in it.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { expectChannelsWhole, heldInvoice } from './support/judge.js';
import { expectAccessible } from './support/looks.js';
import { createWallet, unlock } from './support/onboarding.js';
import { button, heading, satText, t } from './support/screen.js';
import {
  catchUpTimeoutMs,
  confirmPayment,
  enterPayment,
  expectReady,
  fundWallet,
  openChannel,
  paymentStatus,
  walletNodeId
} from './support/steps.js';
import { builtApp, freshContext, serveApp, test } from './support/world.js';

const mark = '<meta name="tern-test" content="later" />';
const lowWindows = [
  { width: 360, height: 480 },
  { width: 360, height: 640 },
  { width: 1280, height: 480 },
  { width: 1280, height: 720 }
];

test.describe('a new version of the app', () => {
  let laterApp: string;
  let context: BrowserContext;

  test.beforeAll(async () => {
    laterApp = await mkdtemp(path.join(tmpdir(), 'tern-later-'));
    await layLaterVersion(laterApp);
  });
  test.afterAll(() => rm(laterApp, { recursive: true, force: true }));
  test.afterEach(() => context.close());

  test('waits while the node runs and a payment is on its way, and starts when the user says so', async ({
    browser,
    stand
  }) => {
    const server = await serveApp(stand);
    context = await freshContext(browser, server.url);
    const page = await context.newPage();
    await createWallet(page);
    await fundWallet(stand, page, 1_000_000n);
    const nodeId = await walletNodeId(page);
    await openChannel(stand, page, 500_000n);
    // The first page of a new browser came without a service worker.
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await page.reload();
    await unlock(page);

    await expectReady(page);
    const { bolt11, paymentHash, preimage } = await heldInvoice(stand, 20_000_000n, 'held');
    await confirmPayment(page, bolt11, 20_000n);
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');

    // Only now, for the browser may look for a new version by itself.
    await server.close();
    const later = await serveApp(stand, undefined, { port: Number(new URL(server.url).port), staticDir: laterApp });
    await stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));

    await expect(page.getByText(t('update.later'), { exact: true })).toBeVisible();
    await expect(button(page, 'update.apply')).toBeDisabled();
    await expectAccessible(page, 'a new version that waits for a payment');
    await stand.lnd.settleInvoice(preimage);
    await expect(page.getByText(t('update.ready'), { exact: true })).toBeVisible({ timeout: catchUpTimeoutMs });
    await expect(button(page, 'update.apply')).toBeEnabled();
    expect(await versions(page)).toEqual({ waiting: 'installed', isLater: false });
    await expect(button(page, 'nav.lock')).toBeVisible();
    await expectAccessible(page, 'a new version that is ready');

    const next = await stand.lnd.addInvoice({ amountMsat: 3_000_000n, memo: 'next' });
    await enterPayment(page, next.bolt11);
    await expectNothingCovered(page, t('send.confirm', { amount: satText(3_000n) }));

    await button(page, 'update.apply').click();
    await expect(heading(page, t('unlock.title'))).toBeVisible();
    await expect.poll(() => versions(page)).toEqual({ waiting: undefined, isLater: true });
    await unlock(page);
    expect(await paymentStatus(page, 'held')).toBe(t('payment.succeeded'));
    await stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
    await expectChannelsWhole(stand, nodeId);
    await later.close();
  });
});

/** However low the window, the offer leaves the button that confirms a payment in reach, and is in reach itself. */
async function expectNothingCovered(page: Page, confirm: string): Promise<void> {
  const usual = page.viewportSize();
  for (const viewport of lowWindows) {
    await page.setViewportSize(viewport);
    await page.getByRole('button', { name: confirm, exact: true }).click({ trial: true, timeout: 5_000 });
    await button(page, 'update.apply').click({ trial: true, timeout: 5_000 });
    // A click scrolls out from under what covers it, so where both lie counts too.
    const [offer, asked] = [
      await placeOf(page.getByRole('status').filter({ has: button(page, 'update.apply') })),
      await placeOf(page.getByRole('button', { name: confirm, exact: true }))
    ];
    expect(asked.y + asked.height).toBeLessThanOrEqual(offer.y);
  }
  if (usual) await page.setViewportSize(usual);
}

async function placeOf(shown: Locator): Promise<{ y: number; height: number }> {
  const box = await shown.boundingBox();
  if (!box) throw new Error('it is not shown');
  return box;
}

/** The version that waits, and whether the page is of the later one. */
function versions(page: Page): Promise<{ waiting?: string; isLater: boolean }> {
  return page.evaluate(async () => ({
    waiting: (await navigator.serviceWorker.ready).waiting?.state,
    isLater: document.querySelector('meta[name="tern-test"]') !== null
  }));
}

/** The app as built, but for a mark in its shell and the version that its service worker bears. */
async function layLaterVersion(directory: string): Promise<void> {
  await cp(builtApp, directory, { recursive: true });
  const { version } = JSON.parse(await readFile(path.join(builtApp, '_app/version.json'), 'utf8')) as {
    version: string;
  };
  await change('service-worker.js', (text) => text.replaceAll(version, `${version}1`));
  await change('index.html', (text) => text.replace('<head>', `<head>${mark}`));

  async function change(name: string, how: (text: string) => string): Promise<void> {
    const before = await readFile(path.join(directory, name), 'utf8');
    const after = how(before);
    expect(after).not.toBe(before);
    await writeFile(path.join(directory, name), after);
  }
}
