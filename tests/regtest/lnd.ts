// Owns an lnd on regtest: it is synced when `start` and `restart` resolve, and keeps its ports and its data across restarts.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { obtainLnd } from './binaries.js';
import type { Chain } from './chain.js';
import { LndClient } from './lnd-client.js';
import { freePort } from './free-port.js';
import { closeDirectory, NodeProcess, openDirectory, type NodeDirectory } from './node-process.js';
import { waitFor } from './wait.js';

export * from './lnd-client.js';

/** As many as tell a channel's last minutes. */
const LOG_LINES = 40;

export interface LndOptions {
  /** For log lines and gossip; default `lnd`. */
  alias?: string;
  /** Data directory to keep. Absent: a temporary one, removed by `stop()`. */
  directory?: string;
  /** Further command line arguments of lnd. Switches take no `=false`. */
  extraArguments?: string[];
}

interface LndSetup {
  executable: string;
  args: string[];
  alias: string;
  directory: NodeDirectory;
  chain: Chain;
  restUrl: string;
  peerAddress: string;
}

export class Lnd extends LndClient {
  /** `host:port` for Lightning peers. */
  readonly peerAddress: string;
  readonly #setup: LndSetup;
  #process?: NodeProcess;
  #nodeId = '';

  private constructor(setup: LndSetup) {
    super(setup.restUrl);
    this.peerAddress = setup.peerAddress;
    this.#setup = setup;
  }

  /** Builds lnd if need be, starts it on the chain and waits until it has caught up. */
  static async start(
    chain: Chain,
    { alias = 'lnd', directory: kept, extraArguments = [] }: LndOptions = {}
  ): Promise<Lnd> {
    const { lnd: executable } = await obtainLnd();
    const directory = await openDirectory(alias, kept);
    const [peerPort, rpcPort, restPort] = [await freePort(), await freePort(), await freePort()];
    const args = [
      `--lnddir=${directory.path}`,
      `--alias=${alias}`,
      `--listen=127.0.0.1:${peerPort}`,
      `--rpclisten=127.0.0.1:${rpcPort}`,
      `--restlisten=127.0.0.1:${restPort}`,
      ...regtestArguments,
      ...chain.lndArguments,
      ...extraArguments
    ];
    const restUrl = `http://127.0.0.1:${restPort}`;
    const lnd = new Lnd({ executable, args, alias, directory, chain, restUrl, peerAddress: `127.0.0.1:${peerPort}` });
    try {
      await lnd.launch();
      return lnd;
    } catch (error) {
      await lnd.stop();
      throw error;
    }
  }

  get nodeId(): string {
    return this.#nodeId;
  }

  /** `nodeid@host:port`, as wallets take it. */
  get nodeUri(): string {
    return `${this.#nodeId}@${this.peerAddress}`;
  }

  get isRunning(): boolean {
    return this.#process?.running ?? false;
  }

  /**
   * Starts lnd again after `shutDown` or `crash`. Its peers come back when they dial it: after several
   * short connections lnd itself does not, so call `connect` on it where the peer is another lnd.
   */
  async launch(): Promise<void> {
    const { alias, executable, args, directory, chain } = this.#setup;
    const process = NodeProcess.start(alias, executable, args, directory);
    this.#process = process;
    await process.orExit(
      waitFor(async () => (await this.rest.get('/v1/state')).state === 'SERVER_ACTIVE', {
        what: 'lnd to start serving',
        timeoutMs: 120_000,
        intervalMs: 20
      })
    );
    await process.orExit(this.awaitHeight(await chain.height(), 120_000));
    this.#nodeId = (await this.getInfo()).nodeId;
  }

  /** Ends lnd in order and keeps its data. */
  async shutDown(): Promise<void> {
    await this.#process?.stop();
  }

  /** Ends lnd as a power cut would and keeps its data. */
  async crash(): Promise<void> {
    await this.#process?.kill();
  }

  async restart(): Promise<void> {
    await this.shutDown();
    await this.launch();
  }

  /** The last lines of lnd's log that mention `text`. */
  async logOf(text: string): Promise<string> {
    const log = await readFile(path.join(this.#setup.directory.path, `${this.#setup.alias}.out`), 'utf8');
    const lines = log.split('\n').filter((line) => line.includes(text));
    return lines.slice(-LOG_LINES).join('\n');
  }

  /** Ends lnd for good; a temporary directory goes with it. */
  async stop(): Promise<void> {
    if (this.#setup.directory.temporary) await this.crash();
    else await this.shutDown();
    await closeDirectory(this.#setup.directory);
  }
}

/** Loopback only, so neither TLS nor macaroons for REST; gossip and reconnection without their usual patience. */
const regtestArguments = [
  '--bitcoin.regtest',
  '--noseedbackup',
  '--nobootstrap',
  '--no-macaroons',
  '--no-rest-tls',
  '--trickledelay=50',
  '--minbackoff=200ms',
  '--maxbackoff=1s',
  '--maxpendingchannels=50',
  '--accept-keysend',
  '--keep-failed-payment-attempts',
  '--debuglevel=info'
];
