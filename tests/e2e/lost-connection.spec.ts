// Owns the proof that a wallet whose connection to its database is lost, again and again in mid-payment, pays and is paid as if nothing had happened.
import { expect, type Page } from '@playwright/test';
import { expectAgreed, payInvoice, paymentStatus, requestPayment } from './support/steps.js';
import { expectChannelsWhole, paymentHashOf, lndPaymentStatus } from './support/judge.js';
import { unlock } from './support/onboarding.js';
import { satText, t } from './support/screen.js';
import { test } from './support/world.js';

const databaseName = 'tern-regtest';

test('losing the database in mid-payment, again and again, loses no payment', async ({ spender, stand }) => {
  const { page, nodeId } = spender;
  const bolt11 = await requestPayment(page, 5_000n, 'received meanwhile');
  const other = await page.context().newPage();
  await other.goto('/healthz');

  const losing = loseWhile(other, async () => {
    const received = await stand.lnd.payInvoice({ bolt11, timeoutS: 120 });
    expect(received).toMatchObject({ status: 'SUCCEEDED', amountMsat: 5_000_000n });
    await expect(page.getByText(t('receive.paid', { amount: satText(5_000n) }), { exact: true })).toBeVisible();
    const invoice = await stand.lnd.addInvoice({ amountMsat: 7_000_000n, memo: 'paid meanwhile' });
    await payInvoice(page, invoice.bolt11, 7_000n);
    expect(await stand.lnd.lookupInvoice(invoice.paymentHash)).toMatchObject({ state: 'SETTLED' });
  });
  expect(await losing).toBeGreaterThan(5);
  await other.close();

  expect(await lndPaymentStatus(stand, await paymentHashOf(stand, bolt11))).toBe('SUCCEEDED');
  await expectAgreed(stand, page, nodeId);
  await page.reload();
  await unlock(page);
  for (const note of ['received meanwhile', 'paid meanwhile']) {
    expect(await paymentStatus(page, note)).toBe(t('payment.succeeded'));
  }
  await expectAgreed(stand, page, nodeId);
  await expectChannelsWhole(stand, nodeId);
});

/**
 * Takes the connection from the wallet ten times a second while `work` goes on: a change of version starts only once every other connection is
 * closed, and this one is called off as soon as it has started. How often it did.
 */
async function loseWhile(other: Page, work: () => Promise<void>): Promise<number> {
  const losses = other.evaluate(async (name) => {
    let count = 0;
    while (document.title !== 'enough') {
      const version = (await indexedDB.databases()).find((each) => each.name === name)?.version ?? 0;
      await new Promise<void>((resolve) => {
        const request = indexedDB.open(name, version + 1);
        request.onupgradeneeded = () => {
          count += 1;
          request.transaction?.abort();
        };
        request.onerror = () => resolve();
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return count;
  }, databaseName);
  try {
    await work();
  } finally {
    await other.evaluate(() => void (document.title = 'enough'));
  }
  return losses;
}
