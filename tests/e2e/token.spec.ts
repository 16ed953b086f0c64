// Owns the proof that a backup server which asks for a token can be used from the screens: to create, to back up, to restore.
import { expect, type Page } from '@playwright/test';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import { b } from '../../src/lib/wallet/words/backup.js';
import type { RunningServer } from '../../src/server/server.js';
import { expectBackup, startStore, takeOver, type BackupStore } from './support/backup.js';
import { expectHome, fillRestore, startCreating, submitUnlock, password, unlock } from './support/onboarding.js';
import { button, link, t, visit } from './support/screen.js';
import { walletNodeId } from './support/steps.js';
import { startTokenGate, type TokenGate } from './support/token-gate.js';
import { freshContext, serveApp, test } from './support/world.js';

const token = 'a token of the operator';

test.describe('a backup server that asks for a token', () => {
  let store: BackupStore;
  let vss: RunningServer;
  let gate: TokenGate;
  let server: RunningServer;

  test.beforeAll(async ({ stand }) => {
    store = await startStore('PGlite');
    vss = await serveApp(stand, { type: 'store', database: store.database, auth: 'none' });
    gate = await startTokenGate(`${vss.url}/vss`, token);
    server = await serveApp(stand, { type: 'upstream', url: gate.url });
  });
  test.afterAll(async () => {
    await server.close();
    gate.close();
    await vss.close();
    await store.stop();
  });

  test('refuses a wallet without it, takes one with it, and gives everything back to the words and the token', async ({
    browser
  }) => {
    const page = await (await freshContext(browser, server.url)).newPage();
    const words = await startCreating(page);
    await link(page, 'words.later').click();
    await expect(page.getByText(errorWords.backup_unauthorized.title, { exact: true })).toBeVisible();
    await page.getByText(b('server_form'), { exact: true }).click();
    await enterToken(page);
    await page.getByRole('button', { name: b('server_save'), exact: true }).click();
    await expect(page.getByText(t('app.saved'), { exact: true })).toBeVisible();
    await unlock(page);
    await expectBackup(page, 'up_to_date');
    const nodeId = await walletNodeId(page);
    // A wrong token is refused before it replaces the right one.
    await visit(page, '/settings/backup');
    await page.getByLabel(b('access_token'), { exact: true }).fill('another');
    await page.getByRole('button', { name: b('server_save'), exact: true }).click();
    await expect(page.getByText(errorWords.backup_unauthorized.title, { exact: true })).toBeVisible();
    await page.reload();
    await submitUnlock(page, password);
    await expectBackup(page, 'up_to_date');
    await page.context().close();

    const elsewhere = await (await freshContext(browser, server.url)).newPage();
    await fillRestore(elsewhere, words);
    await elsewhere.getByText(t('restore.server'), { exact: true }).click();
    await enterToken(elsewhere);
    await button(elsewhere, 'restore.submit').click();
    await takeOver(elsewhere);
    await expectHome(elsewhere);
    await expectBackup(elsewhere, 'up_to_date');
    expect(await walletNodeId(elsewhere)).toBe(nodeId);
    await elsewhere.context().close();
  });
});

async function enterToken(page: Page): Promise<void> {
  await page.getByLabel(b('access'), { exact: true }).selectOption(b('access_bearer'));
  await page.getByLabel(b('access_token'), { exact: true }).fill(token);
}
