// Owns the benchmarks of the start: what the node adds to loading its module, and that a long history does not make a wallet start later.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { wasmDirectory } from '../scripts/commands.js';
import { ensureWasm } from '../scripts/wasm.js';
import type { Measurement } from './measurement.js';
import { withBrowser, type BenchBrowser } from './support/browser.js';
import { longHistory, type History } from './support/history.js';
import { interleavedRatio } from './support/numbers.js';

const ROUNDS = 7;
/** A start differs from the next by more than the target leaves. */
const NODE_ROUNDS = 41;

export const measurements: Measurement[] = [
  {
    id: 'start.node_over_instantiate',
    what: 'an empty node started over its module merely instantiated, in a worker of Chromium',
    target: { atMost: 1.3 },
    measure: measureNode
  },
  {
    id: 'start.ready_5000_over_50_payments',
    what: 'unlock to ready in Chromium, with 5,000 payments over with 50',
    target: { atMost: 1.5 },
    measure: () => measureReady('unlockMs')
  },
  {
    id: 'start.loading_5000_over_50_payments',
    what: 'the same without the vault: what loads the node',
    measure: () => measureReady('loadingMs')
  }
];

async function measureNode(): Promise<number> {
  await ensureWasm();
  const module = new WebAssembly.Module(await readFile(path.join(wasmDirectory, 'pkg', 'tern_bg.wasm')));
  const imports = WebAssembly.Module.imports(module);
  return withBrowser((browser) =>
    interleavedRatio(
      NODE_ROUNDS,
      () => browser.run('startNode'),
      () => browser.run('instantiate', imports)
    )
  );
}

async function measureReady(part: 'unlockMs' | 'loadingMs'): Promise<number> {
  await ensureWasm();
  const history = await longHistory();
  return withBrowser(async (browser) => {
    for (const length of ['short', 'long'] as const) await fill(browser, length, history);
    const unlock = async (length: 'short' | 'long') => (await browser.run('unlock', length))[part];
    return interleavedRatio(
      ROUNDS,
      () => unlock('long'),
      () => unlock('short')
    );
  });
}

async function fill(browser: BenchBrowser, length: 'short' | 'long', history: History): Promise<void> {
  browser.offer(length, history[length]);
  await browser.run('fill', length);
}
