// Owns the proof that what cannot be paid is refused on the screen with cause, next step and code, and that nothing has changed here or at lnd.
import { expect, type Page } from '@playwright/test';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import type { ErrorCode } from '../../src/wire/errors.js';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { channelsWith, expectChannelsWhole } from './support/judge.js';
import { button, expectError, field, goTo, heading, satText, t } from './support/screen.js';
import type { Spender } from './support/spender.js';
import {
  catchUpTimeoutMs,
  channelRows,
  enterPayment,
  expectAgreed,
  fillChannel,
  payInvoice,
  spendableSat,
  totalSat
} from './support/steps.js';
import { test } from './support/world.js';

/** BOLT 11's own example, and BIP 173's: of another network. */
const mainnetInvoice =
  'lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpuaztrnwngzn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63nyw24cg27h2rspfj9srp';
const mainnetAddress = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';

test.describe('a payment that cannot be made', () => {
  test('because its invoice has expired is refused', async ({ spender, stand }) => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n, expiryS: 1 });
    const madeAtMs = Date.now();
    await waitFor(() => Date.now() - madeAtMs > 2_000, { what: 'the invoice to expire' });
    await expectRefused(spender, stand, 'invoice_expired', (page) => enterPayment(page, bolt11));
  });

  test('because its invoice is damaged is refused', async ({ spender, stand }) => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    const altered = bolt11.slice(0, 60) + (bolt11[60] === 'q' ? 'p' : 'q') + bolt11.slice(61);
    await expectRefused(spender, stand, 'invalid_invoice', (page) => enterPayment(page, altered));
    await expectRefused(spender, stand, 'invalid_payment_uri', (page) => enterPayment(page, 'tea for two'));
  });

  test('because it belongs to another network is refused', async ({ spender, stand }) => {
    await expectRefused(spender, stand, 'wrong_network', (page) => enterPayment(page, mainnetInvoice));
    await expectRefused(spender, stand, 'wrong_network', (page) => enterPayment(page, `bitcoin:${mainnetAddress}`));
  });

  test('because it was made before is refused, also when its invoice has expired and an address stands beside it', async ({
    spender,
    stand
  }) => {
    const request = { amountMsat: 2_000_000n, memo: 'once', expiryS: 12 };
    const { bolt11, paymentHash } = await stand.lnd.addInvoice(request);
    const madeAtMs = Date.now();
    const uri = `bitcoin:${await stand.lnd.newAddress()}?amount=0.00002&lightning=${bolt11}`;
    await payInvoice(spender.page, bolt11, 2_000n);
    await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
    await expectRefused(spender, stand, 'invoice_already_paid', (page) => enterPayment(page, bolt11));
    await waitFor(() => Date.now() - madeAtMs > 13_000, { what: 'the invoice to expire', timeoutMs: 20_000 });
    await expectRefused(spender, stand, 'invoice_already_paid', (page) => enterPayment(page, uri));
  });

  test('because it is for more than there is is refused', async ({ spender, stand }) => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 5_000_000_000n });
    await expectRefused(spender, stand, 'insufficient_balance', (page) => enterPayment(page, bolt11));
    const address = await stand.lnd.newAddress();
    const uri = `bitcoin:${address}?amount=5`;
    await expectRefused(spender, stand, 'insufficient_balance', (page) => enterPayment(page, uri));
  });

  test('because its amount is zero is refused', async ({ spender, stand }) => {
    const uri = `bitcoin:${await stand.lnd.newAddress()}?amount=0`;
    await expectRefused(spender, stand, 'invalid_amount', (page) => enterPayment(page, uri));
    const { bolt11 } = await stand.lnd.addInvoice({});
    await expectUnchanged(spender, stand, async ({ page }) => {
      await enterPayment(page, bolt11);
      await field(page, 'send.amount').fill('0');
      await button(page, 'app.continue').click();
      await expect(page.getByRole('alert')).toHaveText(errorWords.invalid_amount.title);
      await expect(heading(page, t('send.title'))).toBeVisible();
    });
  });
});

test('a channel that cannot be opened is refused: too large, no node, nobody there', async ({ spender, stand }) => {
  const stranger = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798@127.0.0.1:1';
  const ask = (nodeUri: string, amountSat: bigint) => async (page: Page) => {
    await fillChannel(page, nodeUri, amountSat);
    await button(page, 'open.submit').click();
  };
  const open = (nodeUri: string, amountSat: bigint) => async (page: Page) => {
    await ask(nodeUri, amountSat)(page);
    await page.getByRole('button', { name: t('open.confirm', { amount: satText(amountSat) }), exact: true }).click();
  };
  await expectRefused(spender, stand, 'insufficient_balance', ask(stand.lnd.nodeUri, 50_000_000n));
  await expectRefused(spender, stand, 'invalid_node_uri', open('nobody', 100_000n));
  await expectRefused(spender, stand, 'peer_unreachable', open(stranger, 100_000n));
});

test('a blockchain server that answers HTML or nothing is named, and used again when it is well', async ({
  spender: { page, nodeId },
  stand
}) => {
  const before = await totalSat(page);
  for (const [fault, code] of [
    ['html', 'chain_invalid_answer'],
    ['close', 'chain_unavailable']
  ] as const) {
    stand.esplora.setFault(fault);
    try {
      await expectError(page, code);
      await expect(page.getByText(t('sync.failed'), { exact: true })).toBeVisible();
      await stand.mine(1);
    } finally {
      stand.esplora.setFault();
    }
    const block = t('sync.done', { height: (await stand.chain.height()).toLocaleString('en-US') });
    await expect(page.getByText(block, { exact: true })).toBeVisible({ timeout: catchUpTimeoutMs });
    await expect(page.getByRole('alert')).toHaveCount(0);
    expect(await totalSat(page)).toBe(before);
  }
  await expectChannelsWhole(stand, nodeId);
});

/** The act ends in this error on the screen, and changes nothing. */
async function expectRefused(
  spender: Spender,
  stand: Stand,
  code: ErrorCode,
  act: (page: Page) => Promise<void>
): Promise<void> {
  await expectUnchanged(spender, stand, async ({ page }) => {
    await act(page);
    await expectError(page, code);
  });
}

async function expectUnchanged(
  spender: Spender,
  stand: Stand,
  act: (spender: Spender) => Promise<void>
): Promise<void> {
  await expectAgreed(stand, spender.page, spender.nodeId);
  const before = await stateOf(spender, stand);
  await act(spender);
  expect(await stateOf(spender, stand)).toEqual(before);
}

/** What the wallet shows of its money, and what lnd and the chain know. */
async function stateOf({ page, nodeId }: Spender, stand: Stand): Promise<object> {
  await goTo(page, 'channels');
  await expect(channelRows(page).first()).toBeVisible();
  const channels = await channelRows(page).allInnerTexts();
  await goTo(page, 'activity');
  const payments = page.getByRole('list', { name: t('activity.list') }).getByRole('listitem');
  await expect(payments.first()).toBeVisible();
  return {
    channels,
    payments: await payments.count(),
    total: await totalSat(page),
    spendable: await spendableSat(page),
    lndChannels: (await channelsWith(stand, nodeId)).map(({ channelPoint, localBalanceSat, pendingHtlcs }) => [
      channelPoint,
      localBalanceSat,
      pendingHtlcs
    ]),
    lndSettled: (await stand.lnd.listInvoices()).filter(({ state }) => state !== 'OPEN' && state !== 'CANCELED').length,
    lndPayments: (await stand.lnd.listPayments()).length,
    mempool: await stand.chain.mempool()
  };
}
