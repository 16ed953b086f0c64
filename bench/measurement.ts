// Owns what a benchmark is: an id, a way to measure, a target; whether it is reached follows from the number alone.

/** One number. Its group is the part of the id before the dot, and lies in `bench/<group>.ts`. */
export interface Measurement {
  /** Such as `size.wasm_brotli_mb`; the name ends with the unit, or says what is divided by what. */
  id: string;
  /** In a few words, for the table. */
  what: string;
  /** Absent: the number is only reported. */
  target?: { atMost: number } | { atLeast: number };
  measure: () => Promise<number>;
}

/** What every `bench/<group>.ts` exports. */
export interface MeasurementGroup {
  measurements: Measurement[];
}

/** One row of `npm run bench -- --json`. `target` is null where there is none; `value` is null where measuring failed. */
export interface MeasurementResult {
  id: string;
  value: number | null;
  target: number | null;
  ok: boolean;
}

/** The result of a value. What is not a finite number reaches no target. */
export function judgeValue({ id, target }: Measurement, value: number | null): MeasurementResult {
  const isNumber = value !== null && Number.isFinite(value);
  if (target === undefined) return { id, value: isNumber ? value : null, target: null, ok: isNumber };
  const [limit, reached] =
    'atMost' in target
      ? [target.atMost, isNumber && value <= target.atMost]
      : [target.atLeast, isNumber && value >= target.atLeast];
  return { id, value: isNumber ? value : null, target: limit, ok: reached };
}
