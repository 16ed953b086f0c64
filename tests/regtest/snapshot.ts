// Owns one consistent picture of best chain and mempool: every input's prevout is in it, and no output is spent twice.
import { TernError } from '../../src/wire/errors.js';
import {
  outpointKey,
  type Confirmation,
  type IndexedTransaction,
  type ParsedTransaction,
  type TransactionOutput
} from './indexed-transaction.js';

export interface IndexedBlock {
  hash: string;
  previousHash: string;
  height: number;
  version: number;
  timestampS: number;
  medianTimeS: number;
  bits: number;
  nonce: number;
  difficulty: number;
  merkleRoot: string;
  sizeBytes: number;
  weight: number;
  txids: string[];
}

/** What spends an output. */
export interface Spend {
  txid: string;
  inputIndex: number;
}

/** Reads are synchronous, so that what is read between two awaits is one state; only `ChainIndex` changes it. */
export class Snapshot {
  /** The best chain by height. */
  readonly blocks: IndexedBlock[] = [];
  readonly #heights = new Map<string, number>();
  readonly #transactions = new Map<string, IndexedTransaction>();
  readonly #spends = new Map<string, Spend>();
  readonly #histories = new Map<string, Set<string>>();
  readonly #mempool = new Set<string>();

  get tip(): IndexedBlock | undefined {
    return this.blocks.at(-1);
  }

  /** Waiting transactions, parents before children. */
  get mempoolTxids(): string[] {
    return [...this.#mempool];
  }

  transaction(txid: string): IndexedTransaction | undefined {
    return this.#transactions.get(txid);
  }

  /** A block of the best chain. */
  block(hash: string): IndexedBlock | undefined {
    const height = this.#heights.get(hash);
    return height === undefined ? undefined : this.blocks[height];
  }

  spendOf(txid: string, vout: number): Spend | undefined {
    return this.#spends.get(outpointKey(txid, vout));
  }

  /** Confirmed transactions that touch the script, newest first. */
  confirmedHistory(scriptHash: string): IndexedTransaction[] {
    const place = ({ confirmation }: IndexedTransaction): number[] => [
      confirmation?.height ?? 0,
      confirmation?.position ?? 0
    ];
    return this.#history(scriptHash)
      .filter((transaction) => transaction.confirmation)
      .sort((a, b) => {
        const [[heightA = 0, positionA = 0], [heightB = 0, positionB = 0]] = [place(a), place(b)];
        return heightB - heightA || positionB - positionA;
      });
  }

  /** Waiting transactions that touch the script, parents before children. */
  mempoolHistory(scriptHash: string): IndexedTransaction[] {
    return this.#history(scriptHash).filter((transaction) => !transaction.confirmation);
  }

  /** Outputs to the script that nothing in chain or mempool spends. */
  unspentOutputs(scriptHash: string): { transaction: IndexedTransaction; vout: number; output: TransactionOutput }[] {
    return this.#history(scriptHash).flatMap((transaction) =>
      transaction.outputs
        .map((output, vout) => ({ transaction, vout, output }))
        .filter(({ output, vout }) => output.scriptHash === scriptHash && !this.spendOf(transaction.txid, vout))
    );
  }

  /** Appends a block on the tip. The mempool must have been cleared. */
  connect(block: IndexedBlock, transactions: ParsedTransaction[]): void {
    this.blocks.push(block);
    this.#heights.set(block.hash, block.height);
    const { height, hash: blockHash, timestampS } = block;
    transactions.forEach((parsed, position) => {
      const prevouts = this.#prevoutsOf(parsed);
      if (!prevouts) throw unknownPrevout(parsed.txid);
      this.#add(parsed, prevouts, { height, blockHash, timestampS, position });
    });
  }

  /** Takes the tip off. The mempool must have been cleared. */
  disconnect(): void {
    const block = this.blocks.pop();
    if (!block) return;
    this.#heights.delete(block.hash);
    for (const txid of block.txids.toReversed()) this.#remove(txid);
  }

  clearMempool(): void {
    for (const txid of this.#mempool) this.#remove(txid);
    this.#mempool.clear();
  }

  /** Sets what waits: parents first, without what is confirmed already, conflicts with the chain or lacks a parent. */
  fillMempool(parsed: ParsedTransaction[]): void {
    let waiting = parsed.filter(({ txid }) => !this.#transactions.has(txid));
    for (let before = Infinity; waiting.length < before;) {
      before = waiting.length;
      waiting = waiting.filter((transaction) => !this.#addWaiting(transaction));
    }
  }

  #addWaiting(parsed: ParsedTransaction): boolean {
    const prevouts = this.#prevoutsOf(parsed);
    if (!prevouts || parsed.inputs.some(({ txid, vout }) => this.spendOf(txid, vout))) return false;
    this.#add(parsed, prevouts);
    this.#mempool.add(parsed.txid);
    return true;
  }

  #prevoutsOf(parsed: ParsedTransaction): TransactionOutput[] | undefined {
    if (parsed.isCoinbase) return [];
    const prevouts = parsed.inputs.map(({ txid, vout }) => this.#transactions.get(txid)?.outputs[vout]);
    return prevouts.every((prevout) => prevout !== undefined) ? prevouts : undefined;
  }

  #add(parsed: ParsedTransaction, prevouts: TransactionOutput[], confirmation?: Confirmation): void {
    const total = (outputs: TransactionOutput[]): bigint => outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const feeSat = parsed.isCoinbase ? 0n : total(prevouts) - total(parsed.outputs);
    this.#transactions.set(parsed.txid, { ...parsed, prevouts, feeSat, confirmation });
    if (!parsed.isCoinbase) {
      parsed.inputs.forEach(({ txid, vout }, inputIndex) => {
        this.#spends.set(outpointKey(txid, vout), { txid: parsed.txid, inputIndex });
      });
    }
    for (const { scriptHash } of [...prevouts, ...parsed.outputs]) {
      const history = this.#histories.get(scriptHash);
      if (history) history.add(parsed.txid);
      else this.#histories.set(scriptHash, new Set([parsed.txid]));
    }
  }

  #remove(txid: string): void {
    const transaction = this.#transactions.get(txid);
    if (!transaction) return;
    this.#transactions.delete(txid);
    if (!transaction.isCoinbase) {
      for (const input of transaction.inputs) this.#spends.delete(outpointKey(input.txid, input.vout));
    }
    for (const { scriptHash } of [...transaction.prevouts, ...transaction.outputs]) {
      this.#histories.get(scriptHash)?.delete(txid);
    }
  }

  #history(scriptHash: string): IndexedTransaction[] {
    const txids = this.#histories.get(scriptHash) ?? [];
    return [...txids].flatMap((txid) => this.#transactions.get(txid) ?? []);
  }
}

function unknownPrevout(txid: string): TernError {
  const cause = `block transaction ${txid} spends an output that the chain does not have`;
  return new TernError('chain_invalid_answer', cause, 'Start again with an empty data directory.');
}
