// Owns the proof that money on its way is told with its reason while its receiver holds it, and no longer: by what lnd holds.
import { expect } from '@playwright/test';
import { w } from '../../src/lib/wallet/words/waiting.js';
import { heldInvoice } from './support/judge.js';
import { goTo, heading, satText, t, visit } from './support/screen.js';
import { catchUpTimeoutMs, confirmPayment, totalSat } from './support/steps.js';
import { test } from './support/world.js';

const amountSat = 23_000n;

test('payments on their way are told, how much, why and until when, while lnd holds one, and are gone once it is settled or given back', async ({
  spender: { page },
  stand
}) => {
  const before = await totalSat(page);
  const section = page.getByRole('region', { name: w('on_the_way') });
  const [untilBeforeDate = ''] = w('on_the_way_when', { when: '|' }).split('|');
  const hold = async (memo: string): Promise<{ paymentHash: string; preimage: string }> => {
    const held = await heldInvoice(stand, amountSat * 1000n, memo);
    await confirmPayment(page, held.bolt11, amountSat);
    await stand.lnd.awaitInvoice(held.paymentHash, 'ACCEPTED');
    await goTo(page, 'home');
    await expect.poll(() => totalSat(page)).toBe(before - amountSat);
    await page.getByRole('link').filter({ hasText: memo }).click();
    await expect(page.getByText(t('payment.pending'), { exact: true })).toBeVisible();
    await page.getByRole('link', { name: w('see'), exact: true }).click();
    await expect(heading(page, w('title'))).toBeVisible();
    await expect(section).toContainText(satText(amountSat));
    await expect(section).toContainText(w('on_the_way_why'));
    await expect(section).toContainText(untilBeforeDate, { timeout: catchUpTimeoutMs });
    return held;
  };

  const returned = await hold('kept waiting');
  await stand.lnd.cancelInvoice(returned.paymentHash);
  await expect(section).toHaveCount(0);
  await expect.poll(() => totalSat(page)).toBe(before);

  const settled = await hold('waited for');
  await stand.lnd.settleInvoice(settled.preimage);
  await expect(section).toHaveCount(0);
  expect((await stand.lnd.lookupInvoice(settled.paymentHash)).state).toBe('SETTLED');
  await visit(page, `/activity/${settled.paymentHash}`);
  await expect(page.getByText(t('payment.succeeded'), { exact: true })).toBeVisible();
  expect(await totalSat(page)).toBe(before - amountSat);
});
