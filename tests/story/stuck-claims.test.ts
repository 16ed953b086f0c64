// Owns the proof that what a preimage or a revoked commitment entitles us to is claimed for a higher fee when feerates rise while the claim waits: by the node's mempool and blocks, and what lnd counts in the end.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import type { IndexedTransaction } from '../regtest/indexed-transaction.js';
import { Lnd } from '../regtest/lnd.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import {
  assertOnlyRepeated,
  confirm,
  emptyBlockAt,
  feerateOf,
  firstWaiting,
  outputOf,
  refusedAsNoBetter,
  spenderAt,
  type OutputOf
} from './feerates.js';
import { assertAllBack, transactionOf, witnessOf } from './ledger.js';
import { remember } from './memory.js';
import { awaitStatus, openChannel, payLnd, receiveFromLnd, receiveUnclaimed } from './steps.js';

const fundedSat = 1_000_000n;
const lndSat = 200_000n;
const heldSat = 60_000n;
const roundMs = 2_000;
/** Of a channel's whole life, with a claim at the highest feerate of the story. */
const mostFeesSat = 40_000n;

describe('a claim that waits for a block while feerates rise', () => {
  let stand: Stand;
  let directory: string;
  let lnd: Lnd;
  let server: Awaited<ReturnType<typeof pglite.start>>;
  let device: Device;
  let depositTxid: string;
  let channelPoint: string;

  beforeEach(async () => {
    stand = await startStand({ esplora: true });
    directory = await mkdtemp(path.join(tmpdir(), 'tern-claims-'));
    lnd = await Lnd.start(stand.chain, { directory: path.join(directory, 'lnd') });
    stand.lnds.push(lnd);
    server = await pglite.start();
    device = await Device.start(stand, { vssUrl: server.url, ldkRoundMs: roundMs });
    depositTxid = await stand.chain.fund(await device.wallet.newAddress(), fundedSat);
    await stand.mine(1);
    await device.wallet.sync();
    await openChannel(stand, device);
    const { bolt11, paymentHash } = await lnd.addInvoice({ amountMsat: lndSat * 1000n });
    await payLnd(stand, device, bolt11, paymentHash);
    await lndAtRest();
    [{ channelPoint } = { channelPoint: '' }] = await lnd.listChannels();
  });

  afterEach(async () => {
    expect(refusedAsNoBetter(stand)).toEqual([]);
    await device?.off();
    await server?.stop();
    await lnd?.stop();
    await stand?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Both commitments are without an HTLC, in lnd's eyes. */
  async function lndAtRest(): Promise<void> {
    await waitFor(async () => (await lnd.listChannels()).every((each) => each.pendingHtlcs === 0), {
      what: 'the last HTLC to be gone'
    });
  }

  async function lndCloses(): Promise<IndexedTransaction> {
    const txid = await lnd.closeChannel(channelPoint, { force: true });
    await waitFor(async () => (await stand.chain.mempool()).includes(txid), { what: 'the commitment of lnd' });
    await stand.mine(1);
    return transactionOf(stand, txid);
  }

  /** What claims an output, in a block at last: it pays what feerates rose to meanwhile, and came each time before a block was needed. */
  async function claimedAtRisenFeerate(output: OutputOf): Promise<IndexedTransaction> {
    await assertOnlyRepeated(stand, device, (await spenderAt(stand, 2, output)).txid);
    let replaced = '';
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(stand, device, feerateSatPerVb);
      const { txid } = await spenderAt(stand, feerateSatPerVb, output);
      expect(txid).not.toBe(replaced);
      replaced = txid;
    }
    const claim = await spenderAt(stand, 40, output);
    await confirm(stand, device, claim.txid);
    expect(feerateOf(claim)).toBeGreaterThan(39);
    return claim;
  }

  it('raises the fee of a claim by preimage from the commitment of lnd by itself, and lnd gets its proof', async () => {
    const { paymentHash, paying } = await receiveUnclaimed(stand, device, heldSat * 1000n);
    const htlc = outputOf(await lndCloses(), heldSat);
    device.vssFault = undefined;
    const claim = await claimedAtRisenFeerate(htlc);
    const { preimage } = await paying;
    expect(witnessOf(claim, htlc.txid, htlc.vout)).toContain(preimage);
    await awaitStatus(device, paymentHash, ['succeeded']);
    await assertAllBack(stand, device, { fundedSat, depositTxid, mostFeesSat });
  });

  it('raises the fee of a claim by preimage from our commitment by itself, and lnd gets its proof', async () => {
    const { paymentHash } = await receiveUnclaimed(stand, device, heldSat * 1000n);
    // Nobody hears that the wallet knows the preimage.
    await lnd.crash();
    device.vssFault = undefined;
    await awaitStatus(device, paymentHash, ['succeeded']);
    const [channel] = await device.wallet.channels();
    await device.wallet.forceCloseChannel(channel?.channelId ?? '');
    const commitment = await firstWaiting(stand, 'the commitment');
    await confirm(stand, device, commitment.txid);
    const htlc = outputOf(commitment, heldSat);
    const claim = await claimedAtRisenFeerate(htlc);

    await lnd.launch();
    const isPaid = async (): Promise<string | undefined> =>
      (await lnd.listPayments()).find((each) => each.paymentHash === paymentHash && each.status === 'SUCCEEDED')
        ?.preimage;
    const preimage = await waitFor(isPaid, { what: 'lnd to have its proof', timeoutMs: 60_000 });
    expect(witnessOf(claim, htlc.txid, htlc.vout)).toContain(preimage);
    await assertAllBack(stand, device, { fundedSat, depositTxid, mostFeesSat });
  });

  it('raises the fee of what takes the revoked output of lnd by itself', async () => {
    const goBack = await remember(lnd, path.join(directory, 'lnd'));
    await lnd.awaitUsableChannel((await device.wallet.info()).nodeId, 60_000);
    await receiveFromLnd(stand, device, 150_000_000n);
    await lndAtRest();
    // It must not meet us: it would learn that its state is old, and would not broadcast it.
    await device.off();
    await goBack();
    const commitment = await lndCloses();
    const toLocal = outputOf(commitment, lndSat);

    device = await device.reopen();
    const justice = await claimedAtRisenFeerate(toLocal);
    // The branch of a revoked output that takes its revocation key.
    expect(witnessOf(justice, toLocal.txid, toLocal.vout)[1]).toBe('01');
    await assertAllBack(stand, device, { fundedSat, depositTxid, mostFeesSat, extraSat: lndSat });
  });
});
