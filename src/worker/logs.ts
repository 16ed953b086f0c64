// Owns the log: the last 2,000 lines, each redacted before it is kept.
import type { LogLine } from './api.js';
import type { Clock } from './clock.js';
import { redact } from './redact.js';

const KEPT_LINES = 2_000;

/** A ring buffer of redacted lines. */
export class Logs {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #ring: LogLine[] = [];
  #next = 0;

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /** Keeps a line; the oldest makes room. */
  write(level: LogLine['level'], target: string, message: string): void {
    this.#ring[this.#next] = { atMs: this.#clock.nowMs(), level, target, message: redact(message) };
    this.#next = (this.#next + 1) % KEPT_LINES;
  }

  /** All kept lines, oldest first. */
  lines(): LogLine[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].slice(-KEPT_LINES);
  }
}
