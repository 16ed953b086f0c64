// Owns the proof that the unit chosen is the one that amounts are shown, typed and asked for in: by what lnd was paid and is asked to pay.
import { expect, type Page } from '@playwright/test';
import { formatBtc } from '../../src/lib/wallet/money.js';
import { payLnd } from './support/backup.js';
import { unlock } from './support/onboarding.js';
import { button, field, goTo, heading, satText, shownValue, t, visit } from './support/screen.js';
import { enterPayment, totalSat } from './support/steps.js';
import { test } from './support/world.js';

const anySat = /\d sat\b/;

test('amounts chosen to be in bitcoin are so on home, in activity and at the review, and after a reload; then satoshis again', async ({
  spender: { page },
  stand
}) => {
  await payLnd(stand, page, 1_234n, 'before the unit was changed');
  const total = await totalSat(page);
  await chooseUnit(page, 'btc');
  const expectBitcoin = async (): Promise<void> => {
    await goTo(page, 'home');
    await expect(page.getByRole('region', { name: t('home.total') })).toContainText(btcText(total));
    await expect(page.getByRole('main')).not.toContainText(anySat);
    await goTo(page, 'activity');
    const payments = page.getByRole('list', { name: t('activity.list') });
    await expect(payments).toContainText(btcText(1_234n));
    await expect(payments).not.toContainText(anySat);
  };
  await expectBitcoin();
  await page.reload();
  await unlock(page);
  await expectBitcoin();

  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 41_000_000n, memo: 'in bitcoin' });
  await enterPayment(page, bolt11);
  await expect(confirming(page, btcText(41_000n))).toBeVisible();
  await expect(page.getByRole('main')).not.toContainText(satText(41_000n));

  await chooseUnit(page, 'sat');
  expect(await totalSat(page)).toBe(total);
  await goTo(page, 'activity');
  await expect(page.getByRole('main')).not.toContainText('BTC');
});

test('an amount typed in bitcoin is paid as such, and one typed before the unit was changed stays what it was; by what lnd received', async ({
  spender: { page },
  stand
}) => {
  const pay = async (enterAmount: () => Promise<void>, amountSat: bigint, memo: string): Promise<void> => {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ memo });
    await enterPayment(page, bolt11);
    await enterAmount();
    await button(page, 'app.continue').click();
    await confirming(page, btcText(amountSat)).click();
    await expect(heading(page, t('send.sent', { amount: btcText(amountSat) }))).toBeVisible();
    const { paidMsat } = await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
    expect(paidMsat).toBe(amountSat * 1000n);
  };
  const amount = field(page, 'send.amount');
  await pay(
    async () => {
      await amount.fill('12,345');
      await page.getByRole('button', { name: t('home.unit', { unit: 'BTC' }), exact: true }).click();
      await expect(amount).toHaveValue('0.00012345');
    },
    12_345n,
    'typed in satoshis'
  );
  await pay(() => amount.fill('0.0002'), 20_000n, 'typed in bitcoin');

  // What is a thousandth in half the world, and a thousand in the other, is nothing here.
  await enterPayment(page, (await stand.lnd.addInvoice({ memo: 'in doubt' })).bolt11);
  for (const doubtful of ['0,001', '1,000', '0.000000001']) {
    await amount.fill(doubtful);
    await button(page, 'app.continue').click();
    await expect(page.getByRole('alert')).toBeVisible();
    await expect(heading(page, t('send.review_title'))).toHaveCount(0);
    await amount.fill('');
  }
  await chooseUnit(page, 'sat');
});

test('a request for an amount typed in bitcoin asks for that much, as lnd reads it', async ({
  spender: { page },
  stand
}) => {
  await chooseUnit(page, 'btc');
  await visit(page, '/receive');
  await page.getByText(t('receive.edit'), { exact: true }).click();
  await field(page, 'receive.amount').fill('0.0000765');
  await button(page, 'receive.update').click();
  await expect(page.getByText(t('receive.asking', { amount: btcText(7_650n) }), { exact: true })).toBeVisible();
  const bolt11 = await shownValue(page, 'receive.invoice');
  expect((await stand.lnd.rest.get(`/v1/payreq/${bolt11}`)).num_msat).toBe('7650000');
  await chooseUnit(page, 'sat');
});

async function chooseUnit(page: Page, unit: 'sat' | 'btc'): Promise<void> {
  await goTo(page, 'settings');
  await page.getByLabel(t('settings.unit'), { exact: true }).selectOption(t(`settings.unit_${unit}`));
}

function confirming(page: Page, amount: string) {
  return page.getByRole('button', { name: t('send.confirm', { amount }), exact: true });
}

function btcText(amountSat: bigint): string {
  return `${formatBtc(amountSat)} BTC`;
}
