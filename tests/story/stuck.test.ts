// Owns the proof that what closes a channel or comes back from one pays a higher fee when feerates rise while it waits: by the node's mempool and blocks.
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { IndexedTransaction } from '../regtest/indexed-transaction.js';
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
  spent,
  waiting
} from './feerates.js';
import { spenderOf, transactionOf } from './ledger.js';
import { acceptChannel, fund, openChannel } from './steps.js';

const anchorSat = 330n;
const heldSat = 60_000n;
const roundMs = 2_000;

describe('what waits for a block while feerates rise', () => {
  let stand: Stand;
  let device: Device;

  // One coin, whose change is the only one left once the channel is open.
  beforeEach(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand, { ldkRoundMs: roundMs, ldkPingMs: roundMs });
    await fund(stand, device, 1_000_000n);
    await openChannel(stand, device);
    expect(await device.wallet.coins()).toHaveLength(1);
  });

  afterEach(async () => {
    expect(refusedAsNoBetter(stand)).toEqual([]);
    await device?.off();
    await stand?.stop();
  });

  /** A payment that lnd neither settles nor refuses; the height from which it can be taken back. */
  async function payHeld(): Promise<number> {
    const paymentHash = createHash('sha256').update(randomBytes(32)).digest('hex');
    const bolt11 = await stand.lnd.addHoldInvoice(paymentHash, { amountMsat: heldSat * 1000n });
    await device.wallet.pay({ bolt11 });
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    const { nextHtlcExpiryHeight } = await device.wallet.info();
    if (nextHtlcExpiryHeight === undefined) throw new Error('the wallet knows of no HTLC');
    return nextHtlcExpiryHeight;
  }

  /** The wallet closes by force; its commitment, which waits. */
  async function forceClose(): Promise<IndexedTransaction> {
    const [channel] = await device.wallet.channels();
    await device.wallet.forceCloseChannel(channel?.channelId ?? '');
    return firstWaiting(stand, 'the commitment');
  }

  async function mineTo(height: number): Promise<void> {
    await stand.mine(Math.max(0, height - (await stand.chain.height())));
    await device.wallet.sync();
  }

  /** Whatever its owner would pay: a child would only stand in the way of what the node puts in its place. */
  async function assertLeftToTheNode(txid: string): Promise<void> {
    expect(await device.wallet.payment(txid)).toMatchObject({ kind: 'onchain', status: 'pending' });
    for (const feerateSatPerVb of [1, 90]) {
      const request = { txid, feerateSatPerVb };
      const refused = expect.objectContaining({ code: 'speeds_up_itself' }) as unknown;
      await expect(device.wallet.quoteSpeedUp(request)).rejects.toEqual(refused);
      await expect(device.wallet.speedUp(request)).rejects.toEqual(refused);
    }
  }

  it('lets its owner speed up a closing by consent: a child from its output brings it into the block, and pays more when that is asked again', async () => {
    const [channel] = await device.wallet.channels();
    await device.wallet.closeChannel(channel?.channelId ?? '');
    const closing = await firstWaiting(stand, 'the closing');
    await emptyBlockAt(stand, device, 30);
    expect(feerateOf(closing)).toBeLessThan(3);
    expect(await device.wallet.payment(closing.txid)).toMatchObject({ kind: 'onchain', status: 'pending' });

    const request = { txid: closing.txid, feerateSatPerVb: 30 };
    const quote = await device.wallet.quoteSpeedUp(request);
    expect(quote.method).toBe('child');
    const { txid } = await device.wallet.speedUp({ ...request, agreed: quote });
    const child = await spenderAt(stand, 30, { txid: closing.txid, vout: 0 }, closing);
    expect(child.txid).toBe(txid);
    expect(child.feeSat).toBe(quote.extraFeeSat);

    // Nothing but what it brings can pay for more.
    for (const { outpoint, confirmations } of await device.wallet.coins()) {
      if (confirmations > 0) await device.wallet.freezeCoin(outpoint, true);
    }
    await emptyBlockAt(stand, device, 60);
    const again = await device.wallet.speedUp({ txid: child.txid, feerateSatPerVb: 60 });
    const faster = await spenderAt(stand, 60, { txid: closing.txid, vout: 0 }, closing);
    expect(faster.txid).toBe(again.txid);
    expect(spent(faster)).toEqual(spent(child));
    await confirm(stand, device, faster.txid);
    expect((await transactionOf(stand, closing.txid)).confirmation).toBeDefined();
  });

  it('raises the fee of our commitment by itself, again and again with the only coin, also after a restart', async () => {
    const commitment = await forceClose();
    const anchor = outputOf(commitment, anchorSat);
    await emptyBlockAt(stand, device, 20);
    const child = await spenderAt(stand, 20, anchor, commitment);
    await assertLeftToTheNode(child.txid);
    // Its change is gone with the next child: a payment that spent it would be, too.
    expect(await device.wallet.balances()).toMatchObject({ onchainSpendableSat: 0n });
    const address = await stand.lnd.newAddress();
    await expect(device.wallet.sendOnchain({ address, amountSat: 10_000n })).rejects.toMatchObject({
      code: 'insufficient_balance'
    });

    await emptyBlockAt(stand, device, 40);
    const faster = await spenderAt(stand, 40, anchor, commitment);
    expect(spent(faster)).toEqual(spent(child));
    expect(await stand.chain.mempool()).not.toContain(child.txid);
    device = await device.reload();
    await emptyBlockAt(stand, device, 60);
    const fastest = await spenderAt(stand, 60, anchor, commitment);
    expect(spent(fastest)).toEqual(spent(child));
    await confirm(stand, device, fastest.txid);
    expect((await transactionOf(stand, commitment.txid)).confirmation).toBeDefined();
  });

  it('raises the fee of a payment taken back from our commitment by itself, with the only coin', async () => {
    const deadline = await payHeld();
    const commitment = await forceClose();
    await confirm(stand, device, commitment.txid);
    const htlc = outputOf(commitment, heldSat);
    await mineTo(deadline);
    const claim = await spenderAt(stand, 2, htlc);
    await assertOnlyRepeated(stand, device, claim.txid);
    await assertLeftToTheNode(claim.txid);
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(stand, device, feerateSatPerVb);
      expect(spent(await spenderAt(stand, feerateSatPerVb, htlc))).toEqual(spent(claim));
    }
    const { txid } = await spenderAt(stand, 40, htlc);
    await confirm(stand, device, txid);
  });

  it('raises the fee of a payment taken back from the commitment of lnd by itself, out of what is taken', async () => {
    const deadline = await payHeld();
    const [channel] = await stand.lnd.listChannels();
    const txid = await stand.lnd.closeChannel(channel?.channelPoint ?? '', { force: true });
    await waitFor(async () => (await stand.chain.mempool()).includes(txid), { what: 'the commitment of lnd' });
    await confirm(stand, device, txid);
    const htlc = outputOf(await transactionOf(stand, txid), heldSat);
    await mineTo(deadline);
    const claim = await spenderAt(stand, 2, htlc);
    await assertOnlyRepeated(stand, device, claim.txid);
    await assertLeftToTheNode(claim.txid);
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(stand, device, feerateSatPerVb);
      await spenderAt(stand, feerateSatPerVb, htlc);
    }
    await confirm(stand, device, (await spenderAt(stand, 40, htlc)).txid);
  });

  it('raises the fee of what sweeps our part after its delay at the next block, and sends nothing that pays less', async () => {
    const commitment = await forceClose();
    await confirm(stand, device, commitment.txid);
    const vout = commitment.outputs.findIndex(({ amountSat }) => amountSat !== anchorSat);
    const ours = { txid: commitment.txid, vout };
    const [part] = (await device.wallet.balances()).closingParts;
    await mineTo(part?.freeAtHeight ?? 0);
    const slow = await spenderAt(stand, 2, ours);
    await assertOnlyRepeated(stand, device, slow.txid);
    await assertLeftToTheNode(slow.txid);
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(stand, device, feerateSatPerVb);
      await spenderAt(stand, feerateSatPerVb, ours);
    }
    stand.esplora.feerateSatPerVb = 10;
    const { txid } = await spenderAt(stand, 40, ours);
    await assertOnlyRepeated(stand, device, txid);
    await confirm(stand, device, txid);
  });
});

describe('a wallet without a coin', () => {
  it('closes by force all the same: its commitment leaves alone, and its part comes back', async () => {
    const stand = await startStand({ lnd: true, esplora: true });
    const device = await Device.start(stand, { ldkRoundMs: roundMs, ldkPingMs: roundMs });
    onTestFinished(async () => {
      await device.off();
      await stand.stop();
    });
    await stand.fundLnd(stand.lnd, 2_000_000n);
    await acceptChannel(stand, device);
    expect(await device.wallet.coins()).toEqual([]);
    stand.esplora.feerateSatPerVb = 20;
    await device.wallet.sync();
    const [channel] = await device.wallet.channels();
    await device.wallet.forceCloseChannel(channel?.channelId ?? '');
    const txid = await waitFor(async () => (await stand.chain.mempool())[0], { what: 'the commitment' });
    await stand.mine(1);
    await device.wallet.sync();
    const [part] = (await device.wallet.balances()).closingParts;
    const ours = outputOf(await transactionOf(stand, txid), part?.amountSat ?? 0n);
    await stand.mine((part?.freeAtHeight ?? 0) - (await stand.chain.height()));
    await device.wallet.sync();
    const sweep = await waiting(() => spenderOf(stand, ours.txid, ours.vout), 'the sweep');
    await stand.mine(1);
    await device.wallet.sync();
    const receivedSat = sweep.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    expect((await device.wallet.balances()).onchainSpendableSat).toBe(receivedSat);
  });
});
