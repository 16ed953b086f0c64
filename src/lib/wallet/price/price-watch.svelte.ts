// Owns when a price is asked and how long it is believed: only while somebody watches, every few minutes, and never shown once it is old.
import { TernError, type ErrorShape } from '../../../wire/errors.js';
import type { PriceChoice } from './sources.js';
import type { Price } from './worth.js';

/** Between two questions of its own accord. */
export const REFRESH_MS = 5 * 60_000;
/** After one that failed. */
export const RETRY_MS = 2 * 60_000;
/** An older price is not shown. */
export const FRESH_MS = 30 * 60_000;

/** What the watch stands on. */
export interface PriceWorld {
  /** The price in the smallest unit; throws a `TernError`. */
  ask: (choice: PriceChoice, signal: AbortSignal) => Promise<bigint>;
  nowMs: () => number;
  /** Prices are switched on, and somebody looks at an open wallet. */
  mayAsk: () => boolean;
}

/** The price that the user wants to know. */
export class PriceWatch {
  choice = $state.raw() as PriceChoice;
  /** What the source answered last, however long ago. */
  latest = $state.raw<Price>();
  /** Why it did not answer the last question. */
  error = $state.raw<ErrorShape>();
  asking = $state(false);
  readonly #world: PriceWorld;
  #nowMs = $state(0);
  #question: AbortController | undefined;
  #askedMs = -Infinity;

  constructor(world: PriceWorld, choice: PriceChoice) {
    this.#world = world;
    this.choice = choice;
    this.#nowMs = world.nowMs();
  }

  /** The price while it may be believed. */
  get fresh(): Price | undefined {
    return this.latest && isWithin(FRESH_MS, this.latest.atMs, this.#nowMs) ? this.latest : undefined;
  }

  /** Looks at the clock; asks if it is time to and nobody has said no. */
  look(): void {
    this.#nowMs = this.#world.nowMs();
    if (this.asking || !this.#world.mayAsk()) return;
    if (!isWithin(this.error ? RETRY_MS : REFRESH_MS, this.#askedMs, this.#nowMs)) void this.ask();
  }

  /** Asks now, whenever the last time was. What goes wrong is in `error` then. */
  async ask(): Promise<void> {
    this.#question?.abort();
    const question = new AbortController();
    this.#question = question;
    this.#askedMs = this.#world.nowMs();
    this.asking = true;
    const { choice } = this;
    const answer = await this.#world.ask(choice, question.signal).catch((thrown: unknown) => TernError.from(thrown));
    // Another question was asked meanwhile, or none is wanted any more.
    if (question.signal.aborted) return;
    this.asking = false;
    this.#nowMs = this.#world.nowMs();
    if (answer instanceof TernError) {
      this.error = answer.toShape();
    } else {
      this.error = undefined;
      this.latest = { currency: choice.currency, minorPerBtc: answer, atMs: this.#nowMs };
    }
  }

  /** Forgets the price of another choice, and whatever was asked. */
  choose(choice: PriceChoice): void {
    this.#question?.abort();
    this.#askedMs = -Infinity;
    this.asking = false;
    this.choice = choice;
    this.latest = undefined;
    this.error = undefined;
  }
}

/** A clock that was set back makes nothing younger. */
function isWithin(spanMs: number, fromMs: number, nowMs: number): boolean {
  return nowMs >= fromMs && nowMs - fromMs < spanMs;
}
