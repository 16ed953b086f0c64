// Owns the playground as a newcomer lives it: coins, a channel, buying and selling, all with the mouse, and the shop's pages judged by its own answers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { startServer, type RunningServer } from '../../src/server/server.js';
import { startPlayground, type Playground } from '../regtest/playground.js';
import { collectComplaints, type Complaints } from './support/complaints.js';
import { expectAccessible } from './support/looks.js';
import { createWallet } from './support/onboarding.js';
import { button, goTo, heading, satText, t } from './support/screen.js';
import {
  catchUpTimeoutMs,
  expectReady,
  fillChannel,
  payInvoice,
  requestPayment,
  spendableSat,
  walletNodeId
} from './support/steps.js';

const builtApp = fileURLToPath(new URL('../../build', import.meta.url));
const faucetSat = 1_000_000n;
const channelSat = 500_000n;

test.describe.configure({ mode: 'serial' });

test.describe('the playground', () => {
  let dataDir: string;
  let playground: Playground;
  let server: RunningServer;
  let context: BrowserContext;
  let complaints: Complaints;
  let page: Page;
  let shop: Page;

  test.beforeAll(async ({ browser }) => {
    test.setTimeout(300_000);
    dataDir = await mkdtemp(path.join(tmpdir(), 'tern-playground-'));
    playground = await startPlayground({ dataDir, blockIntervalMs: 500 });
    const { esploraUrl, faucetUrl, shopUrl } = playground;
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      network: 'regtest',
      esploraUrl,
      staticDir: builtApp,
      allowInsecure: false,
      bridge: { allowPrivate: true },
      playground: { faucetUrl, shopUrl }
    });
    context = await browser.newContext({ baseURL: server.url, viewport: { width: 1280, height: 800 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: shopUrl });
    complaints = await collectComplaints(context);
    page = await context.newPage();
  });
  test.afterAll(async () => {
    await context?.close();
    await server?.close();
    await playground?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('gives coins at the press of a button', async () => {
    await createWallet(page);
    const amount = faucetSat.toLocaleString('en');
    await page.getByRole('button', { name: t('playground.get_coins', { amount }), exact: true }).click();
    await expect.poll(() => spendableSat(page), { timeout: catchUpTimeoutMs }).toBe(faucetSat);
  });

  test('leads to the shop, whose pages anybody can use', async ({ browser }) => {
    const opening = context.waitForEvent('page');
    await page.getByRole('link', { name: t('playground.shop') }).click();
    shop = await opening;
    await expect(heading(shop, 'The Tern Shop')).toBeVisible();
    expect(new URL(shop.url()).origin).toBe(playground.shopUrl);
    await expectPageAccessible(browser, shop.url());
  });

  test('opens a channel to the address the shop shows, which confirms by itself', async () => {
    await shop.getByRole('button', { name: 'Copy the address' }).click();
    await expect(shop.getByRole('button', { name: 'Copied' })).toBeVisible();
    const nodeUri = await shop.evaluate(() => navigator.clipboard.readText());
    expect(nodeUri).toBe(playground.shopNodeUri);
    await page.bringToFront();
    await fillChannel(page, nodeUri, channelSat);
    await button(page, 'open.submit').click();
    await page.getByRole('button', { name: t('open.confirm', { amount: satText(channelSat) }), exact: true }).click();
    await expectReady(page);
  });

  test('sells: the invoice is copied, paid in the wallet, and shown as paid without a reload', async ({ browser }) => {
    await shop.bringToFront();
    await shop.getByRole('button', { name: 'Buy Binoculars for 150,000 sat' }).press('Enter');
    await expect(heading(shop, 'Binoculars')).toBeVisible();
    await expect(shop.getByRole('img', { name: 'The invoice as a QR code' })).toBeVisible();
    await expectPageAccessible(browser, shop.url());
    await shop.getByRole('button', { name: 'Copy the invoice' }).click();
    await expect(shop.getByRole('button', { name: 'Copied' })).toBeVisible();
    const bolt11 = await shop.evaluate(() => navigator.clipboard.readText());
    await expect(shop.getByRole('link', { name: 'Open in a wallet' })).toHaveAttribute('href', `lightning:${bolt11}`);
    await payInvoice(page, bolt11, 150_000n);
    await expect(shop.getByRole('status')).toHaveText('Paid. Thank you!');
    await expect(shop.getByRole('img', { name: 'The invoice as a QR code' })).toBeHidden();
  });

  test('buys back, and says why where it does not', async () => {
    const bolt11 = await requestPayment(page, 20_000n, 'sold back');
    await shop.getByRole('link', { name: 'Back to the shop' }).click();
    await shop.getByLabel('Your invoice').fill('nonsense');
    await shop.getByRole('button', { name: 'Be paid' }).click();
    await expect(shop.getByRole('alert')).toContainText('invalid_invoice');
    await expect(shop.getByLabel('Your invoice')).toHaveValue('nonsense');
    await expect(shop.getByLabel('Your invoice')).toBeFocused();
    await shop.getByLabel('Your invoice').fill(bolt11);
    await shop.getByRole('button', { name: 'Be paid' }).click();
    await expect(shop.getByRole('status')).toHaveText('Your invoice is paid.');
    await expect(heading(page, t('receive.paid', { amount: satText(20_000n) }))).toBeVisible();
  });

  test('opens a channel to the wallet, which lists it', async () => {
    const nodeId = await walletNodeId(page);
    await shop.getByRole('link', { name: 'Back to the shop' }).click();
    await shop.getByLabel('Your node ID').fill(nodeId);
    await shop.getByLabel('Capacity in sat').fill('300000');
    await shop.getByRole('button', { name: 'Open it' }).click();
    await expect(shop.getByRole('status')).toHaveText('The channel is ready.', { timeout: catchUpTimeoutMs });
    await goTo(page, 'channels');
    const ready = page.getByRole('list', { name: t('channels.list') }).getByText(t('channels.state_ready'));
    await expect(ready).toHaveCount(2, { timeout: catchUpTimeoutMs });
  });

  test('breaks no content security policy on the way', () => {
    expect(complaints).toEqual([]);
  });

  test('stands on a home that anybody can use', async () => {
    await goTo(page, 'home');
    await expect(page.getByRole('heading', { name: t('playground.title'), exact: true })).toBeVisible();
    await expectAccessible(page, 'home, with the playground');
  });
});

/** In a context of its own: axe itself breaks the content security policy. */
async function expectPageAccessible(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(url);
  await expectAccessible(page, url);
  await page.close();
}
