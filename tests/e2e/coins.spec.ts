// Owns the proof that coins can be labelled and frozen, and transactions that wait sped up from the screens, and that a node's id is enough to pay: by mempool, chain and lnd.
import { expect, type Locator, type Page } from '@playwright/test';
import type { Stand } from '../regtest/stand.js';
import { c } from '../../src/lib/wallet/words/coins.js';
import { createWallet, unlock } from './support/onboarding.js';
import { button, field, goTo, heading, satText, t, visit } from './support/screen.js';
import {
  catchUpTimeoutMs,
  enterPayment,
  fillChannel,
  fundWallet,
  shownAddress,
  spendableSat,
  totalSat
} from './support/steps.js';
import { freshContext, test } from './support/world.js';

const amountSat = 31_000n;

test('a payment that waits is sped up for what is told from the start: the mempool has only the faster one, and its label went along', async ({
  spender: { page },
  stand
}) => {
  await enterPayment(page, await stand.lnd.newAddress());
  await field(page, 'send.amount').fill(String(amountSat));
  await button(page, 'app.continue').click();
  await expect(heading(page, t('send.review_title'))).toBeVisible();
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true }).click();
  await expect(heading(page, t('send.broadcast', { amount: satText(amountSat) }))).toBeVisible();
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(1);
  const [slow = ''] = await stand.chain.mempool();

  await visit(page, `/activity/${slow}`);
  await field(page, 'payment.label').fill('new roof');
  await button(page, 'payment.save_label').click();
  await expect(page.getByText(t('app.saved'), { exact: true })).toBeVisible();
  stand.esplora.feerateSatPerVb = 25;
  await expect(async () => {
    await visit(page, '/activity');
    await visit(page, `/activity/${slow}`);
    await expect(page.getByLabel(c('speed_up_rate'), { exact: true })).toHaveValue('25', { timeout: 1_000 });
  }).toPass({ timeout: catchUpTimeoutMs });
  stand.esplora.feerateSatPerVb = 2;
  // What the fast rate costs is there without a question.
  await expect(page.getByText(c('speed_up_replace'), { exact: true })).toBeVisible();
  await expect(named(page, c('speed_up_ask'))).toHaveCount(0);
  await page.getByRole('button', { name: /^Speed up for / }).click();
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toContain(slow);
  const fast = await waitingTransaction(stand);
  expect(fast.feerateSatPerVb).toBeCloseTo(25, 0);

  await page.waitForURL(`**/activity/${fast.txid}`);
  await expect(field(page, 'payment.label')).toHaveValue('new roof');
  await visit(page, `/activity/${slow}`);
  await expect(page.getByText(c('replaced_title'), { exact: true })).toBeVisible();
  await stand.mine(1);
  const answer = await fetch(`${stand.esplora.url}/tx/${fast.txid}`);
  expect(await answer.json()).toMatchObject({ status: { confirmed: true } });
});

test('a fee rate that is none faster is refused before anything is sent', async ({ spender: { page }, stand }) => {
  await enterPayment(page, await stand.lnd.newAddress());
  await field(page, 'send.amount').fill(String(amountSat));
  await button(page, 'app.continue').click();
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true }).click();
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(1);
  const [waiting = ''] = await stand.chain.mempool();
  await visit(page, `/activity/${waiting}`);
  for (const rate of ['1', '0', 'fast']) {
    await page.getByLabel(c('speed_up_rate'), { exact: true }).fill(rate);
    await named(page, c('speed_up_ask')).click();
    await expect(page.getByRole('alert')).toBeVisible();
  }
  expect(await stand.chain.mempool()).toEqual([waiting]);
  await stand.mine(1);
});

test('a frozen coin is no longer spendable, and is again when it is freed', async ({ spender: { page } }) => {
  await visit(page, '/settings/coins');
  const boxes = page.getByRole('checkbox');
  await expect(boxes.first()).toBeVisible();
  const count = await boxes.count();
  for (let at = 0; at < count; at += 1) {
    await boxes.nth(at).check();
    await expect(boxes.nth(at)).toBeChecked();
  }
  await goTo(page, 'home');
  await visit(page, '/settings/coins');
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(count);
  const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
  await enterPayment(page, `bitcoin:${address}?amount=0.0001`);
  await expect(page.getByRole('alert')).toBeVisible();

  await visit(page, '/settings/coins');
  for (let at = 0; at < count; at += 1) {
    await boxes.nth(at).uncheck();
    await expect(boxes.nth(at)).not.toBeChecked();
  }
  await enterPayment(page, `bitcoin:${address}?amount=0.0001`);
  await expect(heading(page, t('send.review_title'))).toBeVisible();
});

test('a label is shown beside its coin, also after a reload; everything but the frozen coin is sent, by what the chain holds', async ({
  browser,
  appUrl,
  stand
}) => {
  const page = await (await freshContext(browser, appUrl)).newPage();
  await createWallet(page);
  const address = await shownAddress(page);
  const [savings, change] = [400_000n, 150_000n];
  const savingsTxid = await stand.chain.fund(address, savings);
  const changeTxid = await stand.chain.fund(address, change);
  await stand.mine(1);
  await goTo(page, 'home');
  await expect.poll(() => spendableSat(page), { timeout: catchUpTimeoutMs }).toBe(savings + change);

  await visit(page, `/activity/${savingsTxid}`);
  await field(page, 'payment.label').fill('for the roof');
  await button(page, 'payment.save_label').click();
  await expect(page.getByText(t('app.saved'), { exact: true })).toBeVisible();
  await visit(page, '/settings/coins');
  await expect(coinRow(page, savings)).toContainText('for the roof');
  await freezing(page, savings).check();
  await expect(freezing(page, savings)).toBeChecked();
  await page.reload();
  await unlock(page);
  await visit(page, '/settings/coins');
  await expect(coinRow(page, savings)).toContainText('for the roof');
  await expect(coinRow(page, change)).not.toContainText('for the roof');
  await expect(freezing(page, savings)).toBeChecked();
  await expect(freezing(page, change)).not.toBeChecked();

  const receiver = await stand.lnd.newAddress();
  await enterPayment(page, receiver);
  await page.getByLabel(t('send.everything'), { exact: true }).check();
  await button(page, 'app.continue').click();
  await page.getByRole('button', { name: /^Send [\d,]+ sat$/ }).click();
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(1);
  const [txid = ''] = await stand.chain.mempool();
  const sent = await transactionOf(stand, txid);
  expect(sent.vin.map((input) => input.txid)).toEqual([changeTxid]);
  expect(sent.vout).toHaveLength(1);
  expect(sent.vout[0]).toMatchObject({ scriptpubkey_address: receiver, value: Number(change) - sent.fee });
  await stand.mine(1);
  await goTo(page, 'home');
  await expect.poll(() => totalSat(page), { timeout: catchUpTimeoutMs }).toBe(savings);
  expect(await spendableSat(page)).toBe(0n);
  await page.context().close();
});

test('the descriptors are public ones', async ({ spender: { page } }) => {
  await visit(page, '/settings/coins');
  await named(page, c('watch_show')).click();
  const shown = page.locator('[data-value^="wpkh(["]');
  await expect(shown).toHaveCount(2);
  for (const value of await shown.evaluateAll((all) => all.map((each) => each.getAttribute('data-value')))) {
    expect(value).toMatch(/\/84'\/1'\/0'\]tpub\w+\/[01]\/\*\)#\w{8}$/);
  }
});

test('the id of a node is enough to pay it; lnd calls it settled', async ({ spender: { page }, stand }) => {
  const { nodeId } = await stand.lnd.getInfo();
  const before = (await stand.lnd.listInvoices()).length;
  await enterPayment(page, nodeId);
  await field(page, 'send.amount').fill('7000');
  await button(page, 'app.continue').click();
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(7_000n) }), exact: true }).click();
  await expect(heading(page, t('send.sent', { amount: satText(7_000n) }))).toBeVisible();
  const invoices = await stand.lnd.listInvoices();
  expect(invoices).toHaveLength(before + 1);
  expect(invoices.at(-1)).toMatchObject({ state: 'SETTLED', paidMsat: 7_000_000n });
});

test('a payment, and the funding of a channel, pay for the speed that was chosen, by what the chain holds of them', async ({
  browser,
  appUrl,
  stand
}) => {
  const context = await freshContext(browser, appUrl);
  const page = await context.newPage();
  await createWallet(page);
  await fundWallet(stand, page, 500_000n);
  stand.esplora.feerateSatPerVb = (targetBlocks) => (targetBlocks <= 2 ? 20 : targetBlocks <= 6 ? 10 : 5);
  await stand.mine(1);
  await expect(async () => {
    await visit(page, '/channels');
    await visit(page, '/channels/open');
    await expect(page.getByText('about 20 minutes, 20 sat/vB', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: catchUpTimeoutMs });

  await enterPayment(page, await stand.lnd.newAddress());
  await field(page, 'send.amount').fill(String(amountSat));
  await button(page, 'app.continue').click();
  await page.getByRole('radio', { name: t('send.fast') }).check();
  await expect(page.getByRole('radio', { name: t('send.fast') })).toBeChecked();
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true }).click();
  expect((await waitingTransaction(stand)).feerateSatPerVb).toBeCloseTo(20, 0);
  await stand.mine(1);

  await fillChannel(page, stand.lnd.nodeUri, 100_000n);
  await page.getByRole('radio', { name: t('send.slow') }).check();
  await button(page, 'open.submit').click();
  const asked = page.getByRole('dialog', { name: t('open.confirm_title') });
  await expect(asked.getByRole('definition')).toHaveCount(4);
  const told = await asked.getByRole('definition').allInnerTexts();
  await page.getByRole('button', { name: t('open.confirm', { amount: satText(100_000n) }), exact: true }).click();
  const funding = await waitingTransaction(stand);
  expect(funding.feerateSatPerVb).toBeCloseTo(5, 0);
  expect(told.slice(1)).toEqual([100_000n, funding.feeSat, 100_000n + funding.feeSat].map(satText));
  stand.esplora.feerateSatPerVb = 2;
  await context.close();
  await stand.mine(6);
});

/** What the only transaction that waits pays. */
async function waitingTransaction(stand: Stand): Promise<{ txid: string; feeSat: bigint; feerateSatPerVb: number }> {
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(1);
  const [txid = ''] = await stand.chain.mempool();
  const { fee, weight } = await transactionOf(stand, txid);
  return { txid, feeSat: BigInt(fee), feerateSatPerVb: (fee * 4) / weight };
}

interface Transaction {
  fee: number;
  weight: number;
  vin: { txid: string }[];
  vout: { scriptpubkey_address: string; value: number }[];
}

async function transactionOf(stand: Stand, txid: string): Promise<Transaction> {
  return (await (await fetch(`${stand.esplora.url}/tx/${txid}`)).json()) as Transaction;
}

function coinRow(page: Page, amountSat: bigint): Locator {
  return page.getByRole('listitem').filter({ hasText: satText(amountSat) });
}

function freezing(page: Page, amountSat: bigint): Locator {
  return page.getByRole('checkbox', { name: c('coins_freeze_named', { coin: satText(amountSat) }), exact: true });
}

function named(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true });
}
