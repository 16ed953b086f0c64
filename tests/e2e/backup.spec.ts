// Owns the proof that a wallet lives through the loss of its browser and belongs to one device at a time: lnd and the chain are asked after each change.
import { expect, type Page } from '@playwright/test';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import { b } from '../../src/lib/wallet/words/backup.js';
import { BackupHome } from './support/backup-home.js';
import {
  expectBackup,
  expectUsableChannels,
  payLnd,
  receiveFromLnd,
  storedDatabases,
  takeOver,
  watchVssRequests
} from './support/backup.js';
import { LndHistory, shownHistory } from './support/history.js';
import { channelsWith, expectChannelsWhole } from './support/judge.js';
import { expectAccessible } from './support/looks.js';
import { createWallet, expectHome, submitRestore, unlock } from './support/onboarding.js';
import { button, goTo, heading, t, visit } from './support/screen.js';
import {
  catchUpTimeoutMs,
  confirmReviewed,
  enterPayment,
  expectAllAgreed,
  fundWallet,
  openChannel,
  paymentStatus,
  requestChannel,
  totalSat,
  walletNodeId
} from './support/steps.js';
import { test } from './support/world.js';

/** A heartbeat, and time to act on it. */
const heartbeatTimeoutMs = 45_000;

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  test.describe(`a wallet with a backup on ${database}`, () => {
    test.describe.configure({ mode: 'serial' });
    let home: BackupHome;
    let first: Page;
    let second: Page;
    let words: string[];
    let nodeId: string;
    let lndHistory: LndHistory;

    test.beforeAll(async ({ browser, stand }) => {
      test.setTimeout(300_000);
      home = await BackupHome.start(stand, database);
      lndHistory = await LndHistory.mark(stand);
      first = await home.open(browser);
      words = await createWallet(first);
      await fundWallet(stand, first, 3_000_000n);
      nodeId = await walletNodeId(first);
      await openChannel(stand, first, 800_000n);
      await requestChannel(stand, first, 600_000n);
      await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toEqual([]);
      await stand.mine(6);
      await expectUsableChannels(first, 2);
      await payLnd(stand, first, 200_000n, 'bread');
      await receiveFromLnd(stand, first, 40_000n, 'salary');
    });
    test.afterAll(() => home.stop());

    test('has every change on the server, and proves it', async () => {
      await expectBackup(first, 'up_to_date');
      await visit(first, '/settings/backup');
      await expect(first.getByText(`${home.url}/vss`, { exact: true })).toBeVisible();
      await first.getByRole('button', { name: b('now'), exact: true }).click();
      await expect(first.getByText(b('now_done'), { exact: true })).toBeVisible();
      await first.getByRole('button', { name: b('verify'), exact: true }).click();
      await expect(first.getByText(b('verify_good'), { exact: true })).toBeVisible();
      await expectAccessible(first, 'backup');
      await first.getByRole('textbox', { name: b('server_url'), exact: true }).fill('');
      await first.getByRole('button', { name: b('server_save'), exact: true }).click();
      await expect(first.getByRole('dialog')).toBeVisible();
      await expectAccessible(first, 'the question before the backup is turned off');
      await button(first, 'app.cancel').click();
    });

    test('comes back from its words alone after its browser is lost: lnd sees no close, and it pays both ways', async ({
      browser,
      stand
    }) => {
      const totalBefore = await totalSat(first);
      const balancesBefore = (await channelsWith(stand, nodeId)).map(({ localBalanceSat }) => localBalanceSat);
      await first.context().close();

      second = await home.open(browser);
      await second.goto('/');
      expect(await storedDatabases(second)).toEqual([]);
      const asked = watchVssRequests(second.context());
      await submitRestore(second, words);
      // The lost browser did not say goodbye.
      await expect(second.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({
        timeout: 60_000
      });
      await expectAccessible(second, 'the choice at a restore');
      await takeOver(second);
      await expectHome(second);
      expect(asked.length).toBeGreaterThan(3);

      expect(await walletNodeId(second)).toBe(nodeId);
      await expect.poll(() => totalSat(second), { timeout: catchUpTimeoutMs }).toBe(totalBefore);
      await expectUsableChannels(second, 2);
      expect((await channelsWith(stand, nodeId)).map(({ localBalanceSat }) => localBalanceSat)).toEqual(balancesBefore);
      await expectAllAgreed(stand, second, nodeId);
      expect(await lndHistory.entries()).toHaveLength(2);
      expect(await shownHistory(second)).toEqual(await lndHistory.entries());
      await payLnd(stand, second, 30_000n, 'butter');
      await receiveFromLnd(stand, second, 20_000n, 'wages');
      expect(await shownHistory(second)).toEqual(await lndHistory.entries());
      await expectChannelsWhole(stand, nodeId);
    });

    test('is refused on another device, taken over when asked, and the first stops within a heartbeat', async ({
      browser,
      stand
    }) => {
      first = await home.open(browser);
      await submitRestore(first, words);
      await expect(first.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({ timeout: 60_000 });
      // Being asked about has not disturbed the other.
      await expect(second.getByTestId('backup-indicator')).toBeVisible();
      await takeOver(first);
      await expectHome(first);
      await expect(heading(second, t('halted.taken_over'))).toBeVisible({ timeout: heartbeatTimeoutMs });
      await expectAccessible(second, 'taken over');
      await expectUsableChannels(first, 2);
      await payLnd(stand, first, 10_000n, 'jam');
      await expectChannelsWhole(stand, nodeId);
    });

    test('goes back to the device before by hand-over, once it was released', async ({ stand }) => {
      await visit(first, '/settings/backup');
      await first.getByRole('button', { name: b('release'), exact: true }).click();
      await expectAccessible(first, 'the question before a device is released');
      await first
        .getByRole('dialog')
        .getByRole('button', { name: b('release'), exact: true })
        .click();
      await expect(heading(first, t('unlock.title'))).toBeVisible({ timeout: 30_000 });

      await button(second, 'halted.take_back').click();
      await unlock(second);
      await expectUsableChannels(second, 2);
      expect(await paymentStatus(second, 'jam')).toBe(t('payment.succeeded'));
      await payLnd(stand, second, 5_000n, 'tea');
      await receiveFromLnd(stand, second, 5_000n, 'change');
      await expectChannelsWhole(stand, nodeId);
    });

    test('says what waits while its server is away', async ({ stand }) => {
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 5_000_000n, memo: 'honey' });
      await visit(second, '/settings/backup');
      await second.getByRole('button', { name: b('now'), exact: true }).click();
      await expect(second.getByText(b('now_done'), { exact: true })).toBeVisible();
      await enterPayment(second, bolt11);
      await expect(heading(second, t('send.review_title'))).toBeVisible();
      // Only now: with changes that wait already the payment would be refused.
      await second.context().route('**/vss/**', (route) => route.abort('connectionrefused'));
      await confirmReviewed(second, 5_000n);
      await expectBackup(second, 'paused');
      await goTo(second, 'home');
      await expect(second.getByText(b('paused_title'), { exact: true })).toBeVisible();
      await expectAccessible(second, 'home, while the backup server is away');
      await visit(second, '/settings/backup');
      await expectAccessible(second, 'backup, while its server is away');
      await second.context().unroute('**/vss/**');
      await stand.lnd.awaitInvoice(paymentHash, 'SETTLED', catchUpTimeoutMs);
      await expectChannelsWhole(stand, nodeId);
    });

    test('asks, where that server is away at a restore, what to do, and says what each way costs', async ({
      browser
    }) => {
      const third = await home.open(browser);
      await third.context().route('**/vss/**', (route) => route.abort('connectionrefused'));
      await submitRestore(third, words);
      await expect(third.getByText(errorWords.backup_unavailable.title, { exact: true })).toBeVisible({
        timeout: 60_000
      });
      await expectAccessible(third, 'the choices at a restore without its server');
      for (const choice of await third.locator('.question').getByRole('button').all()) {
        await choice.click();
        await expect(third.getByRole('dialog')).toBeVisible();
        await expectAccessible(third, `the question: ${await third.getByRole('dialog').innerText()}`);
        await button(third, 'app.cancel').click();
      }
    });
  });
}
