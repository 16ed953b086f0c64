// Owns the blocks of a chain that is kept across starts: btcd deletes its regtest database whenever it starts, so we give them back.
import { appendFile, readFile } from 'node:fs/promises';
import type { NodeRpc } from './rpc.js';

/** How many blocks travel at once. */
const blocksAtOnce = 50;

/** One raw block a line, in the order they were mined. */
export class BlockJournal {
  readonly #file: string;
  readonly #rpc: NodeRpc;

  constructor(file: string, rpc: NodeRpc) {
    this.#file = file;
    this.#rpc = rpc;
  }

  /** Appends blocks that the node has. */
  async record(hashes: string[]): Promise<void> {
    for (let start = 0; start < hashes.length; start += blocksAtOnce) {
      const some = hashes.slice(start, start + blocksAtOnce);
      const raw = await Promise.all(some.map((hash) => this.#rpc.call<string>('getblock', hash, 0)));
      await appendFile(this.#file, raw.map((block) => `${block}\n`).join(''));
    }
  }

  /** Gives all recorded blocks to the node. A last line that a crash cut short is left out. */
  async replay(): Promise<void> {
    const content = await readFile(this.#file, 'utf8').catch(() => '');
    for (const block of content.split('\n').slice(0, -1)) await this.#rpc.call('submitblock', block);
  }
}
