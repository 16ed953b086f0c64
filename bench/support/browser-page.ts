// Owns the page of the benchmarks: every measurement gets a worker of its own, as cold as the wallet's at its start.
import { wrap } from 'comlink';
import type { BrowserBench } from './browser-worker.js';

/** Runs one method in a new worker and ends that. */
export type RunInWorker = (method: keyof BrowserBench, args: unknown[]) => Promise<unknown>;

const runInWorker: RunInWorker = async (method, args) => {
  const worker = new Worker('/worker.js', { type: 'module' });
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => reject(new Error(`the worker failed: ${event.message}`));
  });
  try {
    const bench = wrap<Record<string, (...args: unknown[]) => unknown>>(worker);
    return await Promise.race([bench[method]?.(...args), failed]);
  } finally {
    worker.terminate();
  }
};

Object.assign(globalThis, { runInWorker });
