// Owns the benchmarks of the companion's VSS: puts and gets a second, of 4 KiB, by how many wallets ask at once and where the objects lie.
import type { Measurement } from './measurement.js';
import { runLoad, type LoadResult } from './support/vss-load.js';
import { withVssServer, type StoreKind } from './support/vss-server.js';

const KINDS: StoreKind[] = ['pglite', 'pg'];
const CONCURRENCIES = [1, 8, 32] as const;
const SECONDS = 4;
const VALUE_BYTES = 4_096;

type Results = Map<number, LoadResult>;
const measured = new Map<StoreKind, Promise<Results>>();

export const measurements: Measurement[] = KINDS.flatMap((kind) =>
  (['put', 'get'] as const).flatMap((call) =>
    CONCURRENCIES.map((concurrency) => ({
      id: `server.${call}_per_s_c${concurrency}_${kind}`,
      what: `${call}s a second, ${concurrency} at a time, on ${kind === 'pg' ? 'PostgreSQL' : 'PGlite'}`,
      measure: async () => {
        const result = (await load(kind)).get(concurrency);
        return (call === 'put' ? result?.putsPerSecond : result?.getsPerSecond) ?? Number.NaN;
      }
    }))
  )
);

/** All of one store in one run of one server. */
function load(kind: StoreKind): Promise<Results> {
  const known = measured.get(kind);
  if (known) return known;
  const running = withVssServer(kind, async (url) => {
    const results: Results = new Map();
    for (const concurrency of CONCURRENCIES) {
      const options = { url, auth: 'signature', concurrency, seconds: SECONDS, valueBytes: VALUE_BYTES } as const;
      results.set(concurrency, await runLoad(options));
    }
    return results;
  });
  measured.set(kind, running);
  return running;
}
