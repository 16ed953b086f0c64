// Owns a btcd on regtest: it is ready when `start` resolves, and gone when `stop` does.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { obtainBtcd } from './binaries.js';
import { BlockJournal } from './block-journal.js';
import { NodeChain, type ChainOptions } from './chain.js';
import { freePort } from './free-port.js';
import { NodeProcess, openDirectory, whenReady, type NodeDirectory } from './node-process.js';
import { miningAddress } from './purse.js';
import { RpcError, WebSocketRpc } from './rpc.js';
import { waitFor } from './wait.js';

export class Btcd extends NodeChain {
  readonly kind = 'btcd';
  readonly lndArguments: string[];
  readonly #journal?: BlockJournal;

  private constructor(rpc: WebSocketRpc, process: NodeProcess, directory: NodeDirectory, lndArguments: string[]) {
    super(rpc, process, directory);
    this.lndArguments = lndArguments;
    if (!directory.temporary) this.#journal = new BlockJournal(path.join(directory.path, 'blocks'), rpc);
  }

  /** Builds btcd if need be, starts it and mines until the stand has coins. */
  static async start({ directory: kept }: ChainOptions = {}): Promise<Btcd> {
    const { btcd } = await obtainBtcd();
    const directory = await openDirectory('btcd', kept);
    const host = `127.0.0.1:${await freePort()}`;
    const password = randomBytes(16).toString('hex');
    const certificateFile = path.join(directory.path, 'rpc.cert');
    const configFile = path.join(directory.path, 'btcd.conf');
    await writeFile(configFile, '');
    const process = NodeProcess.start(
      'btcd',
      btcd,
      btcdArguments(directory.path, configFile, host, password),
      directory
    );
    const connected = waitFor(
      async () => WebSocketRpc.connect(`wss://${host}/ws`, 'tern', password, await readFile(certificateFile)),
      { what: 'btcd to answer', intervalMs: 20, timeoutMs: 60_000 }
    );
    const rpc = await whenReady(connected, process, directory);
    const lndArguments = [
      '--bitcoin.node=btcd',
      `--btcd.rpchost=${host}`,
      '--btcd.rpcuser=tern',
      `--btcd.rpcpass=${password}`,
      `--btcd.rpccert=${certificateFile}`
    ];
    const chain = new Btcd(rpc, process, directory, lndArguments);
    await chain.prepare();
    return chain;
  }

  async generate(count: number): Promise<string[]> {
    if (count === 0) return [];
    const hashes = await this.rpc.call<string[]>('generate', count);
    await this.#journal?.record(hashes);
    return hashes;
  }

  protected override async restore(): Promise<void> {
    await this.#journal?.replay();
  }

  /** btcd refuses what already waits, where Core says yes: a wallet that broadcasts again must see no difference. */
  override async sendRawTransaction(rawHex: string): Promise<string> {
    try {
      return await super.sendRawTransaction(rawHex);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { txid } = await this.rpc
        .call<{ txid: string }>('decoderawtransaction', rawHex)
        .catch(() => ({ txid: '' }));
      if ((await this.mempool()).includes(txid)) return txid;
      throw error;
    }
  }
}

function btcdArguments(directory: string, configFile: string, host: string, password: string): string[] {
  return [
    '--regtest',
    '--txindex',
    '--rejectnonstd',
    '--norelaypriority',
    '--nodnsseed',
    '--nolisten',
    '--nobanning',
    `--configfile=${configFile}`,
    `--datadir=${path.join(directory, 'data')}`,
    `--logdir=${path.join(directory, 'logs')}`,
    `--rpclisten=${host}`,
    `--rpccert=${path.join(directory, 'rpc.cert')}`,
    `--rpckey=${path.join(directory, 'rpc.key')}`,
    '--rpcuser=tern',
    `--rpcpass=${password}`,
    '--rpcmaxclients=200',
    '--rpcmaxwebsockets=200',
    `--miningaddr=${miningAddress}`
  ];
}
