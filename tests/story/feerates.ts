// Owns how a story raises feerates under what waits for a block, and judges by the node's mempool what pays how much then.
import { expect } from 'vitest';
import { forkEmpty } from '../regtest/empty-blocks.js';
import type { IndexedTransaction } from '../regtest/indexed-transaction.js';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import type { Device } from './device.js';
import { spenderOf, transactionOf } from './ledger.js';

/** Longer than the wallet waits before it posts again what the network took. */
const repeatedAfterMs = 20_000;
/** What a signature more or less makes. */
const roundingSatPerVb = 0.3;

export interface OutputOf {
  txid: string;
  vout: number;
}

/** Feerates are this from now on, and a block comes that confirms nothing. */
export async function emptyBlockAt(stand: Stand, device: Device, feerateSatPerVb: number): Promise<void> {
  stand.esplora.feerateSatPerVb = feerateSatPerVb;
  await forkEmpty(stand.chain, 0);
  await device.wallet.sync();
}

export async function confirm(stand: Stand, device: Device, txid: string): Promise<void> {
  expect(await stand.chain.mempool()).toContain(txid);
  await stand.mine(1);
  await device.wallet.sync();
  expect((await transactionOf(stand, txid)).confirmation).toBeDefined();
}

/** What spends an output once it, with `parents`, pays so much. */
export function spenderAt(
  stand: Stand,
  feerateSatPerVb: number,
  { txid, vout }: OutputOf,
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

/** What the node refused because it pays no more than what waits. */
export function refusedAsNoBetter(stand: Stand): string[] {
  return stand.esplora.refusals.filter((reason) => reason.includes('replacement'));
}

/** At the feerates of before a block comes; what waits is posted again, and nothing that the node refuses as no better. */
export async function assertOnlyRepeated(stand: Stand, device: Device, txid: string): Promise<void> {
  device.clockAheadMs += repeatedAfterMs;
  const posts = (): number => stand.esplora.requests.filter((path) => path === '/tx').length;
  const before = posts();
  await forkEmpty(stand.chain, 0);
  await device.wallet.sync();
  await waitFor(() => posts() > before, { what: 'what waits to be posted again' });
  expect(await stand.chain.mempool()).toContain(txid);
  expect(refusedAsNoBetter(stand)).toEqual([]);
}

/** Resolves with what waits for a block once it is there. */
export function waiting(
  look: () => Promise<IndexedTransaction | undefined>,
  what: string
): Promise<IndexedTransaction> {
  return waitFor(look, { what, timeoutMs: 40_000, intervalMs: 200 });
}

/** The only transaction of the mempool, once there is one. */
export function firstWaiting(stand: Stand, what: string): Promise<IndexedTransaction> {
  return waiting(async () => {
    const [txid] = await stand.chain.mempool();
    return txid === undefined ? undefined : transactionOf(stand, txid);
  }, what);
}

/** The output of so much. */
export function outputOf({ txid, outputs }: IndexedTransaction, amountSat: bigint): OutputOf {
  const vout = outputs.findIndex((output) => output.amountSat === amountSat);
  expect(vout, `an output of ${amountSat} sat`).toBeGreaterThanOrEqual(0);
  return { txid, vout };
}

export function spent({ inputs }: IndexedTransaction): string[] {
  return inputs.map(({ txid, vout }) => `${txid}:${vout}`);
}

/** Of all of them together, as miners reckon, in sat/vB. */
export function feerateOf(...transactions: IndexedTransaction[]): number {
  const feeSat = transactions.reduce((sum, each) => sum + each.feeSat, 0n);
  const weight = transactions.reduce((sum, each) => sum + each.weight, 0);
  return Number(feeSat) / (weight / 4);
}
