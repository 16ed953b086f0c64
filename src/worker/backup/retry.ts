// Owns how failed requests are repeated: capped exponential backoff with jitter, cut short when the network or the user comes back.
import type { TernError } from '../../wire/errors.js';
import type { Clock } from '../clock.js';

const FIRST_DELAY_MS = 100;
const MOST_DELAY_MS = 30_000;

/** Errors that time alone may heal. The others stay until somebody does something, and are tried again all the same, but slowly. */
const PASSING = new Set<string>(['backup_unavailable', 'backup_deadline', 'backup_bad_answer', 'backup_clock_skew']);

/** The server is there and does not serve us: a token withdrawn, a quota, a proxy. None of these says whose the wallet is, or whose state is right. */
const REFUSED = new Set<string>(['backup_unauthorized', 'backup_invalid_request', 'backup_too_large']);

/** Another device, another version or a broken disk: every attempt ends the same way. */
const FINAL = new Set<string>(['taken_over', 'storage_corrupt', 'schema_too_new', 'backup_schema_too_new', 'internal']);

/** True for an error that another attempt may not meet. */
export function isPassing(error: TernError): boolean {
  return PASSING.has(error.code);
}

/** True where the server cannot be used now, for whatever reason of its own: it has told nothing about this wallet. */
export function isUnserved(error: TernError): boolean {
  return PASSING.has(error.code) || REFUSED.has(error.code);
}

/** True for an error that no attempt will get past. */
export function isFinal(error: TernError): boolean {
  return FINAL.has(error.code);
}

/** Milliseconds before attempt `failures + 1`: between half and the whole of the doubled delay. `random` is in [0, 1). */
export function retryDelayMs(failures: number, random: () => number): number {
  const ceiling = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(Math.max(failures - 1, 0), 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** Sleepers that a call of `wake` (network back, page seen again, backup asked for) ends at once. */
export class Waker {
  readonly #clock: Clock;
  #wakes = 0;
  readonly #sleepers = new Set<(isWoken: boolean) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`, or as soon as `wake` is called: with true then, for what failed before tells nothing any more. */
  sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isWoken: boolean) => {
        cancel();
        this.#sleepers.delete(end);
        resolve(isWoken);
      };
      const cancel = this.#clock.setTimer(ms, () => end(false));
      this.#sleepers.add(end);
    });
  }

  /** How often somebody woke: more than before an attempt says that what made it fail may be over. */
  get wakes(): number {
    return this.#wakes;
  }

  wake(): void {
    this.#wakes += 1;
    this.endSleep();
  }

  /** Nobody need wait for an attempt that is made now; nothing new is known. */
  endSleep(): void {
    for (const end of [...this.#sleepers]) end(true);
  }
}
