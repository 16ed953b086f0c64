// Owns the pace of retries: doubling from 1 s to 60 s, with jitter, so that many clients do not return in step.
const FIRST_DELAY_MS = 1_000;
const MOST_DELAY_MS = 60_000;

/** Milliseconds before attempt `failures + 1`: between half and the whole of the doubled delay. `random` is in [0, 1). */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(Math.max(failures - 1, 0), 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
