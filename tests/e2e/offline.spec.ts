// Owns the proof that a wallet with money needs no network to be looked at, begins nothing without one that would hang, says truly what has left, and goes on by itself within seconds.
import { expect, type Page } from '@playwright/test';
import { b } from '../../src/lib/wallet/words/backup.js';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import { BackupHome } from './support/backup-home.js';
import { expectBackup, expectUsableChannels, payLnd, receiveFromLnd } from './support/backup.js';
import { shownHistory, type HistoryEntry } from './support/history.js';
import { expectChannelsWhole } from './support/judge.js';
import { expectAccessible } from './support/looks.js';
import { password, submitUnlock } from './support/onboarding.js';
import { button, expectError, goTo, heading, satText, t } from './support/screen.js';
import { createSpender } from './support/spender.js';
import {
  catchUpTimeoutMs,
  channelRows,
  enterPayment,
  expectAgreed,
  fillChannel,
  shownAddress,
  totalSat
} from './support/steps.js';
import { test } from './support/world.js';

/** From the browser's word that it is online to a channel that can be used and a backup that has everything. */
const backWithinMs = 5_000;

test.describe.configure({ mode: 'serial' });

test.describe('a wallet with a channel and a backup, without any network', () => {
  let home: BackupHome;
  let page: Page;
  let nodeId: string;
  let history: HistoryEntry[];
  let ownSat: bigint;

  test.beforeAll(async ({ browser, stand }) => {
    test.setTimeout(180_000);
    home = await BackupHome.start(stand);
    page = await home.open(browser);
    ({ nodeId } = await createSpender(stand, page));
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await receiveFromLnd(stand, page, 20_000n, 'wages');
    await expectBackup(page, 'up_to_date');
    history = await shownHistory(page);
    ownSat = await totalSat(page);
  });
  test.afterAll(() => home.stop());

  test('where a payment needs its backup first: waits at the lock, says for what, and opens by itself', async ({
    stand
  }) => {
    await leaveEverything();
    await page.goto('/');
    await submitUnlock(page, password);
    await expect(page.getByText(errorWords.backup_unavailable.title, { exact: true })).toBeVisible();
    await expect(page.getByText(b('start_waits'), { exact: true })).toBeVisible();
    await expect(page.getByRole('button', { name: b('go_on'), exact: true })).toBeVisible();
    await expectAccessible(page, 'a start that waits for its backup');
    await comeBack();
    await expect(button(page, 'nav.lock')).toBeVisible({ timeout: backWithinMs });
    await expectBack();
    await payLnd(stand, page, 1_000n, 'after the wait');
    history = await shownHistory(page);
    ownSat = await totalSat(page);
  });

  test('told to go on without its backup: shows balance, channels and history, and says that it is offline', async () => {
    await leaveEverything();
    await page.goto('/');
    await submitUnlock(page, password);
    await page.getByRole('button', { name: b('go_on'), exact: true }).click();
    await expect(button(page, 'nav.lock')).toBeVisible();
    expect(await totalSat(page)).toBe(ownSat);
    await expect(page.getByText(t('sync.offline'), { exact: true })).toBeVisible();
    await expect(page.getByText(b('quarantined_title'), { exact: true })).toBeVisible();
    await expect(page.getByText(errorWords.chain_unavailable.title, { exact: true })).toBeVisible();
    await expectAccessible(page, 'home, offline and in quarantine');
    expect(await shownHistory(page)).toEqual(history);
    await goTo(page, 'channels');
    await expect(channelRows(page).filter({ hasText: t('channels.state_offline') })).toHaveCount(1);
    await expectAccessible(page, 'channels, offline');
    await channelRows(page).getByRole('link').click();
    await expect(button(page, 'channel.force')).toBeVisible();
    await expectAccessible(page, 'a channel, offline');
  });

  test('refuses at once what cannot be done, each with a next step, and still has an address to give', async ({
    stand
  }) => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 5_000_000n, memo: 'too early' });
    await enterPayment(page, bolt11);
    await expectError(page, 'bridge_unreachable');
    await enterPayment(page, `bitcoin:${await stand.lnd.newAddress()}?amount=0.0005`);
    await page.getByRole('button', { name: t('send.confirm', { amount: satText(50_000n) }), exact: true }).click();
    await expectError(page, 'quarantined');
    await fillChannel(page, stand.lnd.nodeUri, 300_000n);
    await button(page, 'open.submit').click();
    await page.getByRole('button', { name: t('open.confirm', { amount: satText(300_000n) }), exact: true }).click();
    await expectError(page, 'quarantined');
    expect(await shownAddress(page)).toMatch(/^bcrt1/);
    await expect(page.getByText(t('receive.no_inbound_body'), { exact: true })).toBeVisible();
  });

  test('goes on within seconds after the browser says that it is online, and pays both ways', async ({ stand }) => {
    await comeBack();
    await expectBack();
    await payLnd(stand, page, 1_000n, 'after all');
    await receiveFromLnd(stand, page, 2_000n, 'in after all');
    await expectAgreed(stand, page, nodeId);
    await expectChannelsWhole(stand, nodeId);
  });

  test('has all of that again at the next start offline, without a question', async () => {
    await expectBackup(page, 'up_to_date');
    history = await shownHistory(page);
    await leaveEverything();
    await page.goto('/');
    await submitUnlock(page, password);
    await expect(button(page, 'nav.lock')).toBeVisible();
    expect(await shownHistory(page)).toEqual(history);
    await comeBack();
    await expectBack();
  });

  /** The browser has no network, and there is nothing to reach: no app, no bridge, no chain, no backup. */
  async function leaveEverything(): Promise<void> {
    await page.context().setOffline(true);
    await home.goAway();
  }

  async function comeBack(): Promise<void> {
    await home.comeBack();
    await page.context().setOffline(false);
  }

  async function expectBack(): Promise<void> {
    const atMs = Date.now();
    await expectUsableChannels(page, 1);
    await expectBackup(page, 'up_to_date');
    expect(Date.now() - atMs).toBeLessThan(backWithinMs);
  }
});

test('a running wallet whose network goes away for a while pays and is paid again within seconds, without a reload', async ({
  spender: { page, nodeId },
  stand
}) => {
  const context = page.context();
  const mempool = await stand.chain.mempool();
  await context.setOffline(true);
  await goTo(page, 'channels');
  await expect(channelRows(page).filter({ hasText: t('channels.state_offline') })).toHaveCount(1, { timeout: 60_000 });
  await fillChannel(page, stand.lnd.nodeUri, 300_000n);
  await button(page, 'open.submit').click();
  await page.getByRole('button', { name: t('open.confirm', { amount: satText(300_000n) }), exact: true }).click();
  await expectError(page, 'bridge_unreachable');
  await payOnchain(page, await stand.lnd.newAddress());
  await expect(page.getByText(t('send.broadcast_later'), { exact: true })).toBeVisible();
  expect(await stand.chain.mempool()).toEqual(mempool);

  await context.setOffline(false);
  const atMs = Date.now();
  await expectUsableChannels(page, 1);
  expect(Date.now() - atMs).toBeLessThan(backWithinMs);
  await payLnd(stand, page, 1_000n, 'after the gap');
  await receiveFromLnd(stand, page, 1_000n, 'in after the gap');
  await expect.poll(() => stand.chain.mempool()).toHaveLength(mempool.length + 1);
  await stand.mine(1);
  await expectAgreed(stand, page, nodeId);
});

test('of a payment on chain the screen says whether a server has it, whatever the network does before and after', async ({
  spender: { page },
  stand
}) => {
  const taken = page.getByText(t('send.broadcast_body'), { exact: true });
  const waits = page.getByText(t('send.broadcast_later'), { exact: true });
  stand.esplora.setFault('server_error', (path) => path === '/tx');
  try {
    await payOnchain(page, await stand.lnd.newAddress());
    await expect(waits).toBeVisible();
    await expectAccessible(page, 'a payment on chain that no server has taken');
    expect(await stand.chain.mempool()).toEqual([]);
  } finally {
    stand.esplora.setFault();
  }
  await expect(taken).toBeVisible({ timeout: catchUpTimeoutMs });
  await expect(waits).toHaveCount(0);
  expect(await stand.chain.mempool()).toHaveLength(1);

  await page.context().setOffline(true);
  await expect.poll(() => page.evaluate(() => navigator.onLine)).toBe(false);
  await expect(taken).toBeVisible();
  await expect(waits).toHaveCount(0);
  await page.context().setOffline(false);
  await expectUsableChannels(page, 1);
  await stand.mine(1);
});

/** Agrees to pay 10,000 sat there. */
async function payOnchain(page: Page, address: string): Promise<void> {
  await enterPayment(page, `bitcoin:${address}?amount=0.0001`);
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(10_000n) }), exact: true }).click();
  await expect(heading(page, t('send.broadcast', { amount: satText(10_000n) }))).toBeVisible();
}
