// Proves that a price is read exactly or not at all, and that a worth is the nearest that its currency can write.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURRENCIES, decimalsOf, likelyCurrency } from './currencies.js';
import { formatTag, readPrice, worthMinor, worthText, type Price } from './worth.js';

const RUNS = { numRuns: 500 };
const euro = (minorPerBtc: bigint): Price => ({ currency: 'EUR', minorPerBtc, atMs: 0 });
/** Intl sets spaces that do not break. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('readPrice', () => {
  it.each([
    [58_123, 2, 5_812_300n],
    [58_123.45, 2, 5_812_345n],
    ['58123.45', 2, 5_812_345n],
    ['58123.455', 2, 5_812_346n],
    ['58123.4549999', 2, 5_812_345n],
    ['58123.40000', 2, 5_812_340n],
    ['9500000.5', 0, 9_500_001n],
    [9_500_000, 0, 9_500_000n],
    ['0.005', 2, 1n]
  ])('reads %j with %i decimals', (value, decimals, minor) => {
    expect(readPrice(value, decimals)).toBe(minor);
  });

  it.each([
    [0],
    ['0.00'],
    ['0.004'],
    [-1],
    ['-58123'],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [1e21],
    ['1e5'],
    ['1000000000000'],
    [''],
    [' 58123'],
    ['58,123.45'],
    ['58.123,45'],
    ['58.123.45'],
    ['.5'],
    ['0x10'],
    ['price'],
    [null],
    [undefined],
    [true],
    [[58_123]],
    [{ price: 58_123 }]
  ])('takes %j for no price', (value) => {
    expect(readPrice(value, 2)).toBeUndefined();
  });

  it('reads any amount of any currency back, written as number or text', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 11n), fc.constantFrom(...CURRENCIES), (minor, currency) => {
        const decimals = decimalsOf(currency);
        const digits = minor.toString().padStart(decimals + 1, '0');
        const whole = digits.slice(0, digits.length - decimals);
        const text = decimals === 0 ? whole : `${whole}.${digits.slice(whole.length)}`;
        expect(readPrice(text, decimals)).toBe(minor);
        expect(readPrice(Number(text), decimals)).toBe(minor);
      }),
      RUNS
    );
  });

  it('answers a price above zero or nothing, whatever a source sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.stringMatching(/^-?\d{0,20}\.?\d{0,40}$/)), (value) => {
        const price = readPrice(value, 2);
        if (price !== undefined) expect(price > 0n && price <= 10n ** 14n).toBe(true);
      }),
      RUNS
    );
  });
});

describe('worthMinor', () => {
  it('rounds to the nearest', () => {
    expect(worthMinor(100_000_000n, 5_812_345n)).toBe(5_812_345n);
    expect(worthMinor(50n, 1_000_000n)).toBe(1n);
    expect(worthMinor(49n, 1_000_000n)).toBe(0n);
    expect(worthMinor(-50n, 1_000_000n)).toBe(-1n);
  });

  it('is off by half of the smallest unit at most, keeps order and sign', () => {
    const amount = fc.bigInt(-2_100_000_000_000_000n, 2_100_000_000_000_000n);
    const price = fc.bigInt(1n, 10n ** 14n);
    fc.assert(
      fc.property(amount, amount, price, (one, other, minorPerBtc) => {
        const worth = worthMinor(one, minorPerBtc);
        const error = worth * 100_000_000n - one * minorPerBtc;
        expect((error < 0n ? -error : error) <= 50_000_000n).toBe(true);
        expect(worthMinor(-one, minorPerBtc)).toBe(-worth);
        if (one <= other) expect(worth <= worthMinor(other, minorPerBtc)).toBe(true);
      }),
      RUNS
    );
  });
});

describe('worthText', () => {
  it('is written as readers of the language write it, and always says that it is about', () => {
    expect(worthText(2_500_000n, euro(5_812_345n), 'en')).toBe('≈ €1,453.09');
    expect(plain(worthText(2_500_000n, euro(5_812_345n), 'de'))).toBe('≈ 1.453,09 €');
    expect(plain(worthText(2_500_000n, { ...euro(5_812_345n), currency: 'CHF' }, 'de-CH'))).toMatch(
      /^≈ CHF 1['’]453\.09$/
    );
    expect(worthText(2_500_000n, { ...euro(9_500_000n), currency: 'JPY' }, 'en')).toBe('≈ ¥237,500');
    expect(worthText(0n, euro(5_812_345n), 'en')).toBe('≈ €0.00');
  });

  it('does not say nothing of what is worth little', () => {
    expect(worthText(1n, euro(5_812_345n), 'en')).toBe('< €0.01');
    expect(worthText(9n, euro(5_812_345n), 'en')).toBe('≈ €0.01');
  });

  it('loses no digit of the largest amount', () => {
    const price = euro(98_765_432_101_239n);
    const minor = worthMinor(2_099_999_999_999_999n, price.minorPerBtc);
    const whole = new Intl.NumberFormat('en').format(minor / 100n);
    expect(whole).toHaveLength(26);
    expect(worthText(2_099_999_999_999_999n, price, 'en')).toBe(
      `≈ €${whole}.${(minor % 100n).toString().padStart(2, '0')}`
    );
  });
});

describe('what suits a reader', () => {
  it.each([
    [['de-DE'], 'EUR'],
    [['de'], 'EUR'],
    [['de-CH', 'en'], 'CHF'],
    [['en'], 'USD'],
    [['en-GB'], 'GBP'],
    [['pt-BR'], 'BRL'],
    [['ja'], 'JPY'],
    [['sr'], 'USD'],
    [['no such tag'], 'USD'],
    [[], 'USD']
  ])('of %j is %s', (tags, currency) => {
    expect(likelyCurrency(tags)).toBe(currency);
  });

  it('is the way the browser prefers to write the language that is spoken', () => {
    expect(formatTag('de', ['en-US', 'de-CH', 'de'])).toBe('de-CH');
    expect(formatTag('en', ['de-CH'])).toBe('en');
  });
});
