// Owns payments of wallets with a backup: how long they take with the server near and far, in both modes, beside wallets that have none.
import type { BackupMode } from '../../src/worker/api.js';
import { systemClock } from '../../src/worker/clock.js';
import { startStand, type Stand } from '../../tests/regtest/stand.js';
import { median } from './numbers.js';
import { WalletPair } from './pair.js';
import { withVssServer } from './vss-server.js';

export const LATENCIES_MS = [0, 50, 200] as const;
const FAR_MS = 200;
const ROUNDS = 25;
const ROUNDS_FAR = 9;

export interface PaymentTimes {
  /** Medians, in ms, near the server and taken in turns: without a backup, and acknowledged. */
  noneMs: number;
  acknowledgedMs: number;
  /** Medians in ms, by mode and by latency added to every request of both sides. */
  withLatencyMs: Record<BackupMode, Map<number, number>>;
  /** Round trips that a payment waits for: what it takes longer when only that side's server is far, in round trips. */
  payerRoundTrips: number;
  payeeRoundTrips: number;
}

let measured: Promise<PaymentTimes> | undefined;

/** Measures everything once a process. */
export function paymentTimes(): Promise<PaymentTimes> {
  measured ??= withVssServer('pglite', async (vssUrl) => {
    const stand = await startStand({ esplora: true });
    try {
      return await measure(stand, vssUrl);
    } finally {
      await stand.stop();
    }
  });
  return measured;
}

async function measure(stand: Stand, vssUrl: string): Promise<PaymentTimes> {
  const added = { payer: 0, payee: 0 };
  const late = (side: keyof typeof added): typeof fetch => {
    return async (input, init) => {
      if (added[side] > 0) await systemClock.sleep(added[side]);
      return globalThis.fetch(input, init);
    };
  };
  const none = await WalletPair.start(stand);
  try {
    const backed = await WalletPair.start(stand, { vssUrl, fetch: late('payer') }, { vssUrl, fetch: late('payee') });
    try {
      const [noneMs = 0, acknowledgedMs = 0] = await inTurns(ROUNDS, [() => payFrom(none), () => payFrom(backed)]);
      const far = (side: keyof typeof added | undefined) => async () => {
        if (side) added[side] = FAR_MS;
        const elapsedMs = await payFrom(backed);
        Object.assign(added, { payer: 0, payee: 0 });
        return elapsedMs;
      };
      const [near = 0, payerFar = 0, payeeFar = 0] = await inTurns(ROUNDS_FAR, [
        far(undefined),
        far('payer'),
        far('payee')
      ]);
      const withLatencyMs = { acknowledged: new Map<number, number>(), 'local-first': new Map<number, number>() };
      for (const mode of ['acknowledged', 'local-first'] as const) {
        for (const { wallet } of [backed.payer, backed.payee]) await wallet.changeSettings({ backupMode: mode });
        for (const latencyMs of LATENCIES_MS) {
          Object.assign(added, { payer: latencyMs, payee: latencyMs });
          const [elapsedMs = 0] = await inTurns(ROUNDS_FAR, [() => payFrom(backed)]);
          withLatencyMs[mode].set(latencyMs, elapsedMs);
        }
        Object.assign(added, { payer: 0, payee: 0 });
      }
      const payerRoundTrips = (payerFar - near) / FAR_MS;
      const payeeRoundTrips = (payeeFar - near) / FAR_MS;
      return { noneMs, acknowledgedMs, withLatencyMs, payerRoundTrips, payeeRoundTrips };
    } finally {
      await backed.stop();
    }
  } finally {
    await none.stop();
  }
}

/** Pays when nothing is left of the payment before, whose last messages would otherwise be measured too. */
async function payFrom(pair: WalletPair): Promise<number> {
  const invoice = await pair.invoice();
  await pair.rest();
  return pair.settle(invoice);
}

/** The medians of each, taken in turns; the first round warms up and is not counted. */
async function inTurns(rounds: number, runs: (() => Promise<number>)[]): Promise<number[]> {
  const samples: number[][] = runs.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, run] of runs.entries()) samples[index]?.push(await run());
  }
  return samples.map((all) => median(all.slice(1)));
}
