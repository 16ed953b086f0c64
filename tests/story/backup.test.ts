// Owns the proof that a backup server that fails, in either mode, loses neither a payment nor a channel: lnd and the chain are asked, and the server alone must be enough.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, fund, openChannel, payLnd } from './steps.js';

type Pass = () => Promise<Response>;
type Fault = (pass: Pass) => Promise<Response>;

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const away: Fault = () => Promise.reject(new TypeError('fetch failed'));
const answering = (status: number, contentType: string, body: string): Fault => {
  return () => Promise.resolve(new Response(body, { status, headers: { 'content-type': contentType } }));
};
const faults: [string, Fault][] = [
  ['nothing', away],
  ['500', answering(500, 'text/plain', 'oops')],
  ['401', answering(401, 'text/plain', 'who are you?')],
  ['409 without cause', answering(409, 'application/octet-stream', '')],
  ['a web page', answering(200, 'text/html', '<!doctype html><title>Welcome</title>')],
  [
    'half an answer',
    async (pass) => {
      const whole = new Uint8Array(await (await pass()).arrayBuffer());
      return new Response(whole.slice(0, whole.length >> 1), {
        headers: { 'content-type': 'application/octet-stream' }
      });
    }
  ],
  ['nothing after it has committed', (pass) => pass().then(() => Promise.reject(new TypeError('terminated')))]
];

describe('a wallet whose backup server fails', () => {
  let stand: Stand;
  let server: Awaited<ReturnType<typeof pglite.start>>;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    server = await pglite.start();
    device = await Device.start(stand, { vssUrl: server.url });
    await fund(stand, device, 5_000_000n);
    await openChannel(stand, device);
    await pay();
  }, 600_000);

  afterAll(async () => {
    await device?.off();
    await server?.stop();
    await stand?.stop();
  });

  /** lnd says that the payment arrived. */
  async function pay(): Promise<string> {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 20_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    return paymentHash;
  }

  /** What lnd has of ours, in sat. */
  async function paidSat(): Promise<bigint> {
    const settled = (await stand.lnd.listInvoices()).filter(({ state }) => state === 'SETTLED');
    return settled.reduce((sum, { amountMsat }) => sum + amountMsat / 1000n, 0n);
  }

  it('pauses payments in acknowledged mode, holds what comes in, and goes on without a click', async () => {
    device.vssFault = away;
    const invoice = await device.wallet.createInvoice({ amountMsat: 1_000_000n, description: 'x', expirySeconds: 600 });
    await device.awaitBackup('paused');
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await expect(device.wallet.pay({ bolt11 })).rejects.toEqual(code('payments_paused'));

    const paying = stand.lnd.payInvoice({ bolt11: invoice.bolt11, timeoutS: 60 });
    paying.catch(() => undefined);
    const isInFlight = async (): Promise<boolean> =>
      (await stand.lnd.listPayments()).some(
        (each) => each.paymentHash === invoice.paymentHash && each.status === 'IN_FLIGHT'
      );
    await waitFor(isInFlight, { what: "lnd's payment to be on its way" });
    expect((await device.wallet.payment(invoice.paymentHash))?.status).not.toBe('succeeded');
    device.vssFault = undefined;
    await paying;
    await awaitStatus(device, invoice.paymentHash, ['succeeded']);
    await device.awaitBackup('up_to_date');
  }, 120_000);

  it.each(faults)(
    'settles a payment though the server answers %s for a while',
    async (_name, fault) => {
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 20_000_000n });
      const paying = device.wallet.pay({ bolt11 });
      // Only now: a wallet that knows of the fault would not begin.
      let left = 3;
      device.vssFault = (pass) => (left-- > 0 ? fault(pass) : pass());
      await paying;
      await stand.lnd.awaitInvoice(paymentHash, 'SETTLED', 60_000);
      await awaitStatus(device, paymentHash, ['succeeded']);
      expect(left, 'the fault was met').toBeLessThan(3);
      await device.awaitBackup('up_to_date');
      await assertNoForceClose(stand);
    },
    120_000
  );

  it('brings all of it back elsewhere', async () => {
    device.vssFault = undefined;
    const before = await device.wallet.balances();
    const history = (await device.wallet.payments(100)).payments.map(({ id, status }) => `${id} ${status}`);
    device.die();
    device = await device.elsewhere();
    expect((await device.wallet.payments(100)).payments.map(({ id, status }) => `${id} ${status}`)).toEqual(history);
    expect((await device.wallet.balances()).totalSat).toBe(before.totalSat);
    await pay();
    await assertNoForceClose(stand);
  }, 120_000);

  it('pays in local-first mode with the server away, and catches up by itself', async () => {
    await device.wallet.changeSettings({ backupMode: 'local-first' });
    await device.awaitBackup('up_to_date');
    device.vssFault = away;
    const paymentHash = await pay();
    expect(await device.wallet.backupInfo()).toMatchObject({ state: 'behind', mode: 'local-first' });
    device.vssFault = undefined;
    await device.awaitBackup('up_to_date');
    device.die();
    device = await device.elsewhere();
    expect((await device.wallet.payment(paymentHash))?.status).toBe('succeeded');
    await pay();
    await assertNoForceClose(stand);
  }, 180_000);

  it('starts again after it closed a channel that was never used while the server was away', async () => {
    await device.wallet.changeSettings({ backupMode: 'acknowledged' });
    await device.awaitBackup('up_to_date');
    const used = new Set((await device.wallet.channels()).map(({ channelId }) => channelId));
    const { nodeId } = await device.wallet.info();
    await stand.fundLnd(stand.lnd, 1_000_000n);
    const channelPoint = await stand.lnd.openChannel({ nodeId, amountSat: 300_000n, isPrivate: true });
    await stand.mine(6);
    await device.wallet.sync();
    const unused = await waitFor(
      async () =>
        (await device.wallet.channels()).find(({ channelId, state }) => !used.has(channelId) && state === 'ready'),
      { what: "lnd's channel to be ready" }
    );
    device.vssFault = away;
    // Its answer waits for the server.
    device.wallet.forceCloseChannel(unused.channelId).catch(() => undefined);
    await waitFor(async () => (await device.wallet.channels()).length === used.size, { what: 'the channel to close' });
    await stand.mine(1);
    await device.wallet.sync();
    device.vssFault = undefined;
    device = await device.reload();
    expect(new Set((await device.wallet.channels()).map(({ channelId }) => channelId))).toEqual(used);
    const isClosed = async (): Promise<boolean> => {
      await stand.mine(1);
      await device.wallet.sync();
      return (await stand.lnd.listChannels()).every((channel) => channel.channelPoint !== channelPoint);
    };
    await waitFor(isClosed, { what: 'lnd to see the closing', intervalMs: 500 });
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the other channel' });
    await device.wallet.changeSettings({ backupMode: 'local-first' });
    await device.awaitBackup('up_to_date');
    await pay();
  }, 180_000);

  it('broadcasts no revoked state when a restore is stale: lnd closes, and the money comes back', async () => {
    device.vssFault = away;
    await pay();
    const [channel] = await stand.lnd.listChannels();
    device.die();
    device = await device.elsewhere();
    const { wallet } = device;
    await waitFor(async () => (await stand.chain.mempool()).length > 0, {
      what: "lnd's commitment",
      timeoutMs: 60_000
    });
    await wallet.sync();
    expect((await wallet.balances()).closingParts.map(({ stage }) => stage)).toEqual(['awaited']);
    const [commitmentTxid] = await stand.chain.mempool();
    const isForceClosing = async (): Promise<boolean> => {
      await stand.mine(1);
      return (await stand.lnd.pendingChannels()).some(
        (each) =>
          each.channelPoint === channel?.channelPoint &&
          each.state === 'force_closing' &&
          each.closingTxid === commitmentTxid
      );
    };
    await waitFor(isForceClosing, { what: 'lnd to see its commitment confirmed', intervalMs: 500 });
    // A revoked commitment of ours would have cost all of it.
    const expectedSat = 5_000_000n - (await paidSat());
    await waitFor(
      async () => {
        await stand.mine(1);
        await wallet.sync();
        const { totalSat, onchainSpendableSat } = await wallet.balances();
        // What the funding, the commitment and the sweep cost.
        return totalSat > expectedSat - 10_000n && onchainSpendableSat === totalSat;
      },
      { what: `about ${expectedSat} sat to be back on chain`, timeoutMs: 60_000, intervalMs: 500 }
    );
  }, 240_000);
});
