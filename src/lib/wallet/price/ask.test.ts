// Proves that a source's answer becomes a price or an error that says why, and that a source is told nothing but the question.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { TernError } from '../../../wire/errors.js';
import { askPrice } from './ask.js';

const request = { currency: 'EUR', url: 'https://rates.example/eur', path: 'data.amount' } as const;
const never = new AbortController().signal;
const answering = (body: string, status = 200) => vi.fn<typeof fetch>(async () => new Response(body, { status }));
const refusal = (ask: typeof fetch, signal = never): Promise<TernError> =>
  askPrice(request, signal, ask).then(
    () => expect.fail('it was taken for a price'),
    (thrown: unknown) => TernError.from(thrown)
  );

describe('askPrice', () => {
  it('answers the price, and says nothing of who asks', async () => {
    const ask = answering('{"data":{"amount":"58123.455"}}');
    await expect(askPrice(request, never, ask)).resolves.toBe(5_812_346n);
    expect(ask).toHaveBeenCalledExactlyOnceWith(
      request.url,
      expect.objectContaining({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' })
    );
  });

  it.each([
    ['<html>', 'rates.example: the answer is not JSON.'],
    ['', 'rates.example: the answer is not JSON.'],
    ['{"data":{}}', 'rates.example: there is no price at “data.amount” in the answer.'],
    ['{"data":{"amount":-1}}', 'rates.example: there is no price at “data.amount” in the answer.'],
    ['{"data":{"amount":"NaN"}}', 'rates.example: there is no price at “data.amount” in the answer.'],
    [`"${'x'.repeat(300_000)}"`, 'rates.example: the answer is longer than 262144 bytes.']
  ])('does not believe %.30s', async (body, cause) => {
    expect(await refusal(answering(body))).toMatchObject({ code: 'price_invalid_answer', cause });
  });

  it('names the status, and what keeps the source from answering', async () => {
    expect(await refusal(answering('{"data":{"amount":1}}', 500))).toMatchObject({
      code: 'price_unavailable',
      cause: 'rates.example answered 500.'
    });
    const unreachable = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await refusal(unreachable)).toMatchObject({
      code: 'price_unavailable',
      cause: 'rates.example: Failed to fetch'
    });
  });

  it('stops waiting when it is told to', async () => {
    const stop = new AbortController();
    const silent: typeof fetch = (_url, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('stopped'))));
    const refused = refusal(silent, stop.signal);
    stop.abort();
    expect(await refused).toMatchObject({ code: 'price_unavailable', cause: 'rates.example: stopped' });
  });

  it('ends in a price above zero or in one of two errors, whatever comes', async () => {
    const codes = ['price_unavailable', 'price_invalid_answer'];
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"data":{"amount":${text}}}`)
    );
    await fc.assert(
      fc.asyncProperty(anything, fc.constantFrom(200, 404, 500), async (body, status) => {
        const outcome = await askPrice(request, never, answering(body, status)).catch((thrown: unknown) => thrown);
        if (typeof outcome === 'bigint') expect(outcome > 0n).toBe(true);
        else expect(codes).toContain((outcome as TernError).code);
      })
    );
  });
});
