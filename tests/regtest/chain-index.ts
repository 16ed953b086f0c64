// Owns bringing the snapshot up to the node: after `update()` it shows everything the node knew when `update()` was called.
import { TernError } from '../../src/wire/errors.js';
import { parseTransaction, type ParsedTransaction } from './indexed-transaction.js';
import { RpcError, type NodeRpc } from './rpc.js';
import { Snapshot, type IndexedBlock } from './snapshot.js';

/** A verbose block: Core puts its transactions into `tx`, btcd into `rawtx`. */
interface VerboseBlock {
  hash: string;
  previousblockhash?: string;
  height: number;
  version: number;
  time: number;
  bits: string;
  nonce: number;
  difficulty: number;
  merkleroot: string;
  size: number;
  weight: number;
  tx?: { hex: string }[];
  rawtx?: { hex: string }[];
}

interface FetchedBlock {
  block: Omit<IndexedBlock, 'medianTimeS'>;
  transactions: ParsedTransaction[];
}

interface Branch {
  forkHeight: number;
  blocks: FetchedBlock[];
}

/** The chain changed while it was being read. */
class ChainMoved extends TernError {
  constructor() {
    super('chain_unavailable', 'the chain changed while it was being read, again and again', 'Try again.');
  }
}

/** How many blocks are asked for at once while catching up. */
const blocksAtOnce = 64;
const attemptsPerPass = 50;

export class ChainIndex {
  readonly snapshot = new Snapshot();
  readonly #rpc: NodeRpc;
  #running: Promise<unknown> = Promise.resolve();
  #queued?: Promise<void>;
  #seenTip = '';
  #seenMempool = '';

  constructor(rpc: NodeRpc) {
    this.#rpc = rpc;
  }

  /** Callers share a pass that begins after they called, never one already under way: so they read their own writes. */
  update(): Promise<void> {
    this.#queued ??= this.#running.then(() => {
      this.#queued = undefined;
      const pass = this.#catchUp();
      this.#running = pass.catch(() => undefined);
      return pass;
    });
    return this.#queued;
  }

  async #catchUp(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { tip, mempool } = await this.#look();
      const mempoolKey = mempool.toSorted().join();
      if (tip === this.#seenTip && mempoolKey === this.#seenMempool) return;
      try {
        const waiting = await this.#fetchWaiting(mempool);
        const branch = await this.#fetchBranch(tip);
        this.#apply(branch, waiting);
        this.#seenTip = tip;
        this.#seenMempool = mempoolKey;
        return;
      } catch (error) {
        // What was looked at has gone in the meantime: mined, replaced or reorganised. Look anew.
        if (!(error instanceof RpcError || error instanceof ChainMoved) || attempt === attemptsPerPass) throw error;
      }
    }
  }

  /** Tip and mempool of one moment: the tip is the same before and after. */
  async #look(): Promise<{ tip: string; mempool: string[] }> {
    for (let tip = await this.#rpc.call<string>('getbestblockhash'); ;) {
      const mempool = await this.#rpc.call<string[]>('getrawmempool');
      const tipAfter = await this.#rpc.call<string>('getbestblockhash');
      if (tip === tipAfter) return { tip, mempool };
      tip = tipAfter;
    }
  }

  async #fetchWaiting(txids: string[]): Promise<ParsedTransaction[]> {
    return Promise.all(
      txids.map(async (txid) => {
        const known = this.snapshot.transaction(txid);
        return known ?? parseTransaction(await this.#rpc.call<string>('getrawtransaction', txid, 0));
      })
    );
  }

  /** The blocks from where the node's chain leaves ours up to `tip`, oldest first; none when `tip` is within ours. */
  async #fetchBranch(tip: string): Promise<Branch> {
    const known = this.snapshot.block(tip);
    if (known) return { forkHeight: known.height, blocks: [] };
    const last = await this.#fetchBlock(tip);
    const blocks = await this.#fetchBlocks((this.snapshot.tip?.height ?? -1) + 1, last.block.height);
    blocks.push(last);
    const isLinked = blocks.every(({ block }, i) => i === 0 || block.previousHash === blocks[i - 1]?.block.hash);
    if (!isLinked) throw new ChainMoved();
    let { height, previousHash } = (blocks[0] ?? last).block;
    while (height > 0 && !this.snapshot.block(previousHash)) {
      const parent = await this.#fetchBlock(previousHash);
      blocks.unshift(parent);
      ({ height, previousHash } = parent.block);
    }
    return { forkHeight: height - 1, blocks };
  }

  /** Blocks of the node's best chain, `from` included, `to` not. */
  async #fetchBlocks(from: number, to: number): Promise<FetchedBlock[]> {
    const blocks: FetchedBlock[] = [];
    for (let start = from; start < to; start += blocksAtOnce) {
      const heights = Array.from({ length: Math.min(blocksAtOnce, to - start) }, (_, i) => start + i);
      const fetchAt = async (height: number): Promise<FetchedBlock> =>
        this.#fetchBlock(await this.#rpc.call<string>('getblockhash', height));
      blocks.push(...(await Promise.all(heights.map(fetchAt))));
    }
    return blocks;
  }

  #apply({ forkHeight, blocks }: Branch, waiting: ParsedTransaction[]): void {
    this.snapshot.clearMempool();
    while ((this.snapshot.tip?.height ?? -1) > forkHeight) this.snapshot.disconnect();
    for (const { block, transactions } of blocks) {
      this.snapshot.connect({ ...block, medianTimeS: this.#medianTimeWith(block.timestampS) }, transactions);
    }
    this.snapshot.fillMempool(waiting);
  }

  /** BIP113: the median of the last eleven timestamps, this one included. */
  #medianTimeWith(timestampS: number): number {
    const times = this.snapshot.blocks.slice(-10).map((block) => block.timestampS);
    const sorted = [...times, timestampS].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? timestampS;
  }

  async #fetchBlock(hash: string): Promise<FetchedBlock> {
    const answer = await this.#rpc.call<VerboseBlock>('getblock', hash, 2);
    const transactions = (answer.rawtx ?? answer.tx ?? []).map((transaction) => parseTransaction(transaction.hex));
    const block = {
      hash: answer.hash,
      // btcd gives the first block a parent of zeros, Core none.
      previousHash: answer.height === 0 ? '' : (answer.previousblockhash ?? ''),
      height: answer.height,
      version: answer.version,
      timestampS: answer.time,
      bits: Number.parseInt(answer.bits, 16),
      nonce: answer.nonce,
      difficulty: answer.difficulty,
      merkleRoot: answer.merkleroot,
      sizeBytes: answer.size,
      weight: answer.weight,
      txids: transactions.map(({ txid }) => txid)
    };
    return { block, transactions };
  }
}
