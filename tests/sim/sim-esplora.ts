// Owns the Esplora server of the simulated world: the routes of the regtest one, over the simulated chain, behind a `fetch`.
import { TernError } from '../../src/wire/errors.js';
import { answerGet, type ChainSource } from '../regtest/esplora-routes.js';
import { Refused, type SimChain } from './sim-chain.js';

const FEERATE_SAT_PER_VB = 2;
const FEE_TARGETS = [1, 2, 3, 4, 5, 6, 12, 24, 144, 504, 1008];

/** Answers what one process asks of the chain. `by`: who asks, for the chain's records. */
export async function answerEsplora(chain: SimChain, by: string, path: string, posted?: string): Promise<Response> {
  if (posted !== undefined) return broadcast(chain, by, posted);
  if (path === '/fee-estimates') {
    return Response.json(Object.fromEntries(FEE_TARGETS.map((target) => [target, FEERATE_SAT_PER_VB])));
  }
  try {
    const { status, body } = await answerGet(path, sourceOf(chain));
    if (body instanceof Uint8Array) return new Response(new Uint8Array(body), { status });
    return typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status });
  } catch (thrown) {
    const { code, cause } = TernError.from(thrown);
    if (code === 'invalid_address') return new Response(cause, { status: 400 });
    throw thrown;
  }
}

function broadcast(chain: SimChain, by: string, rawHex: string): Response {
  try {
    return new Response(chain.submit(rawHex.trim(), by));
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    return new Response(`sendrawtransaction RPC error: {"code":-26,"message":"${thrown.message}"}`, { status: 400 });
  }
}

/** The two calls that the routes make of a node, answered from the simulated chain. */
function sourceOf(chain: SimChain): ChainSource {
  const call = <T>(method: string, hash: unknown): Promise<T> => {
    const header = method === 'getblockheader' ? chain.headerOf(String(hash)) : undefined;
    if (header === undefined) return Promise.reject(new TernError('invalid_argument', 'Block not found', 'Ask again.'));
    // The one type that this call has.
    return Promise.resolve(header as T);
  };
  return { index: chain, rpc: { call } };
}
