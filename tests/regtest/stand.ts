// Owns composing real nodes into one stand: what `startStand` started, `stop` ends, the last started first.
import path from 'node:path';
import { TernError } from '../../src/wire/errors.js';
import { Bitcoind } from './bitcoind.js';
import { Btcd } from './btcd.js';
import type { Chain, ChainOptions } from './chain.js';
import { Esplora } from './esplora.js';
import { startFaucet } from './faucet.js';
import type { HttpService } from './http-service.js';
import { Lnd } from './lnd.js';

export interface StandOptions {
  /** How many lnd nodes; `true` is one. They share the chain, not channels. */
  lnd?: boolean | number;
  esplora?: boolean;
  faucet?: boolean;
  /** Keeps chain and lnd data here across starts. Absent: everything is temporary. */
  directory?: string;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** Real nodes on free ports of loopback. However our process ends, they end too. */
export class Stand {
  readonly chain: Chain;
  readonly lnds: Lnd[] = [];
  #esplora?: Esplora;
  #faucet?: HttpService;
  readonly #started: Stoppable[];

  private constructor(chain: Chain) {
    this.chain = chain;
    this.#started = [chain];
  }

  static async start({ lnd = false, esplora = false, faucet = false, directory }: StandOptions): Promise<Stand> {
    const within = (name: string): string | undefined => directory && path.join(directory, name);
    const stand = new Stand(await startChain({ directory: within('chain') }));
    try {
      if (esplora) stand.#esplora = stand.#own(await Esplora.start(stand.chain));
      if (faucet) stand.#faucet = await startFaucet(stand.chain);
      const aliases = Array.from({ length: Number(lnd) }, (_, i) => `lnd-${i + 1}`);
      const starting = aliases.map(async (alias) => {
        return stand.#own(await Lnd.start(stand.chain, { alias, directory: within(alias) }));
      });
      for (const outcome of await Promise.allSettled(starting)) {
        if (outcome.status === 'rejected') throw TernError.from(outcome.reason);
        stand.lnds.push(outcome.value);
      }
      return stand;
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  /** Fails when the stand was started without one. */
  get esplora(): Esplora {
    return this.#esplora ?? missing('esplora');
  }

  /** Fails when the stand was started without one. */
  get faucet(): HttpService {
    return this.#faucet ?? missing('faucet');
  }

  /** The first lnd; fails when the stand was started without one. */
  get lnd(): Lnd {
    return this.lnds[0] ?? missing('lnd');
  }

  /** Mines, and waits until every running lnd has seen the new tip; the hashes. */
  async mine(blocks: number): Promise<string[]> {
    const hashes = await this.chain.generate(blocks);
    const height = await this.chain.height();
    await Promise.all(this.lnds.filter((lnd) => lnd.isRunning).map((lnd) => lnd.awaitHeight(height)));
    return hashes;
  }

  /** Pays `amountSat` to lnd's wallet and mines until lnd can spend it. */
  async fundLnd(lnd: Lnd, amountSat: bigint): Promise<void> {
    await this.chain.fund(await lnd.newAddress(), amountSat);
    await this.mine(1);
  }

  async stop(): Promise<void> {
    await this.#faucet?.close();
    for (const part of this.#started.reverse()) await part.stop();
    this.#started.length = 0;
  }

  #own<T extends Stoppable>(part: T): T {
    this.#started.push(part);
    return part;
  }
}

/** Starts the nodes asked for; resolves when all of them are ready. */
export function startStand(options: StandOptions = {}): Promise<Stand> {
  return Stand.start(options);
}

/** The node that `TERN_CHAIN` names: `btcd`, the default, or `bitcoind`. */
export function startChain(options: ChainOptions = {}): Promise<Chain> {
  return process.env.TERN_CHAIN === 'bitcoind' ? Bitcoind.start(options) : Btcd.start(options);
}

function missing(part: string): never {
  throw new TernError('invalid_argument', `this stand has no ${part}`, `Start it with { ${part}: true }.`);
}
