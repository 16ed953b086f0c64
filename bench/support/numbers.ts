// Owns what many samples come down to: medians, and ratios of things measured in turns within one run.

/** The middle one; of an even number the mean of the two in the middle. Not a number where there are none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** How long `run` takes, in ms. */
export async function timeMs(run: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await run();
  return performance.now() - beganMs;
}

/** Median of `one` over median of `other`, taken in turns; the first of each is not counted, as it warms up. */
export async function interleavedRatio(
  rounds: number,
  one: () => Promise<number>,
  other: () => Promise<number>
): Promise<number> {
  const ones: number[] = [];
  const others: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    ones.push(await one());
    others.push(await other());
  }
  return median(ones.slice(1)) / median(others.slice(1));
}
