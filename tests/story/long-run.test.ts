// Owns the proof that a wallet does not wear out: a thousand payments, both ways, agree with lnd to the msat, are each in the history once, and leave no heap on the disk.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Payment } from '../../wasm/pkg/tern.js';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, fund, openChannel, payLnd, receiveFromLnd } from './steps.js';

const EACH_WAY = 500;
/** So many go on at the same time, each one after another. */
const LANES = 10;
const PAGE = 100;
/** What lnd has before the first payment to us: more than all of them, so that their order does not matter. */
const FIRST_MSAT = 200_000_000n;
/** A monitor is written anew after 300 updates at the latest, of which each payment makes some; the turn that does it may hold a few more. */
const MOST_UPDATE_ROWS = 350;
/** Updates, those that just went, and a few beside them. */
const MOST_OUTBOX_ROWS = 500;
const TIMEOUT_MS = 600_000;

describe('a thousand payments in a row', () => {
  let stand: Stand;
  let server: Awaited<ReturnType<typeof pglite.start>> | undefined;
  let device: Device;
  const sentMsat = new Map<string, bigint>();
  const receivedMsat = new Map<string, bigint>();
  let before: { lndMsat: bigint; ownMsat: bigint };

  let [mostUpdateRows, mostOutboxRows] = [0, 0];

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    server = await pglite.start();
    device = await Device.start(stand, { vssUrl: server.url });
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    await send(FIRST_MSAT);
    await atRest();
    before = await balances();
  });

  afterAll(async () => {
    await device?.off();
    await server?.stop();
    await stand?.stop();
  });

  it(
    'all settle, and lnd has the same list of them and the same sum',
    async () => {
      const numbers = Array.from({ length: EACH_WAY }, (_, number) => number);
      await Promise.all(
        Array.from({ length: LANES }, async (_, lane) => {
          for (const number of numbers.filter((each) => each % LANES === lane)) {
            await send(100_000n + BigInt(number) * 17n);
            await receive(90_000n + BigInt(number) * 13n);
            if (lane === 0) await look();
          }
        })
      );
      await atRest();

      const invoices = (await stand.lnd.listInvoices()).filter(({ state }) => state === 'SETTLED');
      expect(new Map(invoices.map((invoice) => [invoice.paymentHash, invoice.paidMsat]))).toEqual(sentMsat);
      const payments = (await stand.lnd.listPayments()).filter(({ status }) => status === 'SUCCEEDED');
      expect(new Map(payments.map((payment) => [payment.paymentHash, payment.amountMsat]))).toEqual(receivedMsat);
      expect([invoices.length, payments.length]).toEqual([EACH_WAY + 1, EACH_WAY]);

      const movedMsat = sum(sentMsat) - FIRST_MSAT - sum(receivedMsat);
      const after = await balances();
      expect([after.lndMsat - before.lndMsat, before.ownMsat - after.ownMsat]).toEqual([movedMsat, movedMsat]);
      await assertNoForceClose(stand);
    },
    TIMEOUT_MS
  );

  it('are in the history once each, with what lnd says of them', async () => {
    const history = (await wholeHistory()).filter(({ kind }) => kind === 'bolt11');
    expect(history).toHaveLength(2 * EACH_WAY + 1);
    const settled = (direction: Payment['direction']): Map<string, bigint | undefined> =>
      new Map(
        history
          .filter((each) => each.direction === direction && each.status === 'succeeded')
          .map((each) => [each.id, each.amountMsat])
      );
    expect(settled('outbound')).toEqual(sentMsat);
    expect(settled('inbound')).toEqual(receivedMsat);
  });

  it('leave a row each on the disk, and else no more than there was', async () => {
    await device.awaitBackup('up_to_date');
    const rows = await device.disk.allRows();
    const counts: Record<string, number> = {};
    for (const { primary } of rows) counts[primary] = (counts[primary] ?? 0) + 1;
    expect(counts).toMatchObject({ payments: (await wholeHistory()).length, monitors: 1 });
    expect(counts).not.toHaveProperty('invoices');
    expect(await device.disk.outbox()).toEqual([]);
    expect(mostUpdateRows, 'updates at any one time').toBeLessThan(MOST_UPDATE_ROWS);
    expect(mostOutboxRows, 'rows waiting for the backup at any one time').toBeLessThan(MOST_OUTBOX_ROWS);
    console.log(`at most ${mostUpdateRows} updates and ${mostOutboxRows} rows that wait; at the end`, counts);
  });

  it('leave a wallet that, opened again, has the same history, pays and is paid', async () => {
    const history = await wholeHistory();
    device = await device.reload();
    expect(await wholeHistory()).toEqual(history);
    await stand.lnd.awaitUsableChannel((await device.wallet.info()).nodeId);
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    await send(1_000_001n);
    await receive(1_000_003n);
    await atRest();
    await assertNoForceClose(stand);
  });

  /** Remembers the most there ever was of what must not pile up. */
  async function look(): Promise<void> {
    const updates = (await device.disk.allRows()).filter(({ primary }) => primary === 'monitor_updates');
    mostUpdateRows = Math.max(mostUpdateRows, updates.length);
    mostOutboxRows = Math.max(mostOutboxRows, (await device.disk.outbox()).length);
  }

  async function send(amountMsat: bigint): Promise<void> {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat });
    sentMsat.set(paymentHash, amountMsat);
    await payLnd(stand, device, bolt11, paymentHash);
  }

  async function receive(amountMsat: bigint): Promise<void> {
    receivedMsat.set(await receiveFromLnd(stand, device, amountMsat), amountMsat);
  }

  /** Every page of it, newest first. */
  async function wholeHistory(): Promise<Payment[]> {
    const all: Payment[] = [];
    let next: string | undefined;
    do {
      const page = await device.wallet.payments(PAGE, next);
      all.push(...page.payments);
      next = page.next;
    } while (next !== undefined);
    return all;
  }

  /** lnd's own list of channels knows whole sats only. */
  async function balances(): Promise<{ lndMsat: bigint; ownMsat: bigint }> {
    const json = await stand.lnd.rest.get('/v1/balance/channels');
    const [channel] = await device.wallet.channels();
    return { lndMsat: BigInt((json.local_balance as { msat: string }).msat), ownMsat: channel?.outboundMsat ?? 0n };
  }

  /** Both sides have forgotten the last HTLC. */
  async function atRest(): Promise<void> {
    const isAtRest = async (): Promise<boolean> =>
      (await stand.lnd.listChannels()).every((channel) => channel.pendingHtlcs === 0) &&
      (await device.wallet.info()).nextHtlcExpiryHeight === undefined;
    await waitFor(isAtRest, { what: 'the last HTLC to be gone' });
  }
});

function sum(amountsMsat: Map<string, bigint>): bigint {
  return [...amountsMsat.values()].reduce((total, each) => total + each, 0n);
}
