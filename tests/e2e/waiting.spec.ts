// Owns the proof that money of a channel closed by force says why it waits and until when, and is there when the chain has come so far: by lnd and the chain.
import { expect, type Page } from '@playwright/test';
import { w } from '../../src/lib/wallet/words/waiting.js';
import type { Stand } from '../regtest/stand.js';
import { expectAccessible } from './support/looks.js';
import { createWallet } from './support/onboarding.js';
import { goTo, heading, satText, t } from './support/screen.js';
import {
  catchUpTimeoutMs,
  closeByForce,
  fundWallet,
  openChannel,
  pendingSat,
  spendableSat,
  totalSat
} from './support/steps.js';
import { test } from './support/world.js';

const fundedSat = 1_000_000n;
const channelSat = 500_000n;
/** Of a channel's whole life, at the feerate of the stand, with what is left in anchors. */
const mostFeesSat = 10_000n;

test('money of a channel closed by force says why it waits and until when, and is there on that day', async ({
  page,
  appUrl,
  stand
}) => {
  await page.goto(appUrl);
  await createWallet(page);
  await fundWallet(stand, page, fundedSat);
  await openChannel(stand, page, channelSat);
  const delayBlocks = await delayOfUs(stand);

  await closeByForce(page);
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toEqual([]);
  await expectPart(page, w('why_closed_unconfirmed'));
  await expectAccessible(page, 'money that waits, with a channel closing');

  await stand.mine(1);
  const part = await expectPart(page, w('why_closed_delayed'));
  await expectAccessible(page, 'money that waits, with a channel closed by force');
  // The block that counts may be this one or the next.
  const days = [-1, 0, 1].map((more) => dayOf(Date.now() + (delayBlocks + more) * 600_000));
  expect(
    days.some((when) => part.includes(w('when_closed', { when }))),
    `${part} among ${days.join(', ')}`
  ).toBe(true);
  const pending = await shownPendingSat(page);
  expect(part).toContain(satText(pending));
  expect(pending).toBeGreaterThan(channelSat - mostFeesSat);

  await stand.mine(delayBlocks - 3);
  await goTo(page, 'home');
  const height = new Intl.NumberFormat('en').format(await stand.chain.height());
  await expect(page.getByText(t('sync.done', { height }), { exact: true })).toBeVisible({ timeout: catchUpTimeoutMs });
  expect(await pendingSat(page)).toBe(pending);
  expect(await stand.chain.mempool()).toEqual([]);
  await stand.mine(3);
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toEqual([]);
  await stand.mine(1);
  await expect.poll(() => shownPendingSat(page), { timeout: catchUpTimeoutMs }).toBe(0n);
  const total = await totalSat(page);
  expect(await spendableSat(page)).toBe(total);
  expect(total).toBeLessThan(fundedSat);
  expect(total).toBeGreaterThan(fundedSat - mostFeesSat);
});

/** The one part that waits has this reason; all that is said of it. */
async function expectPart(page: Page, why: string): Promise<string> {
  await goTo(page, 'home');
  await page.getByRole('link', { name: t('home.pending_detail'), exact: true }).click();
  await expect(heading(page, w('title'))).toBeVisible();
  const part = page.getByRole('list', { name: w('list') }).getByRole('listitem');
  await expect(part).toContainText(why, { timeout: catchUpTimeoutMs });
  await expect(part).toContainText(w('what_closed'));
  return part.innerText();
}

async function shownPendingSat(page: Page): Promise<bigint> {
  await goTo(page, 'home');
  return pendingSat(page);
}

/** How many blocks lnd makes us wait for our own part after we close by force. */
async function delayOfUs(stand: Stand): Promise<number> {
  const { channels } = await stand.lnd.rest.get('/v1/channels');
  const [channel] = channels as { remote_constraints: { csv_delay: number } }[];
  return channel?.remote_constraints.csv_delay ?? 0;
}

function dayOf(atMs: number): string {
  return new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' }).format(atMs);
}
