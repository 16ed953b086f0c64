// Owns how a block of the simulated chain is made: header, coinbase and what wallets take for granted of regtest. No work is proven.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { RawTx } from '@scure/btc-signer';
import { hashOf, parseTransaction, type ParsedTransaction } from '../regtest/indexed-transaction.js';
import { merkleRoot } from '../regtest/merkle.js';
import type { IndexedBlock, Snapshot } from '../regtest/snapshot.js';

export const SUBSIDY_SAT = 5_000_000_000n;
export const BLOCK_VERSION = 0x20000000;
const REGTEST_BITS = 0x207fffff;
const FINAL = 0xffffffff;
/** Anybody can spend the miner's coins: this chain runs no scripts. */
export const MINER_SCRIPT = concatBytes(Uint8Array.of(0, 32), sha256(Uint8Array.of(0x51)));

/** Regtest's first block is part of the protocol: wallets begin with it. */
export const GENESIS = {
  version: 1,
  timestampS: 1_296_688_602,
  nonce: 2,
  coinbase:
    '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054' +
    '696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420' +
    '666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61' +
    'deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000'
};

/** What a block's header says of its own. */
export interface BlockForm {
  version: number;
  timestampS: number;
  nonce: number;
}

/** The block on top of a chain's tip, and its raw header. */
export function assembleBlock(
  { tip, blocks }: Snapshot,
  transactions: ParsedTransaction[],
  { version, timestampS, nonce }: BlockForm
): { block: IndexedBlock; header: string } {
  const txids = transactions.map(({ txid }) => txid);
  const previousHash = tip?.hash ?? '';
  const root = merkleRoot(txids);
  const bytes = new Uint8Array(80);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version, true);
  if (previousHash) bytes.set(hex.decode(previousHash).reverse(), 4);
  bytes.set(hex.decode(root).reverse(), 36);
  view.setUint32(68, timestampS, true);
  view.setUint32(72, REGTEST_BITS, true);
  view.setUint32(76, nonce, true);
  const weight = transactions.reduce((sum, transaction) => sum + transaction.weight, 320);
  const times = [...blocks.slice(-10).map((block) => block.timestampS), timestampS].sort((a, b) => a - b);
  const block: IndexedBlock = {
    hash: hashOf(bytes),
    previousHash,
    height: (tip?.height ?? -1) + 1,
    version,
    timestampS,
    medianTimeS: times[times.length >> 1] ?? timestampS,
    bits: REGTEST_BITS,
    nonce,
    difficulty: 0,
    merkleRoot: root,
    sizeBytes: Math.ceil(weight / 4),
    weight,
    txids
  };
  return { block, header: hex.encode(bytes) };
}

/** The miner's own transaction; `salt` makes it unlike any other of the same height. */
export function coinbaseOf(height: number, salt: number): ParsedTransaction {
  const script = new Uint8Array(9);
  const view = new DataView(script.buffer);
  script[0] = 8;
  view.setUint32(1, height, true);
  view.setUint32(5, salt, true);
  const inputs = [{ txid: new Uint8Array(32), index: FINAL, finalScriptSig: script, sequence: FINAL }];
  const outputs = [{ amount: SUBSIDY_SAT, script: MINER_SCRIPT }];
  const raw = { version: 2, segwitFlag: false, inputs, outputs, witnesses: undefined, lockTime: 0 };
  return parseTransaction(hex.encode(RawTx.encode(raw)));
}
