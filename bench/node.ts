// Owns the benchmarks of the node itself: what a payment costs in WebAssembly, over what the very same node costs natively.
import type { Measurement } from './measurement.js';
import { nodePayments, WIDTH } from './support/node-payments.js';

export const measurements: Measurement[] = [
  {
    id: 'node.payment_cpu_wasm_over_native',
    what: 'CPU of a payment between two nodes in one thread, in WebAssembly over native, the same around both',
    target: { atMost: 2.2 },
    measure: async () => (await nodePayments()).plainOverNative
  },
  {
    id: 'node.payment_cpu_worker_over_native',
    what: "the same with the wallet's worker around the nodes in WebAssembly",
    measure: async () => (await nodePayments()).workerOverNative
  },
  {
    id: 'node.payments_per_s',
    what: `payments a second of two nodes in one thread, in WebAssembly under the wallet's worker, ${WIDTH} at once`,
    measure: async () => (await nodePayments()).paymentsPerSecond
  }
];
