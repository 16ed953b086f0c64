// Owns the proof that the time of a block is an estimate on the late side, said in the reader's language.
import { describe, expect, it } from 'vitest';
import { expectedAtMs, formatExpected } from './block-time.js';

const nowMs = Date.UTC(2026, 10, 22, 9, 0);
const minutes = (count: number): number => count * 60_000;

describe('the time of a block', () => {
  it('is ten minutes a block from the last look at the chain', () => {
    expect(expectedAtMs(6, nowMs, nowMs)).toBe(nowMs + minutes(60));
    expect(expectedAtMs(2016, nowMs, nowMs)).toBe(nowMs + minutes(20_160));
    expect(expectedAtMs(144, nowMs - minutes(120), nowMs)).toBe(nowMs + minutes(1440 - 120));
  });

  it('is never over: blocks that should have come are expected with the next one', () => {
    expect(expectedAtMs(3, nowMs - minutes(600), nowMs)).toBe(nowMs + minutes(10));
    expect(expectedAtMs(0, nowMs, nowMs)).toBe(nowMs + minutes(10));
  });

  it('is rounded up to ten minutes, never down', () => {
    expect(expectedAtMs(1, nowMs + 1, nowMs)).toBe(nowMs + minutes(20));
  });
});

describe('the words for it', () => {
  it.each([
    ['en', 'Dec 6'],
    ['de', '6. Dez.']
  ])('name the day in %s', (language, said) => {
    expect(formatExpected(nowMs + minutes(20_160), nowMs, language, 'UTC')).toBe(said);
  });

  it('name the hour too where it is less than a day away', () => {
    // Which space stands before AM is up to the browser's data.
    const said = (language: string, timeZone: string): string =>
      formatExpected(nowMs + minutes(70), nowMs, language, timeZone).replace(/\s/g, ' ');
    expect(said('de', 'UTC')).toBe('22. Nov., 10:10');
    expect(said('en', 'UTC')).toBe('Nov 22, 10:10 AM');
    expect(said('en', 'Asia/Tokyo')).toBe('Nov 22, 7:10 PM');
  });

  it('name the year where it is another, by the calendar of the place', () => {
    const newYearMs = Date.UTC(2027, 0, 1, 0, 0);
    expect(formatExpected(newYearMs + minutes(2880), nowMs, 'en', 'UTC')).toBe('Jan 3, 2027');
    expect(formatExpected(newYearMs, nowMs, 'en', 'America/New_York')).toBe('Dec 31');
  });
});
