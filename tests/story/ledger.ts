// Owns the sums by which a story is judged: what a wallet must own by lnd's count, and what the chain itself took on the way.
import { expect } from 'vitest';
import type { IndexedTransaction } from '../regtest/indexed-transaction.js';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import type { Device } from './device.js';

/** Two anchors of a commitment: nobody need sweep them. */
export const anchorsSat = 660n;

/** What a wallet that was funded with so much must own by lnd's count, before fees on chain. */
export async function ownedSat(stand: Stand, fundedSat: bigint): Promise<bigint> {
  const paid = (await stand.lnd.listInvoices()).filter(({ state }) => state === 'SETTLED');
  const received = (await stand.lnd.listPayments()).filter(({ status }) => status === 'SUCCEEDED');
  const sum = (all: { amountMsat: bigint }[]): bigint => all.reduce((total, each) => total + each.amountMsat, 0n);
  return fundedSat + (sum(received) - sum(paid)) / 1000n;
}

/** A transaction that the node knows. */
export async function transactionOf(stand: Stand, txid: string): Promise<IndexedTransaction> {
  await stand.chain.index.update();
  const transaction = stand.chain.index.snapshot.transaction(txid);
  if (!transaction) throw new Error(`the node does not know ${txid}`);
  return transaction;
}

/** What spends an output, in a block or waiting for one. */
export async function spenderOf(stand: Stand, txid: string, vout: number): Promise<IndexedTransaction | undefined> {
  await stand.chain.index.update();
  const spend = stand.chain.index.snapshot.spendOf(txid, vout);
  return spend && transactionOf(stand, spend.txid);
}

/** By what a transaction spends an output. */
export function witnessOf({ inputs }: IndexedTransaction, txid: string, vout: number): string[] {
  return inputs.find((input) => input.txid === txid && input.vout === vout)?.witness ?? [];
}

/** The fees of everything that descends from a transaction, but for what lnd did with its own part. */
export async function feesSinceSat(stand: Stand, txid: string): Promise<bigint> {
  const [waiting, seen] = [[await transactionOf(stand, txid)], await lndsOwn(stand)];
  let feesSat = 0n;
  for (let parent = waiting.pop(); parent; parent = waiting.pop()) {
    for (const vout of parent.outputs.keys()) {
      const child = await spenderOf(stand, parent.txid, vout);
      if (!child || seen.has(child.txid)) continue;
      seen.add(child.txid);
      waiting.push(child);
      feesSat += child.feeSat;
    }
  }
  return feesSat;
}

/** What lnd says it swept, and what pays nobody but lnd. */
async function lndsOwn(stand: Stand): Promise<Set<string>> {
  const { transaction_ids: sweeps } = await stand.lnd.rest.get('/v2/wallet/sweeps');
  const ownTxids = (await lndTransactions(stand))
    .filter(({ output_details: outputs }) => outputs.every((output) => output.is_our_address))
    .map((each) => each.tx_hash);
  return new Set([...ownTxids, ...(sweeps as { transaction_ids: string[] }).transaction_ids]);
}

/** In lnd's own form. */
interface LndTransaction {
  tx_hash: string;
  amount: string;
  output_details: { is_our_address: boolean }[];
}

async function lndTransactions(stand: Stand): Promise<LndTransaction[]> {
  return (await stand.lnd.rest.get('/v1/transactions')).transactions as LndTransaction[];
}

/** Mines until nothing of the wallet's is in a channel, in flight or on its way back; all that it showed as its total meanwhile. */
export async function mineUntilAllOnChain(stand: Stand, device: Device): Promise<bigint[]> {
  const totalsSat: bigint[] = [];
  await waitFor(
    async () => {
      // A delay is crossed in jumps, but what waits for a block is not left behind.
      await stand.mine((await stand.chain.mempool()).length > 0 ? 1 : 12);
      await device.wallet.sync();
      const { closingSat, lightningMsat, onchainPendingSat, totalSat } = await device.wallet.balances();
      totalsSat.push(totalSat);
      return closingSat + lightningMsat + onchainPendingSat === 0n;
    },
    { what: 'all money to be back on chain', timeoutMs: 90_000, intervalMs: 500 }
  );
  return totalsSat;
}

/** Sends all that the wallet has on chain to lnd; how much of it lnd counts, and the fee. Coins that are not there or not ours would not arrive. */
export async function sendAllToLnd(stand: Stand, device: Device): Promise<{ arrivedSat: bigint; feeSat: bigint }> {
  const { txid } = await device.wallet.sendOnchain({ address: await stand.lnd.newAddress() });
  await waitFor(async () => (await stand.chain.mempool()).includes(txid), { what: 'the last payment to be broadcast' });
  await stand.mine(1);
  await device.wallet.sync();
  const counted = await waitFor(async () => (await lndTransactions(stand)).find((each) => each.tx_hash === txid), {
    what: 'lnd to count the payment'
  });
  return { arrivedSat: BigInt(counted.amount), feeSat: (await transactionOf(stand, txid)).feeSat };
}

/** A wallet's whole life, as it is judged at its end. */
export interface Life {
  fundedSat: bigint;
  depositTxid: string;
  mostFeesSat: bigint;
  /** What became ours besides payments. */
  extraSat?: bigint;
}

/** All that is ours by lnd's count is back on chain, and arrives where we send it, less the fees that the chain shows; how much that is. */
export async function assertAllBack(stand: Stand, device: Device, life: Life): Promise<bigint> {
  const { depositTxid, mostFeesSat } = life;
  const expectedSat = (await ownedSat(stand, life.fundedSat)) + (life.extraSat ?? 0n);
  for (const shownSat of await mineUntilAllOnChain(stand, device)) {
    expect(shownSat, 'counted once').toBeLessThanOrEqual(expectedSat);
    expect(shownSat, 'never missing').toBeGreaterThan(expectedSat - mostFeesSat);
  }
  const { totalSat } = await device.wallet.balances();
  const feesSat = await feesSinceSat(stand, depositTxid);
  expect(expectedSat - feesSat - totalSat, 'what nobody took').toBeLessThanOrEqual(anchorsSat);
  expect(expectedSat - feesSat - totalSat).toBeGreaterThanOrEqual(0n);
  expect(feesSat).toBeLessThan(mostFeesSat);
  const { arrivedSat, feeSat } = await sendAllToLnd(stand, device);
  expect(arrivedSat).toBe(totalSat - feeSat);
  return arrivedSat;
}
