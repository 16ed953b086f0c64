// Owns time in the simulated world: it stands still while anything runs, and jumps to the next timer when nothing does.
import type { Clock } from '../../src/worker/clock.js';

interface Timer {
  atMs: number;
  order: number;
  run: () => void;
}

/** Event-loop rounds without a timer after which the world counts as idle: streams and promises settle within a few. */
const IDLE_ROUNDS = 6;

/** A clock that a test moves. `during` moves it as far as a promise needs; `advance` lets a while pass. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimer(ms, resolve));
  }

  macrotask(run: () => void): void {
    setImmediate(run);
  }

  setTimer(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(ms, 0), order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** The promise's outcome; whenever the world idles before it, the next timer fires. Fails after `mostMs` of virtual time. */
  async during<T>(promise: Promise<T>, mostMs = 24 * 3_600_000): Promise<T> {
    let isOver = false;
    const watched = promise.finally(() => (isOver = true));
    watched.catch(() => undefined);
    const endMs = this.#nowMs + mostMs;
    for (;;) {
      await idle();
      if (isOver) return watched;
      const next = this.#next();
      if (next === undefined || next.atMs > endMs) throw new Error(`still pending after ${mostMs} ms of virtual time`);
      this.#fire(next);
    }
  }

  /** Lets `ms` pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await idle();
      const next = this.#next();
      if (next === undefined || next.atMs > endMs) break;
      this.#fire(next);
    }
    this.#nowMs = endMs;
  }

  #next(): Timer | undefined {
    return [...this.#timers].sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.run();
  }
}

/** Lets everything run that needs no timer. */
export async function idle(): Promise<void> {
  for (let round = 0; round < IDLE_ROUNDS; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
