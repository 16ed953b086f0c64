// Owns when the playground's blocks are mined: one caller at a time, and by itself until everything that waited is confirmed.
import { setTimeout as delay } from 'node:timers/promises';
import { TernError } from '../../src/wire/errors.js';
import type { Chain } from './chain.js';

/** After so many nobody waits for a transaction any more, not even a channel's close. */
const enoughConfirmations = 6;

export interface MinerOptions {
  /** Between two blocks, while any is needed. */
  blockIntervalMs: number;
  /** Told of blocks that could not be mined. */
  report: (line: string) => void;
}

type MinerChain = Pick<Chain, 'generate' | 'mempool'>;

/** Mines on demand, and one block after another while a transaction waits or lacks confirmations. */
export class Miner {
  readonly #chain: MinerChain;
  readonly #options: MinerOptions;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #owedBlocks = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(chain: MinerChain, options: MinerOptions) {
    this.#chain = chain;
    this.#options = options;
    this.#ended = this.#run(this.#stopping.signal);
  }

  /** Mines `count` blocks at once; their hashes, oldest first. */
  mine(count: number): Promise<string[]> {
    return this.#inTurn(() => this.#generate(count));
  }

  /** Ends the mining. What still waits goes into a last block: a node on regtest forgets its mempool. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
    await this.#inTurn(async () => {
      if (await this.#isAnythingWaiting()) await this.#generate(1);
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { blockIntervalMs, report } = this.#options;
    while (!signal.aborted) {
      await delay(blockIntervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const step = this.#inTurn(() => this.#mineIfNeeded());
      await step.catch((thrown: unknown) => report(`No block was mined. ${TernError.from(thrown).cause}`));
    }
  }

  async #mineIfNeeded(): Promise<void> {
    if (this.#owedBlocks > 0 || (await this.#isAnythingWaiting())) await this.#generate(1);
  }

  async #generate(count: number): Promise<string[]> {
    if (await this.#isAnythingWaiting()) this.#owedBlocks = enoughConfirmations;
    const hashes = await this.#chain.generate(count);
    this.#owedBlocks = Math.max(0, this.#owedBlocks - count);
    return hashes;
  }

  async #isAnythingWaiting(): Promise<boolean> {
    return (await this.#chain.mempool()).length > 0;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
