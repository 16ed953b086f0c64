// Proves that each source is asked in its own way and its answer found, and that a choice is read back or replaced by a sound one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURRENCIES, type Currency } from './currencies.js';
import {
  readChoice,
  requestFor,
  sourceName,
  sourcesOf,
  valueAt,
  type PriceChoice,
  type SourceName
} from './sources.js';

const choice = (source: SourceName, currency: Currency = 'EUR', url = '', path = ''): PriceChoice => ({
  currency,
  source,
  custom: { url, path }
});

/** What these sources answer, to the letter but for the figures. */
const answers = {
  mempool: '{"time":1753000000,"USD":67000,"EUR":58123,"GBP":50000,"CAD":91000,"CHF":53000,"AUD":99000,"JPY":9900000}',
  coinbase: '{"data":{"amount":"58123.455","base":"BTC","currency":"EUR"}}',
  coingecko: '{"bitcoin":{"eur":58123}}'
};

describe('a known source', () => {
  it.each([
    ['mempool', 'https://mempool.space/api/v1/prices', 58_123],
    ['coinbase', 'https://api.coinbase.com/v2/prices/BTC-EUR/spot', '58123.455'],
    ['coingecko', 'https://api.coingecko.com/api/v3/simple/price?ids=bitcoin&vs_currencies=eur', 58_123]
  ] as const)('%s is asked at %s', (source, url, value) => {
    const request = requestFor(choice(source), false);
    expect(request.url).toBe(url);
    expect(valueAt(JSON.parse(answers[source]), request.path)).toBe(value);
  });

  it('is there for every currency, more than one', () => {
    for (const currency of CURRENCIES) expect(sourcesOf(currency).length, currency).toBeGreaterThan(1);
    expect(sourcesOf('PLN')).not.toContain('mempool');
  });
});

describe('an address of the user’s own', () => {
  it('has the currency filled in, in address and path', () => {
    const custom = choice('custom', 'CHF', ' https://rates.example/{currency}?in={CURRENCY} ', 'rates.{CURRENCY}.0');
    expect(requestFor(custom, false)).toEqual({
      currency: 'CHF',
      url: 'https://rates.example/chf?in=CHF',
      path: 'rates.CHF.0'
    });
    expect(sourceName(custom)).toBe('rates.example');
  });

  it.each([
    ['', 'invalid_url'],
    ['rates.example', 'invalid_url'],
    ['wss://rates.example', 'invalid_url'],
    ['javascript:alert(1)', 'invalid_url'],
    ['https://user:secret@rates.example', 'invalid_url'],
    ['http://rates.example', 'insecure_url']
  ])('is refused: %j', (url, code) => {
    expect(() => requestFor(choice('custom', 'EUR', url), false)).toThrowError(expect.objectContaining({ code }));
  });

  it('may be on this machine, and unencrypted where the user allows it', () => {
    expect(requestFor(choice('custom', 'EUR', 'http://127.0.0.1:8080/p'), false).url).toBe('http://127.0.0.1:8080/p');
    expect(requestFor(choice('custom', 'EUR', 'http://rates.example/p/'), true).url).toBe('http://rates.example/p/');
  });
});

describe('valueAt', () => {
  it('follows names and positions, and an empty path leads nowhere else', () => {
    expect(valueAt({ result: { XXBTZEUR: { c: ['58123.4', '0.1'] } } }, 'result.XXBTZEUR.c.0')).toBe('58123.4');
    expect(valueAt(58_123, '')).toBe(58_123);
  });

  it('finds nothing where nothing of the answer’s own stands', () => {
    for (const path of ['a.b', 'constructor.length', '__proto__', 'c.length.d', 'd.0'])
      expect(valueAt({ a: 1, c: [], d: 'text' }, path), path).toBeUndefined();
    fc.assert(fc.property(fc.jsonValue(), fc.string(), (answer, path) => void valueAt(answer, path)));
  });
});

describe('readChoice', () => {
  it('reads back what was kept', () => {
    const kept = choice('custom', 'GBP', 'https://rates.example', 'gbp');
    expect(readChoice(JSON.stringify(kept), ['de'])).toEqual(kept);
  });

  it.each([[null], ['{'], ['null'], ['[]'], ['7'], ['{"currency":"XXX","source":"nobody","custom":{"url":7}}']])(
    'falls back to what suits the reader: %j',
    (kept) => {
      expect(readChoice(kept, ['de-DE'])).toEqual(choice('mempool'));
    }
  );

  it('leaves a source that does not have the currency', () => {
    expect(readChoice('{"currency":"PLN","source":"mempool"}', [])).toEqual(choice('coinbase', 'PLN'));
  });
});
