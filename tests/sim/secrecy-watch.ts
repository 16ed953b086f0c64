// Owns the proof of invariants 9 and 10: what is planted in the wallets is never seen in what the server stores, nor secrets in what leaves the wall.
import type { LogLine } from '../../src/worker/api.js';
import type { World } from './world.js';

/** Names and values of every wallet's rows. */
const PLANTED = ['manager', 'monitor', 'payments', 'a simulated coffee', '"bolt11"', 'lnbcrt'];

export class SecrecyWatch {
  readonly #world: Pick<World, 'violated' | 'personas'>;

  constructor(world: Pick<World, 'violated' | 'personas'>) {
    this.#world = world;
  }

  /** The server stored this request's body. */
  stored(session: string, body: Uint8Array): void {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    const found = PLANTED.find((text) => bytes.includes(text)) ?? this.#nodeIdIn(bytes);
    if (found !== undefined) this.#world.violated(`invariant 9: the server can read "${found}" of ${session}`);
  }

  /** A wallet's log, as a user would export it. */
  logged(session: string, lines: LogLine[]): void {
    for (const { message } of lines) {
      if (/[0-9a-f]{64}/i.test(message)) this.#world.violated(`invariant 10: ${session} logs ${message}`);
      for (const { words } of this.#world.personas) {
        if (message.includes(words)) this.#world.violated(`invariant 10: ${session} logs the words`);
      }
    }
  }

  #nodeIdIn(bytes: Buffer): string | undefined {
    const nodeIds = this.#world.personas.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== '');
    return nodeIds.find((nodeId) => bytes.includes(nodeId) || bytes.includes(Buffer.from(nodeId, 'hex')));
  }
}
