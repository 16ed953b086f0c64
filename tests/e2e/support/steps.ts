// Owns the steps of a wallet's story as a user takes them on the screens; each ends when the screen and the other side say that it is done.
import { expect, type Locator, type Page } from '@playwright/test';
import { sayChannel } from '../../../src/lib/wallet/words/channel.js';
import type { LndChannel } from '../../regtest/lnd.js';
import type { Stand } from '../../regtest/stand.js';
import { button, field, goTo, heading, link, satIn, satText, shownValue, t } from './screen.js';

/** Peers and chain are looked at every few seconds, and dialled again with patience. */
export const catchUpTimeoutMs = 60_000;

/** The wallet's address for coins, as shown. */
export async function shownAddress(page: Page): Promise<string> {
  await openHomeLink(page, 'home.receive');
  await expect(page.getByText(t('receive.address'), { exact: true })).toBeVisible();
  return shownValue(page, 'receive.address');
}

/** Pays `amountSat` to the address on the screen and confirms it; ends when home shows the coins. */
export async function fundWallet(stand: Stand, page: Page, amountSat: bigint): Promise<void> {
  const before = await totalSat(page);
  await stand.chain.fund(await shownAddress(page), amountSat);
  await stand.mine(1);
  await goTo(page, 'home');
  await expect.poll(() => spendableSat(page), { timeout: catchUpTimeoutMs }).toBe(before + amountSat);
}

/** The wallet's own node id, from the settings. */
export async function walletNodeId(page: Page): Promise<string> {
  await goTo(page, 'settings');
  await expect(page.getByText(t('settings.node_id'), { exact: true })).toBeVisible();
  return shownValue(page, 'settings.node_id');
}

/** Asks lnd for a channel and agrees to the question; ends when the screen lists the channel. */
export async function requestChannel(stand: Stand, page: Page, amountSat: bigint): Promise<void> {
  await fillChannel(page, stand.lnd.nodeUri, amountSat);
  await button(page, 'open.submit').click();
  await page.getByRole('button', { name: t('open.confirm', { amount: satText(amountSat) }), exact: true }).click();
  await expect(channelRows(page)).not.toHaveCount(0, { timeout: catchUpTimeoutMs });
}

export async function fillChannel(page: Page, nodeUri: string, amountSat: bigint): Promise<void> {
  await goTo(page, 'channels');
  await link(page, 'channels.open').click();
  await field(page, 'open.peer').fill(nodeUri);
  await field(page, 'open.amount').fill(String(amountSat));
}

/** Opens a channel to lnd and mines until both sides can use it; the channel in lnd's eyes. */
export async function openChannel(stand: Stand, page: Page, amountSat: bigint): Promise<LndChannel> {
  const nodeId = await walletNodeId(page);
  await requestChannel(stand, page, amountSat);
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).not.toEqual([]);
  await stand.mine(6);
  await expectReady(page);
  return stand.lnd.awaitUsableChannel(nodeId, catchUpTimeoutMs);
}

/** The list shows a channel that can be used. */
export async function expectReady(page: Page): Promise<void> {
  await goTo(page, 'channels');
  const ready = channelRows(page).filter({ hasText: t('channels.state_ready') });
  await expect(ready).toHaveCount(1, { timeout: catchUpTimeoutMs });
}

export function channelRows(page: Page): Locator {
  return page.getByRole('list', { name: t('channels.list') }).getByRole('listitem');
}

/** The list shows of every channel with lnd what lnd says of it. */
export async function expectAllAgreed(stand: Stand, page: Page, nodeId: string): Promise<void> {
  const theirs = (await stand.lnd.listChannels()).filter((channel) => channel.nodeId === nodeId);
  await goTo(page, 'channels');
  await expect(channelRows(page)).toHaveCount(theirs.length);
  for (const channel of theirs) {
    const has = page.getByText(satText(receivableSat(channel)), { exact: true });
    await expect(channelRows(page).filter({ has })).toHaveCount(1);
  }
}

/** What a wallet can receive: what lnd has, less the reserve it must keep. */
function receivableSat({ localBalanceSat, capacitySat }: LndChannel): bigint {
  const reserveSat = capacitySat / 100n;
  return localBalanceSat > reserveSat ? localBalanceSat - reserveSat : 0n;
}

/** The list shows of the wallet's one channel what lnd says of it: to receive is what lnd has, less the reserve it must keep. */
export async function expectAgreed(stand: Stand, page: Page, nodeId: string): Promise<void> {
  const theirs = async (): Promise<LndChannel | undefined> =>
    (await stand.lnd.listChannels()).find((channel) => channel.nodeId === nodeId);
  await expect.poll(async () => (await theirs())?.pendingHtlcs).toBe(0);
  await expectReady(page);
  await expectAllAgreed(stand, page, nodeId);
}

/** Pastes a payment request and goes on to the question. */
export async function enterPayment(page: Page, request: string): Promise<void> {
  await openHomeLink(page, 'home.send');
  await field(page, 'send.to').fill(request);
  await button(page, 'app.continue').click();
}

/** Goes as far as agreeing to the payment. */
export async function confirmPayment(page: Page, bolt11: string, amountSat: bigint): Promise<void> {
  await enterPayment(page, bolt11);
  await confirmReviewed(page, amountSat);
}

/** Agrees to the payment that is entered. */
export async function confirmReviewed(page: Page, amountSat: bigint): Promise<void> {
  await expect(heading(page, t('send.review_title'))).toBeVisible();
  await page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true }).click();
}

/** Pays and ends when the screen says that the payment has arrived. */
export async function payInvoice(page: Page, bolt11: string, amountSat: bigint): Promise<void> {
  await confirmPayment(page, bolt11, amountSat);
  await expect(heading(page, t('send.sent', { amount: satText(amountSat) }))).toBeVisible();
}

/** Asks for an amount with a note and gives the invoice on the screen. */
export async function requestPayment(page: Page, amountSat: bigint, note: string): Promise<string> {
  await openHomeLink(page, 'home.receive');
  await page.getByText(t('receive.edit'), { exact: true }).click();
  await field(page, 'receive.amount').fill(String(amountSat));
  await field(page, 'receive.description').fill(note);
  await button(page, 'receive.update').click();
  await expect(page.getByText(t('receive.asking', { amount: satText(amountSat) }), { exact: true })).toBeVisible();
  return shownValue(page, 'receive.invoice');
}

/** Asks to close the one channel that is shown as usable. */
export async function requestClosing(page: Page): Promise<void> {
  await expectReady(page);
  await channelRows(page)
    .filter({ hasText: t('channels.state_ready') })
    .getByRole('link')
    .click();
  await button(page, 'channel.close').click();
  await button(page.getByRole('dialog', { name: t('channel.close_title') }), 'channel.close').click();
  await expect(page.getByText(t('channel.close_requested'), { exact: true })).toBeVisible();
}

/** Closes the one channel of the list, which is on the screen, without its peer. */
export async function closeByForce(page: Page): Promise<void> {
  await channelRows(page).getByRole('link').click();
  await page.getByRole('button', { name: sayChannel('channel.force'), exact: true }).click();
  const dialog = page.getByRole('dialog', { name: sayChannel('channel.force_title') });
  await dialog.getByText(sayChannel('channel.force_understood')).click();
  await dialog.getByRole('button', { name: sayChannel('channel.force'), exact: true }).click();
}

/** How a payment stands by its own page: one of the words of `payment.*`. Its row is found by its note. */
export async function paymentStatus(page: Page, note: string): Promise<string | undefined> {
  await goTo(page, 'activity');
  await expect(page.getByText(t('activity.loading'), { exact: true })).toHaveCount(0);
  const row = page
    .getByRole('list', { name: t('activity.list') })
    .getByRole('link')
    .filter({ hasText: note });
  if ((await row.count()) === 0) return undefined;
  await row.click();
  return fact(page, t('payment.status')).innerText();
}

export async function totalSat(page: Page): Promise<bigint> {
  await goTo(page, 'home');
  const shown = balanceCard(page).getByRole('button');
  await expect(shown).toHaveText(/ sat/);
  return satIn(await shown.innerText());
}

/** What home calls spendable, Lightning and chain together. */
export async function spendableSat(page: Page): Promise<bigint> {
  return satIn(await balanceFact(page, t('home.spendable')).innerText());
}

export async function pendingSat(page: Page): Promise<bigint> {
  return satIn(await balanceFact(page, t('home.pending')).innerText());
}

function balanceCard(page: Page): Locator {
  return page.getByRole('region', { name: t('home.total') });
}

function balanceFact(page: Page, term: string): Locator {
  return balanceCard(page)
    .locator('dl > div', { has: page.getByText(term, { exact: true }) })
    .locator('dd')
    .first();
}

function fact(page: Page, term: string): Locator {
  return page
    .locator('dl > div', { has: page.getByText(term, { exact: true }) })
    .locator('dd')
    .first();
}

async function openHomeLink(page: Page, key: 'home.send' | 'home.receive'): Promise<void> {
  await goTo(page, 'home');
  await link(page.getByRole('main'), key).click();
  await expect(heading(page, t(key === 'home.send' ? 'send.title' : 'receive.title'))).toBeVisible();
}
