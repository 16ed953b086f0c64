// Owns what tests may ask of a bitcoin node, whichever it is; coins come from the stand's own key, so no node needs a wallet.
import { ChainIndex } from './chain-index.js';
import { closeDirectory, type NodeDirectory, type NodeProcess } from './node-process.js';
import { Purse } from './purse.js';
import { RpcError, type NodeRpc } from './rpc.js';

export interface ChainOptions {
  /** Data directory to keep, also across starts. Absent: a temporary one, removed by `stop()`. */
  directory?: string;
}

/** A running regtest node. */
export interface Chain {
  readonly kind: 'btcd' | 'bitcoind';
  readonly rpc: NodeRpc;
  /** Chain and mempool by script, kept up to date on demand; the Esplora server answers from it. */
  readonly index: ChainIndex;
  /** How lnd is told to use this node. */
  readonly lndArguments: string[];
  /** Mines `count` blocks to the stand's key, with what waits in the mempool; their hashes, oldest first. */
  generate(count: number): Promise<string[]>;
  height(): Promise<number>;
  /** Gives a transaction to the node; its txid. One that waits already is fine; refused: `broadcast_rejected` with the node's reason. */
  sendRawTransaction(rawHex: string): Promise<string>;
  /** Pays `amountSat` to `address` from the stand's key; the txid. Unconfirmed until the next `generate`. */
  fund(address: string, amountSat: bigint): Promise<string>;
  /** Txids of what waits, in the node's own order. */
  mempool(): Promise<string[]>;
  /** By the node's own word: the output exists and nothing in chain or mempool spends it. */
  isUnspent(txid: string, vout: number): Promise<boolean>;
  /** Takes the top `depth` blocks off and mines `newBlocks` in their place (default one more); their hashes. */
  reorganise(depth: number, newBlocks?: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Blocks after which the first of the stand's coinbases can be spent, with some to spare. */
const matureHeight = 110;

/** What both nodes share; each adds how it starts and how it mines. */
export abstract class NodeChain implements Chain {
  abstract readonly kind: 'btcd' | 'bitcoind';
  abstract readonly lndArguments: string[];
  readonly rpc: NodeRpc;
  readonly index: ChainIndex;
  readonly #purse: Purse;
  readonly #process: NodeProcess;
  readonly #directory: NodeDirectory;

  protected constructor(rpc: NodeRpc, process: NodeProcess, directory: NodeDirectory) {
    this.rpc = rpc;
    this.index = new ChainIndex(rpc);
    this.#purse = new Purse(this);
    this.#process = process;
    this.#directory = directory;
  }

  abstract generate(count: number): Promise<string[]>;

  height(): Promise<number> {
    return this.rpc.call<number>('getblockcount');
  }

  async sendRawTransaction(rawHex: string): Promise<string> {
    return this.rpc.call<string>('sendrawtransaction', rawHex);
  }

  fund(address: string, amountSat: bigint): Promise<string> {
    return this.#purse.pay(address, amountSat);
  }

  mempool(): Promise<string[]> {
    return this.rpc.call<string[]>('getrawmempool');
  }

  async isUnspent(txid: string, vout: number): Promise<boolean> {
    const [output, spends] = await Promise.all([
      // btcd fails where Core answers null: for an output index that a waiting transaction does not have.
      this.rpc.call<object | null>('gettxout', txid, vout, true).catch((error: unknown) => {
        if (error instanceof RpcError) return null;
        throw error;
      }),
      this.rpc.call<{ spendingtxid?: string }[]>('gettxspendingprevout', [{ txid, vout }])
    ]);
    return output !== null && spends.every(({ spendingtxid }) => !spendingtxid);
  }

  async reorganise(depth: number, newBlocks = depth + 1): Promise<string[]> {
    const tip = await this.height();
    const lowest = await this.rpc.call<string>('getblockhash', tip - depth + 1);
    await this.rpc.call('invalidateblock', lowest);
    return this.generateBranch(newBlocks);
  }

  async stop(): Promise<void> {
    this.rpc.close();
    if (this.#directory.temporary) await this.#process.kill();
    else await this.#process.stop();
    await closeDirectory(this.#directory);
  }

  /** Mines on a tip whose successor was invalidated. */
  protected generateBranch(count: number): Promise<string[]> {
    return this.generate(count);
  }

  /** Gives a kept chain back to a node that does not keep it itself. */
  protected async restore(): Promise<void> {}

  /** Brings the chain to where the stand has coins to spend, with a block of now: nodes call themselves synced only then. */
  protected async prepare(): Promise<void> {
    try {
      await this.restore();
      const height = await this.height();
      await this.generate(Math.max(1, matureHeight - height));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}
