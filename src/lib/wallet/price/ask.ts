// Owns one question to a price source: it tells nothing about the wallet, waits only so long, and believes only what is a price.
import { TernError } from '../../../wire/errors.js';
import { decimalsOf } from './currencies.js';
import { valueAt, type PriceRequest } from './sources.js';
import { readPrice } from './worth.js';

const TIMEOUT_MS = 10_000;
/** Many times what any source answers. */
const MOST_BYTES = 256 * 1024;

/**
 * The price of one bitcoin in the smallest unit of the currency.
 * @throws TernError `price_unavailable` when there is no answer, `price_invalid_answer` when there is no price in it.
 */
export async function askPrice(request: PriceRequest, signal: AbortSignal, ask: typeof fetch = fetch): Promise<bigint> {
  const { host } = new URL(request.url);
  const text = await answerOf(request.url, host, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]), ask);
  const price = readPrice(valueAt(parse(text, host), request.path), decimalsOf(request.currency));
  if (price === undefined) throw invalidAnswer(`${host}: there is no price at “${request.path}” in the answer.`);
  return price;
}

async function answerOf(url: string, host: string, signal: AbortSignal, ask: typeof fetch): Promise<string> {
  try {
    const response = await ask(url, {
      signal,
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      headers: { accept: 'application/json' }
    });
    if (!response.ok) throw unavailable(`${host} answered ${response.status}.`);
    return await textOf(response, host);
  } catch (thrown) {
    if (thrown instanceof TernError) throw thrown;
    throw unavailable(`${host}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

async function textOf(response: Response, host: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > MOST_BYTES) {
      await reader?.cancel();
      throw invalidAnswer(`${host}: the answer is longer than ${MOST_BYTES} bytes.`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text;
}

function parse(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidAnswer(`${host}: the answer is not JSON.`);
  }
}

function unavailable(cause: string): TernError {
  return new TernError('price_unavailable', cause, 'Check your connection, or choose another source.');
}

function invalidAnswer(cause: string): TernError {
  return new TernError('price_invalid_answer', cause, 'Choose another source.');
}
