// Owns the proof that a channel that ends costs fees and nothing else, and is counted once meanwhile: revoked states are punished, and payments under way come back or arrive. lnd and the chain are asked.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import { Lnd } from '../regtest/lnd.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertAllBack, feesSinceSat, ownedSat, spenderOf, transactionOf, witnessOf } from './ledger.js';
import { remember } from './memory.js';
import { awaitStatus, openChannel, payLnd, receiveFromLnd, receiveUnclaimed } from './steps.js';

const fundedSat = 2_000_000n;
const heldMsat = 60_000_000n;
/** Of a channel's whole life, at the feerate of the stand. */
const mostFeesSat = 10_000n;

describe('a channel that ends', () => {
  let stand: Stand;
  let directory: string;
  let lnd: Lnd;
  let server: Awaited<ReturnType<typeof pglite.start>> | undefined;
  let device: Device;
  let depositTxid: string;

  beforeEach(async () => {
    stand = await startStand({ esplora: true });
    directory = await mkdtemp(path.join(tmpdir(), 'tern-closings-'));
    lnd = await Lnd.start(stand.chain, { directory: path.join(directory, 'lnd') });
    stand.lnds.push(lnd);
  });

  afterEach(async () => {
    await device?.off();
    await server?.stop();
    server = undefined;
    await lnd?.stop();
    await stand?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A wallet with a channel, of which lnd has 200,000 sat. */
  async function begin(vssUrl?: string): Promise<string> {
    device = await Device.start(stand, { vssUrl, ldkRoundMs: 2_000 });
    depositTxid = await stand.chain.fund(await device.wallet.newAddress(), fundedSat);
    await stand.mine(1);
    await device.wallet.sync();
    await openChannel(stand, device);
    await pay(200_000_000n);
    const [channel] = await lnd.listChannels();
    return channel?.channelPoint ?? '';
  }

  async function pay(amountMsat: bigint): Promise<void> {
    const { bolt11, paymentHash } = await lnd.addInvoice({ amountMsat });
    await payLnd(stand, device, bolt11, paymentHash);
  }

  /** lnd's invoice that it neither settles nor cancels, with our payment waiting there. */
  async function payHeld(amountMsat = heldMsat): Promise<{ preimage: string; paymentHash: string }> {
    const preimage = randomBytes(32).toString('hex');
    const paymentHash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    const bolt11 = await lnd.addHoldInvoice(paymentHash, { amountMsat });
    await device.wallet.pay({ bolt11 });
    await lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    return { preimage, paymentHash };
  }

  /** Both commitments are without an HTLC, in lnd's eyes. */
  async function lndAtRest(): Promise<void> {
    await waitFor(async () => (await lnd.listChannels()).every((each) => each.pendingHtlcs === 0), {
      what: 'the last HTLC to be gone'
    });
  }

  async function confirm(txid: string): Promise<void> {
    await waitFor(async () => (await stand.chain.mempool()).includes(txid), { what: 'the commitment to be broadcast' });
    await stand.mine(1);
  }

  /** What spends the funding of the only channel there was. */
  async function closingTxid(): Promise<string> {
    const [channel] = [...(await lnd.listChannels()), ...(await lnd.pendingChannels())];
    const [txid = '', vout] = channel?.channelPoint.split(':') ?? [];
    const closing = await waitFor(() => spenderOf(stand, txid, Number(vout)), { what: 'the commitment' });
    return closing.txid;
  }

  /** The output of so much. */
  async function outputOf(txid: string, amountSat: bigint): Promise<number> {
    const { outputs } = await transactionOf(stand, txid);
    const vout = outputs.findIndex((output) => output.amountSat === amountSat);
    expect(vout, `an output of ${amountSat} sat`).toBeGreaterThanOrEqual(0);
    return vout;
  }

  function judge(extraSat = 0n): Promise<bigint> {
    return assertAllBack(stand, device, { fundedSat, depositTxid, mostFeesSat, extraSat });
  }

  it('is counted once at every block of a closing by consent, from its broadcast on', async () => {
    await begin();
    await lndAtRest();
    const [channel] = await device.wallet.channels();
    await device.wallet.closeChannel(channel?.channelId ?? '');
    const closing = await transactionOf(stand, await closingTxid());
    const expectedSat = (await ownedSat(stand, fundedSat)) - (await feesSinceSat(stand, depositTxid));
    expect(closing.feeSat).toBeGreaterThan(0n);
    for (let blocks = 0; blocks <= 7; blocks += 1) {
      await device.wallet.sync();
      const { totalSat, closingParts } = await device.wallet.balances();
      expect(totalSat, `${blocks} blocks`).toBe(expectedSat);
      expect(closingParts).toEqual([]);
      await stand.mine(1);
    }
    // The funding's change and the closing: nobody sees by the address that they are of one wallet.
    const addresses = (await device.wallet.coins()).map(({ address }) => address);
    expect(addresses).toHaveLength(2);
    expect(new Set(addresses).size).toBe(2);
  });

  it('gives us what lnd had in it when lnd broadcasts a state that it has revoked', async () => {
    const channelPoint = await begin();
    await lndAtRest();
    const [old] = await lnd.listChannels();
    expect(old?.localBalanceSat).toBe(200_000n);
    const goBack = await remember(lnd, path.join(directory, 'lnd'));
    await lnd.awaitUsableChannel((await device.wallet.info()).nodeId, 60_000);
    await receiveFromLnd(stand, device, 150_000_000n);
    await lndAtRest();
    expect((await lnd.listChannels())[0]?.localBalanceSat).toBe(50_000n);
    const newestSat = await ownedSat(stand, fundedSat);

    // It must not meet us: it would learn that its state is old, and would not broadcast it.
    await device.off();
    await goBack();
    const commitmentTxid = await lnd.closeChannel(channelPoint, { force: true });
    await confirm(commitmentTxid);
    const toLocal = await outputOf(commitmentTxid, 200_000n);
    expect(await spenderOf(stand, commitmentTxid, toLocal)).toBeUndefined();

    device = await device.reopen();
    const justice = await waitFor(() => spenderOf(stand, commitmentTxid, toLocal), { what: 'the answer' });
    // The branch of a revoked output that takes its revocation key.
    expect(witnessOf(justice, commitmentTxid, toLocal)[1]).toBe('01');
    const arrivedSat = await judge(200_000n);
    expect(arrivedSat).toBeGreaterThan(newestSat);
    // lnd looked after its channel to the end, and has what we sent just now.
    await lnd.awaitClosed(channelPoint);
    expect((await lnd.walletBalance()).totalSat).toBe(arrivedSat);
  });

  it('gives us back, after its deadline, a payment that lnd never settled, and our balance, when we close', async () => {
    await begin();
    const { paymentHash } = await payHeld();
    const { nextHtlcExpiryHeight: deadline = 0 } = await device.wallet.info();
    const [channel] = await device.wallet.channels();
    await device.wallet.forceCloseChannel(channel?.channelId ?? '');
    const commitmentTxid = await closingTxid();
    await confirm(commitmentTxid);
    const htlc = await outputOf(commitmentTxid, heldMsat / 1000n);
    await stand.mine(deadline - 2 - (await stand.chain.height()));
    await device.wallet.sync();
    expect(await spenderOf(stand, commitmentTxid, htlc), 'before the deadline').toBeUndefined();

    await stand.mine(2);
    const refund = await waitFor(() => spenderOf(stand, commitmentTxid, htlc), { what: 'the HTLC to be taken back' });
    expect(refund.lockTime).toBe(deadline);
    await judge();
    expect((await lnd.lookupInvoice(paymentHash)).state).toBe('CANCELED');
    await awaitStatus(device, paymentHash, ['failed']);
  });

  it('pays what lnd settles on chain, and gives back what lnd does not, when lnd closes with both under way', async () => {
    await stand.fundLnd(lnd, 1_000_000n);
    const channelPoint = await begin();
    const kept = await payHeld();
    // Deadlines differ: the wallet hides how near the payee is.
    const { nextHtlcExpiryHeight: deadline = 0 } = await device.wallet.info();
    const settled = await payHeld(40_000_000n);
    const commitmentTxid = await lnd.closeChannel(channelPoint, { force: true });
    await confirm(commitmentTxid);
    const [keptHtlc, settledHtlc] = [
      await outputOf(commitmentTxid, heldMsat / 1000n),
      await outputOf(commitmentTxid, 40_000n)
    ];
    await lnd.settleInvoice(settled.preimage);
    const claim = await waitFor(
      async () => {
        await stand.mine(1);
        return spenderOf(stand, commitmentTxid, settledHtlc);
      },
      { what: 'lnd to claim what it settled', intervalMs: 500 }
    );
    expect(witnessOf(claim, commitmentTxid, settledHtlc)).toContain(settled.preimage);
    await stand.mine(1);
    await awaitStatus(device, settled.paymentHash, ['succeeded']);
    expect((await device.wallet.payment(settled.paymentHash))?.preimage).toBe(settled.preimage);

    await stand.mine(Math.max(0, deadline - (await stand.chain.height())));
    const refund = await waitFor(() => spenderOf(stand, commitmentTxid, keptHtlc), {
      what: 'the HTLC to be taken back'
    });
    expect(refund.lockTime).toBeGreaterThanOrEqual(deadline);
    await judge();
    expect((await lnd.lookupInvoice(settled.paymentHash)).state).toBe('SETTLED');
    await awaitStatus(device, kept.paymentHash, ['failed']);
  });

  it('brings us a payment of lnd that we had not claimed yet, and lnd its proof, when lnd closes', async () => {
    server = await pglite.start();
    const channelPoint = await begin(server.url);
    await lndAtRest();
    const { paymentHash, paying } = await receiveUnclaimed(stand, device, heldMsat);
    const commitmentTxid = await lnd.closeChannel(channelPoint, { force: true });
    await confirm(commitmentTxid);
    const htlc = await outputOf(commitmentTxid, heldMsat / 1000n);
    await stand.mine(3);
    expect(await spenderOf(stand, commitmentTxid, htlc)).toBeUndefined();
    const isPaid = async (): Promise<boolean> =>
      (await lnd.listPayments()).some((each) => each.paymentHash === paymentHash && each.status === 'SUCCEEDED');
    expect(await isPaid()).toBe(false);

    device.vssFault = undefined;
    const claim = await waitFor(
      async () => {
        await stand.mine(1);
        return spenderOf(stand, commitmentTxid, htlc);
      },
      { what: 'the payment to be claimed on chain', timeoutMs: 60_000, intervalMs: 500 }
    );
    await stand.mine(1);
    const { preimage } = await paying;
    expect(witnessOf(claim, commitmentTxid, htlc)).toContain(preimage);
    await awaitStatus(device, paymentHash, ['succeeded']);
    expect(await isPaid()).toBe(true);
    await judge();
  });
});
