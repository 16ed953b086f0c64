// Owns the shop's Lightning node: the wallet's own core on a journal of its own, unlocked with a kept password, with coins to spend.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { nodePlatform } from '../../src/worker/platform-node.js';
import { Wallet } from '../../src/worker/wallet.js';
import { TernError } from '../../src/wire/errors.js';
import type { Chain } from './chain.js';
import { JournalDisk } from './journal-disk.js';
import { listenForPeers } from './shop-listener.js';
import { Stops } from './stops.js';
import { WalletEvents } from './wallet-events.js';

/** Below `least` the shop takes `refill` from the stand's key. */
const fundsSat = { least: 50_000_000n, refill: 200_000_000n };

const secretsForm = v.object({ password: v.string(), mnemonic: v.optional(v.string()) });
type Secrets = v.InferOutput<typeof secretsForm>;

export interface ShopNodeOptions {
  /** Where journal, password and words are kept. They guard coins without value. */
  directory: string;
  esploraUrl: string;
  /** Where Lightning peers connect, on loopback. */
  port: number;
  /** Where its coins come from, and the blocks that confirm them. */
  chain: Pick<Chain, 'fund' | 'generate'>;
  /** Told when the node stops itself. */
  report: (line: string) => void;
}

/** A running node that others can connect to. */
export class ShopNode {
  readonly wallet: Wallet;
  readonly events: WalletEvents;
  /** `nodeid@127.0.0.1:port`. */
  readonly nodeUri: string;
  readonly #chain: ShopNodeOptions['chain'];
  readonly #stops: Stops;

  private constructor(
    wallet: Wallet,
    events: WalletEvents,
    nodeUri: string,
    chain: ShopNodeOptions['chain'],
    stops: Stops
  ) {
    this.wallet = wallet;
    this.events = events;
    this.nodeUri = nodeUri;
    this.#chain = chain;
    this.#stops = stops;
  }

  /** Opens or creates the node; when this resolves it is synced, funded and accepts peers. */
  static start(options: ShopNodeOptions): Promise<ShopNode> {
    return Stops.guard(async (stops) => {
      const wallet = await openWallet(options, stops);
      const events = await WalletEvents.of(wallet);
      events.on((event) => {
        if (event.type === 'status' && event.status.phase === 'halted')
          options.report(`The shop has stopped. ${event.status.error?.cause ?? ''}`);
      });
      const { nodeId } = await wallet.info();
      const node = new ShopNode(wallet, events, `${nodeId}@127.0.0.1:${options.port}`, options.chain, stops);
      await wallet.sync();
      await node.refill();
      stops.add(await listenForPeers(wallet.session.node, options.port));
      return node;
    });
  }

  /** Sees to it that there is something to open channels with. */
  async refill(): Promise<void> {
    const { onchainSpendableSat } = await this.wallet.balances();
    if (onchainSpendableSat >= fundsSat.least) return;
    await this.#chain.fund(await this.wallet.newAddress(), fundsSat.refill);
    await this.#chain.generate(1);
    await this.wallet.sync();
  }

  /** Closes the door, then the node: everything of it is durable when this resolves. */
  stop(): Promise<void> {
    return this.#stops.run();
  }
}

async function openWallet({ directory, esploraUrl }: ShopNodeOptions, stops: Stops): Promise<Wallet> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const journal = path.join(directory, 'journal');
  const disk = await JournalDisk.open(journal);
  stops.add(() => disk.close());
  const platform = nodePlatform({
    network: 'regtest',
    deviceName: 'The shop',
    openDisk: () => Promise.resolve(disk),
    eraseDisk: () => rm(journal, { force: true })
  });
  const wallet = await Wallet.open(platform, { network: 'regtest', esploraUrl, bridgeUrl: '' });
  stops.add(() => wallet.lock());
  await enter(wallet, path.join(directory, 'secrets.json'));
  return wallet;
}

/** Unlocks the wallet, or creates it; one whose journal is gone comes back from its words. */
async function enter(wallet: Wallet, secretsFile: string): Promise<void> {
  const { phase } = await wallet.status();
  const secrets = (await readSecrets(secretsFile)) ?? { password: randomBytes(16).toString('hex') };
  const { password, mnemonic } = secrets;
  if (phase === 'locked') await wallet.unlock(password);
  else if (mnemonic !== undefined) await wallet.restore({ password, mnemonic });
  else {
    // The password first: a crash in between must not leave a wallet that nobody can open.
    await writeSecrets(secretsFile, secrets);
    const { mnemonic: words } = await wallet.create({ password, words: 12 });
    await writeSecrets(secretsFile, { password, mnemonic: words });
  }
  const { phase: reached, error } = await wallet.status();
  if (reached !== 'ready')
    throw error
      ? TernError.fromShape(error)
      : new TernError('internal', `the shop's wallet is ${reached}`, 'Start again.');
  if ((await wallet.settings()).autoLockMinutes !== 0) await wallet.changeSettings({ autoLockMinutes: 0 });
}

async function readSecrets(file: string): Promise<Secrets | undefined> {
  const content = await readFile(file, 'utf8').catch(() => undefined);
  return content === undefined ? undefined : v.parse(secretsForm, JSON.parse(content));
}

async function writeSecrets(file: string, secrets: Secrets): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(secrets), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
