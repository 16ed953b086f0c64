// Owns an Esplora server over a node's RPC: every answer shows all that the node knew when the request came in.
import { setTimeout as delay } from 'node:timers/promises';
import { TernError } from '../../src/wire/errors.js';
import type { Chain } from './chain.js';
import { ChainIndex } from './chain-index.js';
import { answerGet } from './esplora-routes.js';
import { HttpService, type HttpAnswer, type HttpRequest, type NoAnswer } from './http-service.js';
import { RpcError } from './rpc.js';

/**
 * What the server does wrong on purpose: an HTML page with status 200, mainnet's first block, status 500 or 429, a transaction refused for
 * its low fee, a late answer, none at all, or a cut connection.
 */
export type EsploraFault =
  'html' | 'mainnet_genesis' | 'server_error' | 'too_many_requests' | 'refused' | 'slow' | 'hang' | 'close';

const mainnetGenesis = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';

const slowMs = 300;

/** Targets that Esplora gives feerates for. */
const feeTargetsBlocks = [...Array.from({ length: 25 }, (_, i) => i + 1), 144, 504, 1008];

const requestsKept = 10_000;

export interface EsploraOptions {
  /** Default: a free one. */
  port?: number;
}

export class Esplora {
  /** What `fee-estimates` says, of every target or by target in blocks: a young regtest has no estimates of its own. */
  feerateSatPerVb: number | ((targetBlocks: number) => number) = 2;
  /** The latest paths that were asked for, oldest first; tests may empty it. */
  readonly requests: string[] = [];
  /** Why the node refused transactions that were posted here, oldest first. */
  readonly refusals: string[] = [];
  readonly #chain: Chain;
  #service?: HttpService;
  #fault?: { fault: EsploraFault; concerns: (path: string) => boolean };
  #past?: ChainIndex;

  private constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Serves Esplora's API at the root of `url`. */
  static async start(chain: Chain, { port }: EsploraOptions = {}): Promise<Esplora> {
    const esplora = new Esplora(chain);
    await chain.index.update();
    esplora.#service = await HttpService.listen((request) => esplora.#answer(request), port);
    return esplora;
  }

  /** Without a slash at the end. */
  get url(): string {
    return this.#service?.url ?? '';
  }

  /** From now on requests go wrong, all or those whose path `concerns` picks; without a fault all is well again. */
  setFault(fault?: EsploraFault, concerns: (path: string) => boolean = () => true): void {
    this.#fault = fault && { fault, concerns };
  }

  /** From now on it shows the chain as it stood `blocks` ago, whatever is mined, and no mempool. It still hands transactions on. */
  async fallBehind(blocks: number): Promise<void> {
    const past = new ChainIndex(this.#chain.rpc);
    await past.update();
    past.snapshot.clearMempool();
    for (let gone = 0; gone < blocks; gone += 1) past.snapshot.disconnect();
    this.#past = past;
  }

  /** Shows the chain as it is again. */
  catchUp(): void {
    this.#past = undefined;
  }

  async stop(): Promise<void> {
    await this.#service?.close();
  }

  async #answer({ method, path, body }: HttpRequest): Promise<HttpAnswer | NoAnswer> {
    this.requests.push(path);
    if (this.requests.length > requestsKept) this.requests.shift();
    if (this.#fault?.concerns(path)) {
      if (this.#fault.fault !== 'slow') return faultyAnswer(this.#fault.fault);
      await delay(slowMs);
    }
    if (method === 'POST' && path === '/tx') return this.#broadcast(body.trim());
    if (method !== 'GET') return { status: 405, body: 'Method not allowed' };
    if (path === '/fee-estimates') return { status: 200, body: this.#feeEstimates() };
    if (!this.#past) await this.#chain.index.update();
    try {
      return await answerGet(path, this.#past ? { index: this.#past, rpc: this.#chain.rpc } : this.#chain);
    } catch (error) {
      const { code, cause } = TernError.from(error);
      if (code === 'invalid_address') return { status: 400, body: cause };
      if (error instanceof RpcError) return { status: 404, body: error.reason };
      throw error;
    }
  }

  async #broadcast(rawHex: string): Promise<HttpAnswer> {
    try {
      return { status: 200, body: await this.#chain.sendRawTransaction(rawHex) };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.refusals.push(error.reason);
      const reason = JSON.stringify({ code: error.rpcCode, message: error.reason });
      return { status: 400, body: `sendrawtransaction RPC error: ${reason}` };
    }
  }

  #feeEstimates(): Record<string, number> {
    const { feerateSatPerVb: rate } = this;
    return Object.fromEntries(
      feeTargetsBlocks.map((target) => [target, typeof rate === 'number' ? rate : rate(target)])
    );
  }
}

function faultyAnswer(fault: Exclude<EsploraFault, 'slow'>): HttpAnswer | NoAnswer {
  if (fault === 'hang' || fault === 'close') return fault;
  if (fault === 'too_many_requests') return { status: 429, body: 'Too many requests' };
  if (fault === 'mainnet_genesis') return { status: 200, body: mainnetGenesis };
  if (fault === 'refused') {
    return { status: 400, body: 'sendrawtransaction RPC error: {"code":-26,"message":"min relay fee not met"}' };
  }
  if (fault === 'server_error') return { status: 500, body: 'Internal server error' };
  return { status: 200, body: '<!DOCTYPE html><title>Welcome</title><h1>Sign in</h1>', contentType: 'text/html' };
}
