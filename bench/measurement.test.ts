// Proves that a benchmark's verdict follows from its number, and that a measurement that failed cannot pass.
import { describe, expect, it } from 'vitest';
import { judgeValue, type Measurement } from './measurement.js';

const measure = () => Promise.resolve(0);
const small: Measurement = { id: 'size.a', what: 'a', target: { atMost: 2 }, measure };
const fast: Measurement = { id: 'server.b', what: 'b', target: { atLeast: 1 }, measure };
const reported: Measurement = { id: 'server.c', what: 'c', measure };

describe('the verdict on a measurement', () => {
  it('holds the value against the target, the limit included', () => {
    expect(judgeValue(small, 2)).toEqual({ id: 'size.a', value: 2, target: 2, ok: true });
    expect(judgeValue(small, 2.1).ok).toBe(false);
    expect(judgeValue(fast, 1).ok).toBe(true);
    expect(judgeValue(fast, 0.9).ok).toBe(false);
  });

  it('accepts any number where there is no target', () => {
    expect(judgeValue(reported, 7)).toEqual({ id: 'server.c', value: 7, target: null, ok: true });
  });

  it.each([null, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', (value) => {
    for (const measurement of [small, fast, reported]) {
      expect(judgeValue(measurement, value)).toMatchObject({ value: null, ok: false });
    }
  });
});
