// Owns the proof that amounts survive the way to text and back exactly.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  btcDecimal,
  formatBtc,
  formatMsatExact,
  formatSat,
  parseAmountSat,
  parseBtcExact,
  satFromMsat
} from './money.js';

const someSat = fc.bigInt({ min: 1n, max: 2_100_000_000_000_000n });

describe('money', () => {
  it('reads back in either unit exactly what it wrote', () => {
    fc.assert(
      fc.property(someSat, (amountSat) => {
        expect(parseAmountSat(formatSat(amountSat), 'sat')).toBe(amountSat);
        expect(parseAmountSat(formatBtc(amountSat), 'btc')).toBe(amountSat);
        expect(parseBtcExact(btcDecimal(amountSat))).toBe(amountSat);
      })
    );
  });

  it('shows millisatoshis without rounding and counts whole satoshis downwards', () => {
    expect(formatMsatExact(1_234_500n)).toBe('1,234.5');
    expect(formatMsatExact(7n)).toBe('0.007');
    expect(formatMsatExact(-2_000n)).toBe('-2');
    expect(satFromMsat(1_999n)).toBe(1n);
    expect(satFromMsat(-1n)).toBe(-1n);
    expect(formatBtc(-12_345n)).toBe('-0.00012345');
  });

  it.each(['', '0', '-5', '1,5', '12,34', '1.5', '1e3', '0x10', '2100000000000001', '1 sat', '１２', '0,500'])(
    'refuses %j as satoshis with invalid_amount',
    (text) => {
      expect(() => parseAmountSat(text, 'sat')).toThrowError(expect.objectContaining({ code: 'invalid_amount' }));
    }
  );

  it.each(['0', '0.0', '.5', '1.', '0.123456789', '21000000.00000001', '1,00', '1.2.3', '0,001', '1,500'])(
    'refuses %j as bitcoin with invalid_amount',
    (text) => {
      expect(() => parseAmountSat(text, 'btc')).toThrowError(expect.objectContaining({ code: 'invalid_amount' }));
    }
  );

  it('accepts spaces and thousands commas', () => {
    expect(parseAmountSat(' 1 000 000 ', 'sat')).toBe(1_000_000n);
    expect(parseAmountSat('25,000', 'sat')).toBe(25_000n);
    expect(parseAmountSat('0.00025', 'btc')).toBe(25_000n);
    expect(parseAmountSat('1,234.5', 'btc')).toBe(123_450_000_000n);
  });
});
