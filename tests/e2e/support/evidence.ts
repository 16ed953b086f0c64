// Owns what a failed test leaves behind for whoever looks into it: the wallet's own logs, and whom lnd is connected to.
import { writeFile } from 'node:fs/promises';
import type { Page, TestInfo } from '@playwright/test';
import type { Stand } from '../../regtest/stand.js';
import { t, visit } from './screen.js';

/** Attaches them when the test failed; for pages that outlive a test, in `afterEach`. */
export async function attachEvidence(page: Page, stand: Stand, testInfo: TestInfo): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus || page.isClosed()) return;
  const [peers, channels, pending] = [stand.lnd.listPeers(), stand.lnd.listChannels(), stand.lnd.pendingChannels()];
  const lnd = { peers: await peers, channels: await channels, pending: await pending };
  const text = JSON.stringify(lnd, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2);
  await attachFile('lnd.json', text, testInfo);
  await visit(page, '/settings/logs');
  const lines = page.getByRole('region', { name: t('logs.list') });
  await attachFile('wallet.log', (await lines.textContent()) ?? '', testInfo);
}

async function attachFile(name: string, text: string, testInfo: TestInfo): Promise<void> {
  const file = testInfo.outputPath(name);
  await writeFile(file, text);
  await testInfo.attach(name, { path: file });
}
