// Owns the parsed form of a transaction: everything in it is computed from the raw bytes, nothing is taken from the node's word.
import { sha256 } from '@noble/hashes/sha2.js';
import { hex } from '@scure/base';
import { RawTx } from '@scure/btc-signer';
import { scriptHashOf } from './script-forms.js';

export interface TransactionOutput {
  amountSat: bigint;
  script: Uint8Array;
  scriptHash: string;
}

export interface TransactionInput {
  txid: string;
  vout: number;
  scriptSig: string;
  witness: string[];
  sequence: number;
}

/** Where a transaction is confirmed. */
export interface Confirmation {
  height: number;
  blockHash: string;
  timestampS: number;
  /** Place in the block; the coinbase is 0. */
  position: number;
}

export interface ParsedTransaction {
  txid: string;
  hex: string;
  version: number;
  lockTime: number;
  sizeBytes: number;
  weight: number;
  isCoinbase: boolean;
  inputs: TransactionInput[];
  outputs: TransactionOutput[];
}

/** A transaction within the snapshot: its prevouts are known, and so is its fee. */
export interface IndexedTransaction extends ParsedTransaction {
  /** One an input; empty for a coinbase. */
  prevouts: TransactionOutput[];
  feeSat: bigint;
  /** Absent while it waits in the mempool. */
  confirmation?: Confirmation;
}

/** What the library's coder gives; its own types lose their way here. */
interface RawTransaction {
  version: number;
  segwitFlag: boolean;
  inputs: { txid: Uint8Array; index: number; finalScriptSig: Uint8Array; sequence: number }[];
  outputs: { amount: bigint; script: Uint8Array }[];
  witnesses?: Uint8Array[][];
  lockTime: number;
}

const coinbaseParent = '00'.repeat(32);

/** Parses a raw transaction, segwit or not, standard or not. */
export function parseTransaction(rawHex: string): ParsedTransaction {
  const bytes = hex.decode(rawHex);
  const raw = RawTx.decode(bytes) as RawTransaction;
  const strippedBytes = RawTx.encode({ ...raw, segwitFlag: false, witnesses: undefined });
  const inputs = raw.inputs.map((input, position) => ({
    txid: hex.encode(input.txid),
    vout: input.index,
    scriptSig: hex.encode(input.finalScriptSig),
    witness: (raw.witnesses?.[position] ?? []).map((item) => hex.encode(item)),
    sequence: input.sequence
  }));
  return {
    txid: hashOf(strippedBytes),
    hex: rawHex,
    version: raw.version,
    lockTime: raw.lockTime,
    sizeBytes: bytes.length,
    weight: strippedBytes.length * 3 + bytes.length,
    isCoinbase: inputs[0]?.txid === coinbaseParent,
    inputs,
    outputs: raw.outputs.map(({ amount, script }) => ({ amountSat: amount, script, scriptHash: scriptHashOf(script) }))
  };
}

/** The key of an output in maps. */
export function outpointKey(txid: string, vout: number): string {
  return `${txid}:${vout}`;
}

/** Bitcoin's double SHA-256 of a header or a stripped transaction, in the reversed hex people read. */
export function hashOf(bytes: Uint8Array): string {
  return hex.encode(sha256(sha256(bytes)).reverse());
}
