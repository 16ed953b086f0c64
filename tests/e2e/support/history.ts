// Owns the comparison of a wallet's Lightning history with lnd's: the same payments, once each, of the same amounts.
import type { Page } from '@playwright/test';
import type { Stand } from '../../regtest/stand.js';
import { goTo, satIn, t } from './screen.js';

/** One settled payment from the wallet's side: its note, and what it added, in sat. */
export type HistoryEntry = [note: string, changeSat: bigint];

/** What lnd settled since the mark was made; only of one wallet if only that wallet dealt with it since. */
export class LndHistory {
  private constructor(
    private readonly stand: Stand,
    private readonly invoices: number,
    private readonly payments: number
  ) {}

  static async mark(stand: Stand): Promise<LndHistory> {
    return new LndHistory(stand, (await stand.lnd.listInvoices()).length, (await stand.lnd.listPayments()).length);
  }

  async entries(): Promise<HistoryEntry[]> {
    const { lnd } = this.stand;
    const entries: HistoryEntry[] = [];
    for (const { state, memo, paidMsat } of (await lnd.listInvoices()).slice(this.invoices)) {
      if (state === 'SETTLED') entries.push([memo, -paidMsat / 1_000n]);
    }
    for (const { status, bolt11, amountMsat } of (await lnd.listPayments()).slice(this.payments)) {
      const { description } = await lnd.rest.get(`/v1/payreq/${bolt11}`);
      if (status === 'SUCCEEDED') entries.push([String(description), amountMsat / 1_000n]);
    }
    return entries.sort();
  }
}

/** What the wallet calls its own transactions. */
const onchainNames: string[] = [
  t('activity.received'),
  t('activity.sent'),
  t('activity.channel_opened'),
  t('activity.channel_closed')
];

/** The wallet's own list, without what moved on chain: that has no note of anybody's. */
export async function shownHistory(page: Page): Promise<HistoryEntry[]> {
  await goTo(page, 'activity');
  const rows = page.getByRole('list', { name: t('activity.list') }).getByRole('link');
  await rows.first().waitFor();
  const entries: HistoryEntry[] = [];
  for (const row of await rows.all()) {
    const note = await row.locator('.name').innerText();
    const amount = await row.locator('.amount').innerText();
    if (!onchainNames.includes(note)) entries.push([note, amount.startsWith('+') ? satIn(amount) : -satIn(amount)]);
  }
  return entries.sort();
}
