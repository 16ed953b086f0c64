// Owns the proof that what closes a channel or comes back from one pays a higher fee when feerates rise while it waits: by the node's mempool and blocks.
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { forkEmpty } from '../regtest/empty-blocks.js';
import type { IndexedTransaction } from '../regtest/indexed-transaction.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { spenderOf, transactionOf } from './ledger.js';
import { acceptChannel, fund, openChannel } from './steps.js';

const anchorSat = 330n;
const heldSat = 60_000n;
const roundMs = 2_000;
/** Longer than the wallet waits before it posts again what the network took. */
const repeatedAfterMs = 20_000;
/** What a signature more or less makes. */
const roundingSatPerVb = 0.3;

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
    expect(refusedAsNoBetter()).toEqual([]);
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
    return waiting(async () => {
      const [txid] = await stand.chain.mempool();
      return txid === undefined ? undefined : transactionOf(stand, txid);
    }, 'the commitment');
  }

  /** Feerates are this from now on, and a block comes that confirms nothing. */
  async function emptyBlockAt(feerateSatPerVb: number): Promise<void> {
    stand.esplora.feerateSatPerVb = feerateSatPerVb;
    await forkEmpty(stand.chain, 0);
    await device.wallet.sync();
  }

  async function mineTo(height: number): Promise<void> {
    await stand.mine(Math.max(0, height - (await stand.chain.height())));
    await device.wallet.sync();
  }

  async function confirm(txid: string): Promise<void> {
    expect(await stand.chain.mempool()).toContain(txid);
    await stand.mine(1);
    await device.wallet.sync();
    expect((await transactionOf(stand, txid)).confirmation).toBeDefined();
  }

  /** What spends an output once it, with `parents`, pays so much. */
  function spenderAt(
    feerateSatPerVb: number,
    { txid, vout }: { txid: string; vout: number },
    ...parents: IndexedTransaction[]
  ): Promise<IndexedTransaction> {
    return waiting(async () => {
      const spender = await spenderOf(stand, txid, vout);
      const pays = spender && feerateOf(spender, ...parents);
      if (pays === undefined || pays < feerateSatPerVb - roundingSatPerVb) return undefined;
      expect(pays).toBeLessThan(feerateSatPerVb * 1.3 + 1);
      return spender;
    }, `a spender at ${feerateSatPerVb} sat/vB`);
  }

  function refusedAsNoBetter(): string[] {
    return stand.esplora.refusals.filter((reason) => reason.includes('replacement'));
  }

  /** At the feerates of before a block comes; what waits is posted again, and nothing that the node refuses as no better. */
  async function assertOnlyRepeated(txid: string): Promise<void> {
    device.clockAheadMs += repeatedAfterMs;
    const posts = (): number => stand.esplora.requests.filter((path) => path === '/tx').length;
    const before = posts();
    await forkEmpty(stand.chain, 0);
    await device.wallet.sync();
    await waitFor(() => posts() > before, { what: 'what waits to be posted again' });
    expect(await stand.chain.mempool()).toContain(txid);
    expect(refusedAsNoBetter()).toEqual([]);
  }

  it('lets its owner speed up a closing by consent: a child from its output brings it into the block', async () => {
    const [channel] = await device.wallet.channels();
    await device.wallet.closeChannel(channel?.channelId ?? '');
    const closing = await waiting(async () => {
      const [txid] = await stand.chain.mempool();
      return txid === undefined ? undefined : transactionOf(stand, txid);
    }, 'the closing');
    await emptyBlockAt(30);
    expect(feerateOf(closing)).toBeLessThan(3);
    expect(await device.wallet.payment(closing.txid)).toMatchObject({ kind: 'onchain', status: 'pending' });

    const request = { txid: closing.txid, feerateSatPerVb: 30 };
    const quote = await device.wallet.quoteSpeedUp(request);
    expect(quote.method).toBe('child');
    const { txid } = await device.wallet.speedUp({ ...request, agreed: quote });
    const child = await spenderAt(30, { txid: closing.txid, vout: 0 }, closing);
    expect(child.txid).toBe(txid);
    expect(child.feeSat).toBe(quote.extraFeeSat);
    await confirm(child.txid);
    expect((await transactionOf(stand, closing.txid)).confirmation).toBeDefined();
  });

  it('raises the fee of our commitment by itself, again and again with the only coin, also after a restart', async () => {
    const commitment = await forceClose();
    const anchor = outputOf(commitment, anchorSat);
    await emptyBlockAt(20);
    const child = await spenderAt(20, anchor, commitment);
    await expect(device.wallet.quoteSpeedUp({ txid: child.txid, feerateSatPerVb: 90 })).rejects.toMatchObject({
      code: 'speeds_up_itself'
    });
    // Its change is gone with the next child: a payment that spent it would be, too.
    expect(await device.wallet.balances()).toMatchObject({ onchainSpendableSat: 0n });
    const address = await stand.lnd.newAddress();
    await expect(device.wallet.sendOnchain({ address, amountSat: 10_000n })).rejects.toMatchObject({
      code: 'insufficient_balance'
    });

    await emptyBlockAt(40);
    const faster = await spenderAt(40, anchor, commitment);
    expect(spent(faster)).toEqual(spent(child));
    expect(await stand.chain.mempool()).not.toContain(child.txid);
    device = await device.reload();
    await emptyBlockAt(60);
    const fastest = await spenderAt(60, anchor, commitment);
    expect(spent(fastest)).toEqual(spent(child));
    await confirm(fastest.txid);
    expect((await transactionOf(stand, commitment.txid)).confirmation).toBeDefined();
  });

  it('raises the fee of a payment taken back from our commitment by itself, with the only coin', async () => {
    const deadline = await payHeld();
    const commitment = await forceClose();
    await confirm(commitment.txid);
    const htlc = outputOf(commitment, heldSat);
    await mineTo(deadline);
    const claim = await spenderAt(2, htlc);
    await assertOnlyRepeated(claim.txid);
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(feerateSatPerVb);
      expect(spent(await spenderAt(feerateSatPerVb, htlc))).toEqual(spent(claim));
    }
    const { txid } = await spenderAt(40, htlc);
    await confirm(txid);
  });

  it('raises the fee of a payment taken back from the commitment of lnd by itself, out of what is taken', async () => {
    const deadline = await payHeld();
    const [channel] = await stand.lnd.listChannels();
    const txid = await stand.lnd.closeChannel(channel?.channelPoint ?? '', { force: true });
    await waitFor(async () => (await stand.chain.mempool()).includes(txid), { what: 'the commitment of lnd' });
    await confirm(txid);
    const htlc = outputOf(await transactionOf(stand, txid), heldSat);
    await mineTo(deadline);
    await assertOnlyRepeated((await spenderAt(2, htlc)).txid);
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(feerateSatPerVb);
      await spenderAt(feerateSatPerVb, htlc);
    }
    await confirm((await spenderAt(40, htlc)).txid);
  });

  it('raises the fee of what sweeps our part after its delay at the next block, and sends nothing that pays less', async () => {
    const commitment = await forceClose();
    await confirm(commitment.txid);
    const vout = commitment.outputs.findIndex(({ amountSat }) => amountSat !== anchorSat);
    const ours = { txid: commitment.txid, vout };
    const [part] = (await device.wallet.balances()).closingParts;
    await mineTo(part?.freeAtHeight ?? 0);
    const slow = await spenderAt(2, ours);
    await assertOnlyRepeated(slow.txid);
    for (const feerateSatPerVb of [20, 40]) {
      await emptyBlockAt(feerateSatPerVb);
      await spenderAt(feerateSatPerVb, ours);
    }
    stand.esplora.feerateSatPerVb = 10;
    const { txid } = await spenderAt(40, ours);
    await assertOnlyRepeated(txid);
    await confirm(txid);
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

/** Resolves with what waits for a block once it is there. */
function waiting(look: () => Promise<IndexedTransaction | undefined>, what: string): Promise<IndexedTransaction> {
  return waitFor(look, { what, timeoutMs: 40_000, intervalMs: 200 });
}

function outputOf({ txid, outputs }: IndexedTransaction, amountSat: bigint): { txid: string; vout: number } {
  const vout = outputs.findIndex((output) => output.amountSat === amountSat);
  expect(vout, `an output of ${amountSat} sat`).toBeGreaterThanOrEqual(0);
  return { txid, vout };
}

function spent({ inputs }: IndexedTransaction): string[] {
  return inputs.map(({ txid, vout }) => `${txid}:${vout}`);
}

/** Of all of them together, as miners reckon, in sat/vB. */
function feerateOf(...transactions: IndexedTransaction[]): number {
  const feeSat = transactions.reduce((sum, each) => sum + each.feeSat, 0n);
  const weight = transactions.reduce((sum, each) => sum + each.weight, 0);
  return Number(feeSat) / (weight / 4);
}
