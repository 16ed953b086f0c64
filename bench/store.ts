// Owns the benchmarks of the store: how often a payment commits, what a commit costs, and that neither grows with history.
import { startStand } from '../tests/regtest/stand.js';
import { ensureWasm } from '../scripts/wasm.js';
import type { Measurement } from './measurement.js';
import { withBrowser } from './support/browser.js';
import { longHistory } from './support/history.js';
import { median } from './support/numbers.js';
import { WalletPair } from './support/pair.js';

const PAYMENTS = 20;
const ROUNDS = 12;
const WARM_UP = 3;

export const measurements: Measurement[] = [
  {
    id: 'store.commits_per_payment',
    what: 'commits of a payment, from the command until both sides rest, the busier side',
    target: { atMost: 6 },
    measure: measureCommits
  },
  {
    id: 'store.batch100_over_100_single',
    what: 'one commit of 100 rows over 100 commits of one, in IndexedDB of Chromium',
    target: { atMost: 0.1 },
    measure: measureBatch
  },
  {
    id: 'store.bytes_payment_5000_over_100',
    what: 'bytes written a payment, after 5,000 payments over after 100',
    target: { atMost: 1.2 },
    measure: async () => {
      await ensureWasm();
      const { bytesAfterLong, bytesAfterShort } = await longHistory();
      return bytesAfterLong / bytesAfterShort;
    }
  }
];

/** The disk is memory, which is always ready: on a slower one more falls together in one commit, never less. */
async function measureCommits(): Promise<number> {
  await ensureWasm();
  const stand = await startStand({ esplora: true });
  try {
    const pair = await WalletPair.start(stand);
    try {
      const samples: number[] = [];
      for (let count = 0; count < PAYMENTS; count += 1) samples.push(await commitsOfPayment(pair));
      return median(samples);
    } finally {
      await pair.stop();
    }
  } finally {
    await stand.stop();
  }
}

async function commitsOfPayment(pair: WalletPair): Promise<number> {
  const invoice = await pair.invoice();
  await pair.rest();
  const sides = [pair.payer, pair.payee];
  const before = sides.map(({ disk }) => disk.commits);
  await pair.settle(invoice);
  await pair.rest();
  return Math.max(...sides.map(({ disk }, index) => disk.commits - (before[index] ?? 0)));
}

/** In one warm worker, as a wallet's that has run for a while; the first rounds are not counted. */
function measureBatch(): Promise<number> {
  return withBrowser(async (browser) => {
    const { batchMs, singlyMs } = await browser.run('commitRows', 100, ROUNDS);
    return median(batchMs.slice(WARM_UP)) / median(singlyMs.slice(WARM_UP));
  });
}
