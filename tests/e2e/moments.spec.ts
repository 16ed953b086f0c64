// Owns the proof that the screens which a wallet shows only for a while can be used by everyone too: payments on their way and how they end, a fee raised, a question asked, a server away.
import { expect, type Page } from '@playwright/test';
import { c } from '../../src/lib/wallet/words/coins.js';
import { w } from '../../src/lib/wallet/words/waiting.js';
import { heldInvoice } from './support/judge.js';
import { expectAccessible } from './support/looks.js';
import { button, field, goTo, heading, satText, shownValue, t, visit } from './support/screen.js';
import {
  catchUpTimeoutMs,
  confirmPayment,
  enterPayment,
  fillChannel,
  payInvoice,
  requestPayment
} from './support/steps.js';
import { test } from './support/world.js';

const amountSat = 21_000n;

test('axe finds no violation on a payment on chain, from a wrong amount to a raised fee', async ({
  spender: { page },
  stand
}) => {
  await enterPayment(page, await stand.lnd.newAddress());
  await field(page, 'send.amount').fill('nothing');
  await button(page, 'app.continue').click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'amount of a payment, with an error');

  await field(page, 'send.amount').fill(String(amountSat));
  await button(page, 'app.continue').click();
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true }).click();
  await expect(heading(page, t('send.broadcast', { amount: satText(amountSat) }))).toBeVisible();
  await expectAccessible(page, 'a payment on chain that was sent');

  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(1);
  const [slow = ''] = await stand.chain.mempool();
  await visit(page, `/activity/${slow}`);
  await askForSpeed(page, '1');
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'a fee that cannot be raised so');
  await askForSpeed(page, '25');
  await expect(page.getByText(c('speed_up_replace'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'the price of a higher fee');
  await page.getByRole('button', { name: /^Speed up for / }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/activity/') && !url.pathname.endsWith(slow));
  await visit(page, `/activity/${slow}`);
  await expect(page.getByText(c('replaced_title'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'a payment that was replaced');
  await stand.mine(1);
});

test('axe finds no violation on a payment over Lightning, while it is on its way and however it ends', async ({
  spender: { page },
  stand
}) => {
  const held = await heldInvoice(stand, amountSat * 1_000n, 'held');
  await confirmPayment(page, held.bolt11, amountSat);
  await stand.lnd.awaitInvoice(held.paymentHash, 'ACCEPTED');
  await expect(page.getByText(t('send.sending_body'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'a payment on its way');
  await stand.lnd.cancelInvoice(held.paymentHash);
  await expect(heading(page, t('send.failed'))).toBeVisible();
  await expectAccessible(page, 'a payment that failed');
  await page.getByRole('link', { name: t('send.view'), exact: true }).click();
  await expect(page.getByText(t('payment.failed'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'a payment that failed, in full');

  const other = await heldInvoice(stand, amountSat * 1_000n, 'held too');
  await confirmPayment(page, other.bolt11, amountSat);
  await stand.lnd.awaitInvoice(other.paymentHash, 'ACCEPTED');
  await visit(page, '/waiting');
  await expect(heading(page, w('on_the_way'))).toBeVisible();
  await expectAccessible(page, 'money that waits, with a payment on its way');
  await stand.lnd.settleInvoice(other.preimage);
  await expect(heading(page, w('on_the_way'))).toHaveCount(0, { timeout: catchUpTimeoutMs });

  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: amountSat * 1_000n, memo: 'sent' });
  await payInvoice(page, bolt11, amountSat);
  await expectAccessible(page, 'a payment that arrived');
});

test('axe finds no violation on the question before a channel is opened', async ({ spender: { page }, stand }) => {
  await fillChannel(page, stand.lnd.nodeUri, 300_000n);
  await button(page, 'open.submit').click();
  await expect(page.getByRole('dialog', { name: t('open.confirm_title') })).toBeVisible();
  await expectAccessible(page, 'the question before a channel is opened');
  await button(page, 'app.cancel').click();
});

test('axe finds no violation on coins on their way here, and on a home whose blockchain server is away', async ({
  spender: { page },
  stand
}) => {
  await requestPayment(page, amountSat, 'on chain');
  await stand.chain.fund(await shownValue(page, 'receive.address'), amountSat);
  await expect(heading(page, t('receive.seen', { amount: satText(amountSat) }))).toBeVisible({
    timeout: catchUpTimeoutMs
  });
  await expectAccessible(page, 'coins on their way here');
  await visit(page, '/waiting');
  await expect(page.getByText(w('what_coins'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'money that waits, with coins on their way');
  await stand.mine(1);

  await goTo(page, 'home');
  stand.esplora.setFault('close');
  try {
    await expect(page.getByText(t('sync.failed'), { exact: true })).toBeVisible({ timeout: catchUpTimeoutMs });
    await page.getByText(t('app.details'), { exact: true }).click();
    await expectAccessible(page, 'home, while the blockchain server is away');
  } finally {
    stand.esplora.setFault();
  }
  await expect(page.getByRole('alert')).toHaveCount(0, { timeout: catchUpTimeoutMs });
});

async function askForSpeed(page: Page, feerateSatPerVb: string): Promise<void> {
  await page.getByLabel(c('speed_up_rate'), { exact: true }).fill(feerateSatPerVb);
  await page.getByRole('button', { name: c('speed_up_ask'), exact: true }).click();
}
