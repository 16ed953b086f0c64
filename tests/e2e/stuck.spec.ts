// Owns the proof that the screens let a closing that waits be sped up, and say where the wallet raises a fee by itself: by the node's mempool.
import { expect } from '@playwright/test';
import { c } from '../../src/lib/wallet/words/coins.js';
import type { Stand } from '../regtest/stand.js';
import { createWallet } from './support/onboarding.js';
import { visit } from './support/screen.js';
import { catchUpTimeoutMs, closeByForce, fundWallet, openChannel, requestClosing } from './support/steps.js';
import { test } from './support/world.js';

interface Waiting {
  fee: number;
  weight: number;
  vin: { txid: string }[];
}

test('a closing that waits is sped up by a child, and the fee of one by force is raised without its owner, who is told so', async ({
  page,
  appUrl,
  stand
}) => {
  await page.goto(appUrl);
  await createWallet(page);
  await fundWallet(stand, page, 1_000_000n);
  await openChannel(stand, page, 400_000n);
  await requestClosing(page);
  const [closing = ''] = await awaitMempool(stand, 1);
  await visit(page, `/activity/${closing}`);
  await page.getByLabel(c('speed_up_rate'), { exact: true }).fill('25');
  await page.getByRole('button', { name: c('speed_up_ask'), exact: true }).click();
  await expect(page.getByText(c('speed_up_child'), { exact: true })).toBeVisible();
  await page.getByRole('button', { name: /^Speed up for / }).click();
  const both = await awaitMempool(stand, 2);
  expect(both).toContain(closing);
  expect(await feerateOf(stand, both)).toBeCloseTo(25, 0);
  await stand.mine(6);

  await openChannel(stand, page, 400_000n);
  try {
    stand.esplora.feerateSatPerVb = 20;
    await closeByForce(page);
    const pair = await awaitMempool(stand, 2);
    await expect.poll(() => feerateOf(stand, pair)).toBeGreaterThan(19.5);
    const child = (await Promise.all(pair.map((txid) => waiting(stand, txid)))).findIndex(({ vin }) => vin.length > 1);
    await visit(page, `/activity/${pair[child]}`);
    await expect(page.getByText(c('speed_up_itself_title'), { exact: true })).toBeVisible();
    await expect(page.getByLabel(c('speed_up_rate'), { exact: true })).toHaveCount(0);
  } finally {
    stand.esplora.feerateSatPerVb = 2;
    await stand.mine(1);
  }
});

async function awaitMempool(stand: Stand, count: number): Promise<string[]> {
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(count);
  return stand.chain.mempool();
}

async function waiting(stand: Stand, txid: string): Promise<Waiting> {
  const answer = await fetch(`${stand.esplora.url}/tx/${txid}`);
  return (await answer.json()) as Waiting;
}

/** Of all of them together, in sat/vB. */
async function feerateOf(stand: Stand, txids: string[]): Promise<number> {
  const all = await Promise.all(txids.map((txid) => waiting(stand, txid)));
  const sum = (of: (each: Waiting) => number): number => all.reduce((total, each) => total + of(each), 0);
  return (sum(({ fee }) => fee) * 4) / sum(({ weight }) => weight);
}
