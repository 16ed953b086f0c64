// Owns giving away regtest coins and blocks over HTTP, for the playground and for tests in a browser; loopback only.
import * as v from 'valibot';
import { TernError } from '../../src/wire/errors.js';
import type { Chain } from './chain.js';
import { HttpService, type HttpAnswer, type HttpRequest } from './http-service.js';

const faucetRequest = v.object({
  address: v.string(),
  amountSat: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000_000))
});
const mineRequest = v.object({ blocks: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000)) });

/** Where coins and blocks come from. */
type FaucetChain = Pick<Chain, 'fund' | 'generate'>;

export interface FaucetOptions {
  /** Default: a free one. */
  port?: number;
}

/**
 * `POST /faucet {address, amountSat}` -> `{txid}`, unconfirmed until blocks are mined; `POST /mine {blocks}` -> `{blockHashes}`.
 * Amounts are JSON numbers. Bad input: 400 with `{code, cause, next}`.
 */
export function startFaucet(chain: FaucetChain, { port }: FaucetOptions = {}): Promise<HttpService> {
  return HttpService.listen((request) => answer(chain, request), port);
}

async function answer(chain: FaucetChain, { method, path, body }: HttpRequest): Promise<HttpAnswer> {
  try {
    if (method === 'POST' && path === '/faucet') {
      const { address, amountSat } = parse(faucetRequest, body);
      return { status: 200, body: { txid: await chain.fund(address, BigInt(amountSat)) } };
    }
    if (method === 'POST' && path === '/mine') {
      return { status: 200, body: { blockHashes: await chain.generate(parse(mineRequest, body).blocks) } };
    }
    return { status: 404, body: 'Not found' };
  } catch (error) {
    return { status: 400, body: TernError.from(error).toShape() };
  }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, body: string): T {
  try {
    return v.parse(schema, JSON.parse(body));
  } catch (error) {
    throw new TernError('invalid_argument', TernError.from(error).cause, 'Send the JSON fields this path documents.');
  }
}
