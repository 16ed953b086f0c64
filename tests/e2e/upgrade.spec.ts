// Owns the proof that this version goes on from what an earlier one left in a browser: the same node, money, channel and payments, and not a row lost.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import type { RunningServer } from '../../src/server/server.js';
import { SCHEMA_VERSION } from '../../src/worker/idb-migrations.js';
import { startStand, type Stand } from '../regtest/stand.js';
import {
  layChain,
  layDatabase,
  leftWallet,
  stored,
  type LeftDatabase,
  type LeftWallet
} from './support/left-wallet.js';
import { password, submitUnlock, unlock } from './support/onboarding.js';
import { button, goTo, heading, satText, shownValue, t } from './support/screen.js';
import { channelRows, paymentStatus, shownAddress, totalSat, walletNodeId } from './support/steps.js';
import { freshContext, serveApp } from './support/world.js';

test.describe.configure({ mode: 'serial' });

test.describe('a wallet that commit e7f8358 left', () => {
  let left: LeftWallet;
  let directory: string;
  let stand: Stand;
  let server: RunningServer;
  let context: BrowserContext;
  let page: Page;

  test.beforeAll(async () => {
    left = await leftWallet('e7f8358');
    directory = await mkdtemp(path.join(tmpdir(), 'tern-upgrade-'));
    await layChain(directory, left.blocks);
    stand = await startStand({ esplora: true, directory });
    server = await serveApp(stand);
  });
  test.afterAll(async () => {
    await server.close();
    await stand.stop();
    await rm(directory, { recursive: true, force: true });
  });
  test.beforeEach(async ({ browser }) => {
    context = await freshContext(browser, server.url);
    page = await context.newPage();
  });
  test.afterEach(() => context.close());

  /** Puts the database where the app will look for it, before the app is there. */
  async function lay(database: LeftDatabase): Promise<void> {
    await page.goto('/healthz');
    await layDatabase(page, database);
  }

  async function expectAsLeft(totalNowSat = BigInt(left.facts.totalSat)): Promise<void> {
    const { nodeId, channel, payments } = left.facts;
    expect(await walletNodeId(page)).toBe(nodeId);
    expect(await totalSat(page)).toBe(totalNowSat);
    for (const { note, paymentHash, status, amountSat, isInbound } of payments) {
      expect(await paymentStatus(page, note)).toBe(status);
      expect(await shownValue(page, 'payment.hash')).toBe(paymentHash);
      await expect(page.getByRole('main')).toContainText(`${isInbound ? '+' : '−'}${satText(BigInt(amountSat))}`);
    }
    await goTo(page, 'channels');
    await expect(channelRows(page)).toHaveCount(1);
    await channelRows(page).getByRole('link').click();
    // Its peer is gone with the stand of that time.
    await expect(page.getByText(t('channels.state_offline'), { exact: true })).toBeVisible();
    expect(await shownValue(page, 'channel.id')).toBe(channel.channelId);
    expect(await shownValue(page, 'channel.peer')).toBe(channel.peer);
    expect(await shownValue(page, 'channel.funding')).toBe(channel.channelPoint.split(':')[0]);
    await expect(page.getByText(satText(BigInt(channel.capacitySat)), { exact: true })).toBeVisible();
  }

  test('is whole after a change of its layout that was interrupted', async () => {
    await lay(left.database);
    const before = await stored(page, left.database.name);
    const moving = await context.newPage();
    await moving.goto('/healthz');
    await moving.evaluate(
      ({ name, version }) =>
        new Promise<void>((resolve) => {
          const request = indexedDB.open(name, version + 1);
          request.onupgradeneeded = () => {
            request.result.deleteObjectStore('local');
            const values = request.transaction?.objectStore('values');
            // It never comes to an end by itself.
            const goOn = (): void => {
              const clearing = values?.clear();
              if (clearing) clearing.onsuccess = goOn;
            };
            goOn();
            setTimeout(resolve, 500);
          };
        }),
      left.database
    );
    await moving.close();
    expect(await stored(page, left.database.name)).toEqual(before);
    await page.goto('/');
    await unlock(page);
    await expectAsLeft();
  });

  test('does not open where its channel is damaged, and nothing is written over it', async () => {
    await lay(damaged(left.database));
    const before = await stored(page, left.database.name);
    await page.goto('/');
    await submitUnlock(page, password);
    await expect(page.getByRole('alert').first()).toBeVisible({ timeout: 60_000 });
    await expect(button(page, 'nav.lock')).toHaveCount(0);
    await page.goto('/healthz');
    // To another layout it may well have moved.
    expect((await stored(page, left.database.name)).rows).toEqual(before.rows);
  });

  test('opens with the same node, money, channel and payments, receives, and opens again', async () => {
    expect(left.database.version).toBeLessThanOrEqual(SCHEMA_VERSION);
    await lay(left.database);
    await page.goto('/');
    await unlock(page);
    await expectAsLeft();
    const receivedSat = 100_000n;
    await stand.chain.fund(await shownAddress(page), receivedSat);
    await stand.mine(1);
    await expect.poll(() => totalSat(page)).toBe(BigInt(left.facts.totalSat) + receivedSat);
    await button(page, 'nav.lock').click();
    await expect(heading(page, t('unlock.title'))).toBeVisible();

    const kept = await stored(page, left.database.name);
    expect(kept.version).toBe(SCHEMA_VERSION);
    expect(Object.keys(kept.rows)).toEqual(expect.arrayContaining(rowsOf(left.database)));
    await unlock(page);
    await expectAsLeft(BigInt(left.facts.totalSat) + receivedSat);
  });
});

function rowsOf({ stores }: LeftDatabase): string[] {
  return (stores['rows']?.entries ?? []).map(([key]) => (key as string[]).join('/'));
}

/** With the state of its channel cut in half. */
function damaged(database: LeftDatabase): LeftDatabase {
  const values = database.stores['values'];
  if (values === undefined) throw new Error('there are no values');
  const entries = values.entries.map(([key, value]): (typeof values.entries)[number] => {
    if ((key as string[])[0] !== 'monitors') return [key, value];
    const { base64 } = value as { base64: string };
    return [key, { base64: base64.slice(0, Math.floor(base64.length / 8) * 4) }];
  });
  return { ...database, stores: { ...database.stores, values: { ...values, entries } } };
}
