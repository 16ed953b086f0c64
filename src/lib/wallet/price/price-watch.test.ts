// Proves that nobody is asked unless prices are wanted and watched, that nobody is asked often, and that an old price is not shown.
import { beforeEach, describe, expect, it } from 'vitest';
import { TernError } from '../../../wire/errors.js';
import { FRESH_MS, PriceWatch, REFRESH_MS, RETRY_MS } from './price-watch.svelte.js';
import type { PriceChoice } from './sources.js';

const euro: PriceChoice = { currency: 'EUR', source: 'mempool', custom: { url: '', path: '' } };
const franc: PriceChoice = { ...euro, currency: 'CHF' };
const failure = new TernError('price_unavailable', 'It is away.', 'Wait.');

let nowMs: number;
let isWanted: boolean;
let questions: { choice: PriceChoice; signal: AbortSignal; answer: (minor: bigint) => void; fail: () => void }[];
let watch: PriceWatch;

beforeEach(() => {
  nowMs = 1_000_000;
  isWanted = true;
  questions = [];
  watch = new PriceWatch(
    {
      ask: (choice, signal) =>
        new Promise((resolve, reject) =>
          questions.push({ choice, signal, answer: resolve, fail: () => reject(failure) })
        ),
      nowMs: () => nowMs,
      mayAsk: () => isWanted
    },
    euro
  );
});

async function passes(spanMs: number): Promise<void> {
  nowMs += spanMs;
  watch.look();
  await settle();
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

async function answered(minor: bigint): Promise<void> {
  questions.at(-1)?.answer(minor);
  await settle();
}

async function failed(): Promise<void> {
  questions.at(-1)?.fail();
  await settle();
}

describe('the watch', () => {
  it('asks nobody while prices are off or nobody looks', async () => {
    isWanted = false;
    await passes(0);
    await passes(REFRESH_MS * 10);
    expect(questions).toHaveLength(0);
    isWanted = true;
    await passes(0);
    expect(questions).toHaveLength(1);
  });

  it('asks again only after some minutes, and one question at a time', async () => {
    await passes(0);
    await passes(REFRESH_MS);
    expect(questions).toHaveLength(1);
    await answered(5_812_345n);
    await passes(0);
    expect(questions).toHaveLength(2);
    await answered(5_900_000n);
    await passes(REFRESH_MS - 1);
    expect(questions).toHaveLength(2);
    expect(watch.fresh).toEqual({ currency: 'EUR', minorPerBtc: 5_900_000n, atMs: 1_000_000 + REFRESH_MS });
  });

  it('keeps the last price through failures, until it is old', async () => {
    await passes(0);
    await answered(5_812_345n);
    await passes(REFRESH_MS);
    await failed();
    expect(watch.error?.code).toBe('price_unavailable');
    expect(watch.fresh?.minorPerBtc).toBe(5_812_345n);
    await passes(RETRY_MS - 1);
    expect(questions).toHaveLength(2);
    await passes(1);
    expect(questions).toHaveLength(3);
    await failed();
    await passes(FRESH_MS - REFRESH_MS - RETRY_MS);
    expect(watch.fresh).toBeUndefined();
    expect(watch.latest?.minorPerBtc).toBe(5_812_345n);
    await answered(5_900_000n);
    expect(watch.fresh?.minorPerBtc).toBe(5_900_000n);
    expect(watch.error).toBeUndefined();
  });

  it('believes no price from the future, as after the clock was set back', async () => {
    await passes(0);
    await answered(5_812_345n);
    isWanted = false;
    await passes(-1);
    expect(watch.fresh).toBeUndefined();
  });

  it('forgets the price of another choice, also one that arrives late', async () => {
    await passes(0);
    const [first] = questions;
    watch.choose(franc);
    expect(first?.signal.aborted).toBe(true);
    void watch.ask();
    first?.answer(5_812_345n);
    await settle();
    expect(watch.latest).toBeUndefined();
    expect(watch.asking).toBe(true);
    await answered(5_300_000n);
    expect(watch.fresh).toMatchObject({ currency: 'CHF', minorPerBtc: 5_300_000n });
    watch.choose(euro);
    expect(watch.fresh).toBeUndefined();
  });

  it('takes no answer to a question that was asked before prices were switched off', async () => {
    await passes(0);
    watch.choose(euro);
    isWanted = false;
    await answered(5_812_345n);
    expect(watch.latest).toBeUndefined();
    expect(watch.asking).toBe(false);
  });
});
