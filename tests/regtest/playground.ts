// Owns the playground: a regtest chain that mines by itself, its Esplora server, a faucet and a shop, all on loopback and the same from start to start.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { lockDirectory } from '../../src/server/vss/directory-lock.js';
import { loadNodeModule } from '../../src/worker/platform-node.js';
import type { Chain } from './chain.js';
import { Esplora } from './esplora.js';
import { startFaucet } from './faucet.js';
import { Miner } from './miner.js';
import { keptPorts } from './playground-ports.js';
import { ShopNode } from './shop-node.js';
import { serveShop } from './shop-server.js';
import { Shop } from './shop.js';
import { startChain } from './stand.js';
import { Stops } from './stops.js';

/** Coins and blocks; all blocks go through the miner. */
type Bank = Pick<Chain, 'fund' | 'generate'>;

const defaultBlockIntervalMs = 5_000;

export interface PlaygroundOptions {
  /** Where chain, ports and shop are kept. One playground at a time may use it. */
  dataDir: string;
  /** Told one line at a time what is being done. */
  report?: (line: string) => void;
  /** Between two blocks while a transaction waits or lacks confirmations. Default 5,000. */
  blockIntervalMs?: number;
}

/** A running playground. All URLs are the same at the next start in the same directory. */
export interface Playground {
  esploraUrl: string;
  /** `POST {address, amountSat}`: pays, and mines a block on it. */
  faucetUrl: string;
  /** A page for people; its JSON endpoints are those of `shop-routes.ts`. */
  shopUrl: string;
  /** The shop's Lightning node: `nodeid@host:port`. */
  shopNodeUri: string;
  stop(): Promise<void>;
}

/** Starts everything; `storage_unavailable` when another playground uses the directory. On failure nothing is left running. */
export function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  return Stops.guard((stops) => start(options, stops));
}

async function start(options: PlaygroundOptions, stops: Stops): Promise<Playground> {
  const { dataDir, report = () => undefined, blockIntervalMs = defaultBlockIntervalMs } = options;
  await mkdir(dataDir, { recursive: true });
  stops.add(await lockDirectory(dataDir));
  const ports = await keptPorts(path.join(dataDir, 'ports.json'), report);
  // The module compiles while the chain starts; whoever needs it first hears of a failure.
  loadNodeModule().catch(() => undefined);

  report('Starting the regtest chain.');
  const chain = await startChain({ directory: path.join(dataDir, 'chain') });
  stops.add(() => chain.stop());
  const miner = new Miner(chain, { blockIntervalMs, report });
  const bank: Bank = {
    fund: (address, amountSat) => chain.fund(address, amountSat),
    generate: (count) => miner.mine(count)
  };
  const esplora = await Esplora.start(chain, { port: ports.esplora });
  stops.add(() => esplora.stop());
  stops.add(() => miner.stop());
  const faucet = await startFaucet(confirming(bank), { port: ports.faucet });
  stops.add(() => faucet.close());

  report('Starting the shop.');
  const directory = path.join(dataDir, 'shop');
  const { url: esploraUrl } = esplora;
  const node = await ShopNode.start({ directory, esploraUrl, port: ports.lightning, chain: bank, report });
  stops.add(() => node.stop());
  stops.add(await serveShop(new Shop(node), ports.shop));
  return {
    esploraUrl,
    faucetUrl: `${faucet.url}/faucet`,
    shopUrl: `http://127.0.0.1:${ports.shop}`,
    shopNodeUri: node.nodeUri,
    stop: () => stops.run()
  };
}

/** People need not know of mining: coins from the faucet are confirmed when it answers. */
function confirming({ fund, generate }: Bank): Bank {
  const fundAndMine = async (address: string, amountSat: bigint): Promise<string> => {
    const txid = await fund(address, amountSat);
    await generate(1);
    return txid;
  };
  return { fund: fundAndMine, generate };
}
