// Owns waiting in tests: a condition is met before its deadline, or the error says what was awaited and why it failed last.
import { setTimeout as delay } from 'node:timers/promises';
import { TernError } from '../../src/wire/errors.js';

export interface WaitOptions {
  /** What is awaited, as the error will name it: `the channel to become usable`. */
  what: string;
  /** Default 30,000. */
  timeoutMs?: number;
  /** Pause between two looks; default 50. */
  intervalMs?: number;
}

/**
 * Looks at `condition` until it gives something other than false, null or undefined, and returns that.
 * A condition that throws counts as not met; the last reason is part of the error. Prefer an event where one exists.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 30_000, intervalMs = 50 }: WaitOptions
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let reason = '';
    try {
      const value = await withDeadline(Promise.resolve(condition()), deadline - performance.now(), what);
      if (value !== undefined && value !== null && value !== false)
        return value as Exclude<T, false | null | undefined>;
    } catch (error) {
      reason = TernError.from(error).message;
    }
    if (performance.now() + intervalMs >= deadline) throw tooLate(what, timeoutMs, reason);
    await delay(intervalMs);
  }
}

/** The promise's outcome, or an error that names `what` when it takes longer than `timeoutMs`. */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(what, timeoutMs, '')), Math.max(0, timeoutMs));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(what: string, timeoutMs: number, lastReason: string): TernError {
  const cause = `waited ${Math.round(timeoutMs)} ms for ${what}${lastReason ? `; last: ${lastReason}` : ''}`;
  return new TernError('internal', cause, 'Look at the logs of the nodes involved.');
}
