// Proves that the node's timers share their callbacks, however many it starts, and go on ringing.
import { expect, it } from 'vitest';
import type { NodeConfig, NodeHost } from '../../wasm/pkg/tern.js';
import { idle } from '../../tests/sim/virtual-clock.js';
import { loadNodeModule } from './platform-node.js';

const ROUNDS = 50;
const config: NodeConfig = {
  network: 'regtest',
  esploraUrl: 'http://127.0.0.1:1',
  pollIntervalSeconds: 1,
  isQuarantined: false
};

/** An empty disk, and timers that ring when they are told to. */
class RungHost implements NodeHost {
  readonly callbacks = new Set<() => void>();
  readonly #running = new Map<number, () => void>();
  started = 0;

  ringAll(): void {
    const ringing = [...this.#running.values()];
    this.#running.clear();
    for (const run of ringing) run();
  }

  get isAnyShared(): boolean {
    return new Set(this.#running.values()).size < this.#running.size;
  }

  setTimer(_ms: number, run: () => void): () => void {
    const timer = (this.started += 1);
    this.callbacks.add(run);
    this.#running.set(timer, run);
    return () => void this.#running.delete(timer);
  }

  read = (): Promise<undefined> => Promise.resolve(undefined);
  write = (): Promise<void> => Promise.resolve();
  remove = (): Promise<void> => Promise.resolve();
  list = (): Promise<string[]> => Promise.resolve([]);
  listPage = (): Promise<string[]> => Promise.resolve([]);
  wake = (): void => undefined;
  nowMs = (): number => 1_700_000_000_000;
  log = (): void => undefined;
}

it('makes no more callbacks than it has timers at a time, and two that run never have the same', async () => {
  const host = new RungHost();
  const { start } = await loadNodeModule();
  const node = await start(config, new Uint8Array(64).fill(7), host);
  node.run();
  for (let round = 0; round < ROUNDS; round += 1) {
    await idle();
    expect(host.isAnyShared).toBe(false);
    host.ringAll();
  }
  expect(host.started).toBeGreaterThan(3 * ROUNDS);
  expect(host.callbacks.size).toBeLessThan(ROUNDS);
  await node.stop();
});
