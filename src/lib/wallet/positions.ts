// Owns the choice of the words that are asked for: different, in order, and not to be foreseen.

/** `count` different positions below `length`, ascending. */
export function pickPositions(length: number, count: number): number[] {
  const positions = new Set<number>();
  while (positions.size < Math.min(count, length)) {
    positions.add((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % length);
  }
  return [...positions].sort((left, right) => left - right);
}
