// Owns the JSON forms of Esplora's HTTP API (github.com/Blockstream/esplora, API.md), made from one snapshot.
import { hex } from '@scure/base';
import type { Confirmation, IndexedTransaction, TransactionOutput } from './indexed-transaction.js';
import { describeScript } from './script-forms.js';
import type { IndexedBlock, Snapshot } from './snapshot.js';

/** `status` of a transaction or an output. */
export function statusForm(confirmation: Confirmation | undefined): object {
  if (!confirmation) return { confirmed: false };
  const { height, blockHash, timestampS } = confirmation;
  return { confirmed: true, block_height: height, block_hash: blockHash, block_time: timestampS };
}

/** A transaction with prevouts, fee and status. */
export function transactionForm(transaction: IndexedTransaction): object {
  return {
    txid: transaction.txid,
    version: transaction.version,
    locktime: transaction.lockTime,
    vin: transaction.inputs.map((input, index) => {
      const prevout = transaction.prevouts[index];
      return {
        txid: input.txid,
        vout: input.vout,
        prevout: prevout ? outputForm(prevout) : null,
        scriptsig: input.scriptSig,
        ...(input.witness.length > 0 && { witness: input.witness }),
        is_coinbase: transaction.isCoinbase,
        sequence: input.sequence
      };
    }),
    vout: transaction.outputs.map(outputForm),
    size: transaction.sizeBytes,
    weight: transaction.weight,
    fee: Number(transaction.feeSat),
    status: statusForm(transaction.confirmation)
  };
}

/** A block's header and sizes. */
export function blockForm(block: IndexedBlock): object {
  return {
    id: block.hash,
    height: block.height,
    version: block.version,
    timestamp: block.timestampS,
    tx_count: block.txids.length,
    size: block.sizeBytes,
    weight: block.weight,
    merkle_root: block.merkleRoot,
    previousblockhash: block.previousHash || null,
    mediantime: block.medianTimeS,
    nonce: block.nonce,
    bits: block.bits,
    difficulty: block.difficulty
  };
}

/** What spends an output, if anything does. */
export function outspendForm(snapshot: Snapshot, txid: string, vout: number): object {
  const spend = snapshot.spendOf(txid, vout);
  if (!spend) return { spent: false };
  const confirmation = snapshot.transaction(spend.txid)?.confirmation;
  return { spent: true, txid: spend.txid, vin: spend.inputIndex, status: statusForm(confirmation) };
}

/** The unspent outputs of a script. */
export function unspentForm(snapshot: Snapshot, scriptHash: string): object[] {
  return snapshot.unspentOutputs(scriptHash).map(({ transaction, vout, output }) => ({
    txid: transaction.txid,
    vout,
    status: statusForm(transaction.confirmation),
    value: Number(output.amountSat)
  }));
}

/** Counts and sums of what a script received and spent, in the chain and in the mempool. */
export function scriptStatsForm(snapshot: Snapshot, scriptHash: string): object {
  return {
    chain_stats: sumUp(snapshot.confirmedHistory(scriptHash), scriptHash),
    mempool_stats: sumUp(snapshot.mempoolHistory(scriptHash), scriptHash)
  };
}

/** The mempool's size and feerates: `fee_histogram` has one entry a transaction, the dearest first. */
export function mempoolForm(snapshot: Snapshot): object {
  const waiting = snapshot.mempoolTxids.flatMap((txid) => snapshot.transaction(txid) ?? []);
  const feerates = waiting.map((each): [number, number] => [
    Number(each.feeSat) / virtualSize(each),
    virtualSize(each)
  ]);
  return {
    count: waiting.length,
    vsize: waiting.reduce((sum, each) => sum + virtualSize(each), 0),
    total_fee: waiting.reduce((sum, each) => sum + Number(each.feeSat), 0),
    fee_histogram: feerates.sort(([a], [b]) => b - a)
  };
}

/** The latest of the mempool, newest first. */
export function recentForm(snapshot: Snapshot): object[] {
  const newest = snapshot.mempoolTxids.slice(-10).reverse();
  return newest.flatMap((txid) => {
    const transaction = snapshot.transaction(txid);
    if (!transaction) return [];
    const value = transaction.outputs.reduce((sum, { amountSat }) => sum + Number(amountSat), 0);
    return { txid, fee: Number(transaction.feeSat), vsize: virtualSize(transaction), value };
  });
}

function outputForm({ script, amountSat }: TransactionOutput): object {
  const { type, address } = describeScript(script);
  return {
    scriptpubkey: hex.encode(script),
    scriptpubkey_type: type,
    ...(address !== undefined && { scriptpubkey_address: address }),
    value: Number(amountSat)
  };
}

function virtualSize({ weight }: IndexedTransaction): number {
  return Math.ceil(weight / 4);
}

function sumUp(history: IndexedTransaction[], scriptHash: string): object {
  const own = (outputs: TransactionOutput[]): TransactionOutput[] =>
    outputs.filter((output) => output.scriptHash === scriptHash);
  const sum = (outputs: TransactionOutput[]): number =>
    outputs.reduce((total, { amountSat }) => total + Number(amountSat), 0);
  const funded = history.flatMap(({ outputs }) => own(outputs));
  const spent = history.flatMap(({ prevouts }) => own(prevouts));
  return {
    funded_txo_count: funded.length,
    funded_txo_sum: sum(funded),
    spent_txo_count: spent.length,
    spent_txo_sum: sum(spent),
    tx_count: history.length
  };
}
