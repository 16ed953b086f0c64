// Owns the order of everything in the simulated world: one event at a time, time jumps from one to the next, and a seed decides who comes first.
import type { Chance } from './random.js';

interface Happening {
  atMs: number;
  order: number;
  run: (() => void) | undefined;
}

/** Event-loop rounds after an event: promises and streams settle within a few. */
const SETTLE_ROUNDS = 4;
/** Tasks of one process start this much apart at most: enough that those of two processes come in any order. */
const TASK_JITTER_MS = 0.2;

/** All that will happen, soonest first. */
export class Timeline {
  /** Events that ran. */
  steps = 0;
  readonly #chance: Chance;
  #nowMs: number;
  #order = 0;
  readonly #heap: Happening[] = [];
  readonly #laneEndMs = new Map<string, number>();

  constructor(chance: Chance, startMs = 1_700_000_000_000) {
    this.#chance = chance;
    this.#nowMs = startMs;
  }

  /** Unix milliseconds. */
  get nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  /** Runs `run` after `delayMs` unless it is taken back. */
  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#nowMs + delayMs, run);
  }

  /** Runs `run` at that time, or now if it is past; two of one time in the order they were asked for. */
  at(atMs: number, run: () => void): () => void {
    return this.#push(Math.max(atMs, this.#nowMs), run);
  }

  /** Runs `run` after what was put into the same lane before, and in any order with other lanes. */
  inLane(lane: string, run: () => void, delayMs = 0): void {
    const jitterMs = this.#chance.next() * TASK_JITTER_MS;
    const atMs = Math.max(this.#laneEndMs.get(lane) ?? 0, this.#nowMs + delayMs + jitterMs);
    this.#laneEndMs.set(lane, atMs);
    this.#push(atMs, run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Runs the next event and everything that follows from it without time. False: nothing will ever happen again. */
  async step(): Promise<boolean> {
    const next = this.#pop();
    if (!next) return false;
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    this.steps += 1;
    next.run?.();
    await settle();
    return true;
  }

  /** When the next event is due. */
  get nextAtMs(): number | undefined {
    while (this.#heap[0] && !this.#heap[0].run) this.#takeTop();
    return this.#heap[0]?.atMs;
  }

  #push(atMs: number, run: () => void): () => void {
    const happening: Happening = { atMs, order: (this.#order += 1), run };
    const heap = this.#heap;
    heap.push(happening);
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!isSooner(heap[at], heap[parent])) break;
      swap(heap, at, parent);
      at = parent;
    }
    return () => (happening.run = undefined);
  }

  #pop(): Happening | undefined {
    for (;;) {
      const top = this.#takeTop();
      if (!top || top.run) return top;
    }
  }

  #takeTop(): Happening | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = isSooner(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isSooner(heap[least], heap[at])) return top;
      swap(heap, at, least);
      at = least;
    }
  }
}

/** Lets everything run that needs no time. */
export async function settle(rounds = SETTLE_ROUNDS): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

function isSooner(a: Happening | undefined, b: Happening | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: Happening[], a: number, b: number): void {
  const [left, right] = [heap[a], heap[b]];
  if (!left || !right) return;
  heap[a] = right;
  heap[b] = left;
}
