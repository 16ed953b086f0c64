// Owns what tests of the backup share: a store that can be taken away, the questions of a start, payments both ways, and what the sign in the frame says.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { b } from '../../../src/lib/wallet/words/backup.js';
import type { VssStoreOptions } from '../../../src/server/vss/service.js';
import type { BackupState } from '../../../src/worker/api.js';
import { startPostgres } from '../../contract/postgres.js';
import type { Stand } from '../../regtest/stand.js';
import { button, goTo, t } from './screen.js';
import { catchUpTimeoutMs, channelRows, payInvoice, requestPayment } from './steps.js';

/** Where a server keeps what it is given, and how to take it away. */
export interface BackupStore {
  database: VssStoreOptions['database'];
  stop(): Promise<void>;
}

export async function startStore(kind: 'PGlite' | 'PostgreSQL'): Promise<BackupStore> {
  if (kind === 'PostgreSQL') {
    const postgres = await startPostgres();
    return { database: { type: 'postgres', url: postgres.url }, stop: () => postgres.stop() };
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'tern-vss-'));
  return { database: { type: 'pglite', dir }, stop: () => rm(dir, { recursive: true, force: true }) };
}

/** Agrees to take over, where the screen offers it. */
export async function takeOver(page: Page): Promise<void> {
  await page.getByRole('button', { name: b('take_over'), exact: true }).click();
  const dialog = page.getByRole('dialog', { name: b('take_over_title') });
  await dialog.getByRole('button', { name: b('take_over'), exact: true }).click();
}

/** Pays lnd; ends when both say so. */
export async function payLnd(stand: Stand, page: Page, amountSat: bigint, memo: string): Promise<void> {
  const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: amountSat * 1_000n, memo });
  await payInvoice(page, bolt11, amountSat);
  await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
}

/** Is paid by lnd; ends when both say so. */
export async function receiveFromLnd(stand: Stand, page: Page, amountSat: bigint, note: string): Promise<void> {
  const bolt11 = await requestPayment(page, amountSat, note);
  await stand.lnd.payInvoice({ bolt11 });
  await expect(button(page, 'receive.again')).toBeVisible({ timeout: catchUpTimeoutMs });
}

/** The list shows so many channels that can be used. */
export async function expectUsableChannels(page: Page, count: number): Promise<void> {
  await goTo(page, 'channels');
  const ready = channelRows(page).filter({ hasText: t('channels.state_ready') });
  await expect(ready).toHaveCount(count, { timeout: catchUpTimeoutMs });
}

/** The sign in the frame. */
export async function expectBackup(page: Page, state: BackupState): Promise<void> {
  await expect(page.getByTestId('backup-indicator')).toHaveAttribute('data-state', state, {
    timeout: catchUpTimeoutMs
  });
}

/** The paths asked of a VSS server since, by the context's workers too. */
export function watchVssRequests(context: BrowserContext): readonly string[] {
  const paths: string[] = [];
  context.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/vss|(getObject|putObjects|deleteObject|listKeyVersions)$/i.test(pathname)) paths.push(pathname);
  });
  return paths;
}

export function storedDatabases(page: Page): Promise<string[]> {
  return page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ''));
}
