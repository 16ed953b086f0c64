// Owns the proof that our lnd client reads lnd rightly: two lnd nodes tell of the same channel and payments from both sides.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lnd } from './lnd.js';
import { startStand, type Stand } from './stand.js';
import { waitFor } from './wait.js';

let stand: Stand;
let alice: Lnd;
let bob: Lnd;
let channelPoint: string;

beforeAll(async () => {
  stand = await startStand({ lnd: 2 });
  [alice, bob] = stand.lnds as [Lnd, Lnd];
}, 300_000);
afterAll(() => stand?.stop());

test('lnd is synced to the chain’s tip when it has started', async () => {
  const info = await alice.getInfo();
  expect(info).toMatchObject({ nodeId: alice.nodeId, isSyncedToChain: true, blockHeight: await stand.chain.height() });
  expect(info.version).toContain('0.21.0');
});

test('coins from the stand show as lnd’s confirmed balance', async () => {
  await stand.fundLnd(alice, 10_000_000n);
  expect(await alice.walletBalance()).toEqual({ totalSat: 10_000_000n, confirmedSat: 10_000_000n, unconfirmedSat: 0n });
});

test('a channel opens, and both sides tell its balances alike', async () => {
  await alice.connect(bob.nodeUri);
  await alice.connect(bob.nodeUri);
  channelPoint = await alice.openChannel({ nodeId: bob.nodeId, amountSat: 1_000_000n, pushSat: 400_000n });
  expect(await alice.pendingChannels()).toMatchObject([{ channelPoint, nodeId: bob.nodeId, state: 'opening' }]);
  await stand.mine(6);
  const [ours, theirs] = await Promise.all([
    alice.awaitUsableChannel(bob.nodeId),
    bob.awaitUsableChannel(alice.nodeId)
  ]);
  expect(ours).toMatchObject({ channelPoint, capacitySat: 1_000_000n, remoteBalanceSat: 400_000n, isInitiator: true });
  expect(theirs).toMatchObject({ channelPoint, localBalanceSat: 400_000n, remoteBalanceSat: ours.localBalanceSat });
  const [txid = '', vout] = channelPoint.split(':');
  expect(await stand.chain.isUnspent(txid, Number(vout))).toBe(true);
});

test('an invoice is paid to the millisatoshi, and both sides list it', async () => {
  const { bolt11, paymentHash } = await bob.addInvoice({ amountMsat: 5_000_123n, memo: 'tea' });
  const payment = await alice.payInvoice({ bolt11 });
  expect(payment).toMatchObject({ paymentHash, amountMsat: 5_000_123n, status: 'SUCCEEDED' });
  expect(
    createHash('sha256')
      .update(Buffer.from(payment.preimage ?? '', 'hex'))
      .digest('hex')
  ).toBe(paymentHash);
  expect(await bob.lookupInvoice(paymentHash)).toMatchObject({ state: 'SETTLED', paidMsat: 5_000_123n, memo: 'tea' });
  expect(await alice.listPayments()).toEqual([payment]);
  expect((await bob.listInvoices()).map((invoice) => invoice.paymentHash)).toEqual([paymentHash]);
  await expect(alice.payInvoice({ bolt11 })).rejects.toThrow(/already paid/);
});

test('a payment over the balance fails with lnd’s reason', async () => {
  const { bolt11 } = await bob.addInvoice({ amountMsat: 900_000_000n });
  await expect(alice.payInvoice({ bolt11 })).rejects.toMatchObject({ code: 'payment_failed' });
});

test('a hold invoice is accepted, then settled or cancelled when told', async () => {
  const preimage = randomBytes(32);
  const paymentHash = createHash('sha256').update(preimage).digest('hex');
  const paid = bob.payInvoice({ bolt11: await alice.addHoldInvoice(paymentHash, { amountMsat: 7_000_000n }) });
  await alice.awaitInvoice(paymentHash, 'ACCEPTED');
  expect((await bob.listChannels())[0]).toMatchObject({ pendingHtlcs: 1, unsettledSat: 7_000n });
  await alice.settleInvoice(preimage.toString('hex'));
  expect(await paid).toMatchObject({ status: 'SUCCEEDED', preimage: preimage.toString('hex') });

  const otherHash = createHash('sha256').update(randomBytes(32)).digest('hex');
  const refused = bob.payInvoice({ bolt11: await alice.addHoldInvoice(otherHash, { amountMsat: 7_000_000n }) });
  refused.catch(() => undefined);
  await alice.awaitInvoice(otherHash, 'ACCEPTED');
  await alice.cancelInvoice(otherHash);
  await expect(refused).rejects.toThrow(/INCORRECT_PAYMENT_DETAILS/);
});

test('restarted, lnd is the same node with the same channel', { timeout: 120_000 }, async () => {
  const { nodeUri } = bob;
  await bob.restart();
  expect(bob.nodeUri).toBe(nodeUri);
  await alice.connect(nodeUri);
  expect(await bob.awaitUsableChannel(alice.nodeId)).toMatchObject({ channelPoint });
  await bob.crash();
  expect(bob.isRunning).toBe(false);
  await bob.launch();
  await alice.connect(nodeUri);
  await alice.awaitUsableChannel(bob.nodeId);
  await alice.payInvoice({ bolt11: (await bob.addInvoice({ amountMsat: 1_000n })).bolt11 });
});

test(
  'a cooperative close is told as such by both sides and spends the funding output',
  { timeout: 120_000 },
  async () => {
    // The payer hears of success before the HTLC has left both commitments.
    await waitFor(async () => (await alice.listChannels())[0]?.pendingHtlcs === 0, { what: 'the last HTLC to clear' });
    const closingTxid = await alice.closeChannel(channelPoint);
    expect(await stand.chain.mempool()).toContain(closingTxid);
    const [txid = '', vout] = channelPoint.split(':');
    expect(await stand.chain.isUnspent(txid, Number(vout))).toBe(false);
    expect(await bob.pendingChannels()).toMatchObject([{ channelPoint, state: 'waiting_close' }]);
    await stand.mine(6);
    for (const lnd of stand.lnds) {
      await lnd.awaitClosed(channelPoint);
      expect(await lnd.closedChannels()).toMatchObject([{ channelPoint, closingTxid, closeType: 'COOPERATIVE_CLOSE' }]);
      expect(await lnd.pendingChannels()).toEqual([]);
    }
  }
);
