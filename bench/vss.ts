// Owns the benchmarks of the backup: what it costs a payment, what a restore costs, and how many commits a server takes.
import { ensureWasm } from '../scripts/wasm.js';
import { deriveBackupSecrets, Seal, systemRandom } from '../src/worker/backup/seal.js';
import type { RowKey } from '../src/worker/disk.js';
import type { Measurement } from './measurement.js';
import { benchDevice } from './support/backups.js';
import { interleavedRatio, timeMs } from './support/numbers.js';
import { LATENCIES_MS, paymentTimes, type PaymentTimes } from './support/vss-payments.js';
import { withVssServer } from './support/vss-server.js';
import { fetchTransport, PlainVss } from './support/vss-wire.js';

const RESTORED_KEYS = 2_000;
const VALUE_BYTES = 4_096;
const RESTORE_ROUNDS = 5;
/** As many as a restore asks at a time. */
const WIDTH = 16;
const DIRTY_KEYS = [1, 4, 16, 64] as const;
const COMMIT_SECONDS = 4;

export const measurements: Measurement[] = [
  {
    id: 'vss.payment_acknowledged_over_none',
    what: 'a payment whose every step waits for the server over one without a backup, no latency added',
    target: { atMost: 1.5 },
    measure: () => ofPayments(({ acknowledgedMs, noneMs }) => acknowledgedMs / noneMs)
  },
  {
    id: 'vss.critical_round_trips',
    what: 'round trips to the server that a payment waits for, the worse side',
    target: { atMost: 4 },
    measure: () => ofPayments(({ payerRoundTrips, payeeRoundTrips }) => Math.max(payerRoundTrips, payeeRoundTrips))
  },
  {
    id: 'vss.restore_over_plain_fetch',
    what: 'restore of 2,000 x 4 KiB over a plain list-and-get of as many',
    target: { atMost: 1.3 },
    measure: measureRestore
  },
  {
    id: 'vss.payment_ms_none',
    what: 'a payment without a backup, in ms',
    measure: () => ofPayments(({ noneMs }) => noneMs)
  },
  ...(['acknowledged', 'local-first'] as const).flatMap((mode) =>
    LATENCIES_MS.map((latencyMs) => ({
      id: `vss.payment_ms_${mode.replace('-', '_')}_${latencyMs}ms`,
      what: `a payment in ms, ${mode}, ${latencyMs} ms added to every request of both sides`,
      measure: () => ofPayments(({ withLatencyMs }) => withLatencyMs[mode].get(latencyMs) ?? Number.NaN)
    }))
  ),
  ...DIRTY_KEYS.map((keys) => ({
    id: `vss.commits_per_s_${keys}_keys`,
    what: `commits a second of one wallet, one after the other, with ${keys} dirty keys each`,
    measure: () => measureCommits(keys)
  }))
];

async function ofPayments(pick: (times: PaymentTimes) => number): Promise<number> {
  await ensureWasm();
  return pick(await paymentTimes());
}

/** Both read the very same objects, by the same means. */
function measureRestore(): Promise<number> {
  return withVssServer('pglite', async (url) => {
    const seed = systemRandom(64);
    const source = benchDevice(url, seed, 'source');
    const puts = Array.from({ length: RESTORED_KEYS }, (_, index) => newRow(index));
    await source.disk.commit({ puts, removes: [] });
    await source.start();
    await source.backup.now();
    await source.backup.release();
    const { vssSeed, authSecretKey } = deriveBackupSecrets(seed);
    const storeId = new Seal(vssSeed, systemRandom).storeId('regtest');
    const plain = new PlainVss(url, 'signature', authSecretKey, fetchTransport);
    let devices = 0;
    const restore = async (): Promise<number> => {
      const { disk, backup, start } = benchDevice(url, seed, `device ${(devices += 1)}`);
      const elapsedMs = await timeMs(() => start());
      const rows = (await disk.allRows()).length;
      await backup.release();
      return rows === RESTORED_KEYS ? elapsedMs : Number.NaN;
    };
    try {
      return await interleavedRatio(RESTORE_ROUNDS, restore, () => timeMs(() => fetchAll(plain, storeId)));
    } finally {
      plain.close();
    }
  });
}

async function fetchAll(plain: PlainVss, storeId: string): Promise<void> {
  const keys = await plain.list(storeId);
  const take = async (): Promise<void> => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) await plain.get(storeId, key);
  };
  await Promise.all(Array.from({ length: WIDTH }, take));
}

function measureCommits(keys: number): Promise<number> {
  return withVssServer('pglite', async (url) => {
    const { disk, backup, start } = benchDevice(url, systemRandom(64), 'device');
    await start();
    try {
      const write = async (): Promise<void> => {
        await disk.commit({ puts: Array.from({ length: keys }, (_, index) => newRow(index)), removes: [] });
        backup.committed();
        await backup.beforePersisted();
      };
      await write();
      const beganMs = performance.now();
      let commits = 0;
      for (; performance.now() - beganMs < COMMIT_SECONDS * 1_000; commits += 1) await write();
      return commits / ((performance.now() - beganMs) / 1_000);
    } finally {
      await backup.release();
    }
  });
}

function newRow(index: number): { row: RowKey; value: Uint8Array } {
  return { row: { primary: 'payments', secondary: '', key: `row ${index}` }, value: systemRandom(VALUE_BYTES) };
}
