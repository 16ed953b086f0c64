// Owns a bitcoind on regtest, taken from the PATH: it is ready when `start` resolves, and gone when `stop` does.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { p2wpkh } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import { NodeChain, type ChainOptions } from './chain.js';
import { freePort } from './free-port.js';
import { NodeProcess, openDirectory, whenReady, type NodeDirectory } from './node-process.js';
import { miningAddress } from './purse.js';
import { HttpRpc } from './rpc.js';
import { regtestNetwork } from './script-forms.js';
import { waitFor } from './wait.js';

export class Bitcoind extends NodeChain {
  readonly kind = 'bitcoind';
  readonly lndArguments: string[];

  private constructor(rpc: HttpRpc, process: NodeProcess, directory: NodeDirectory, lndArguments: string[]) {
    super(rpc, process, directory);
    this.lndArguments = lndArguments;
  }

  /** Starts it and mines until the stand has coins. */
  static async start({ directory: kept }: ChainOptions = {}): Promise<Bitcoind> {
    const directory = await openDirectory('bitcoind', kept);
    const host = `127.0.0.1:${await freePort()}`;
    const password = randomBytes(16).toString('hex');
    const process = NodeProcess.start(
      'bitcoind',
      'bitcoind',
      bitcoindArguments(directory.path, host, password),
      directory
    );
    const rpc = new HttpRpc(`http://${host}`, 'tern', password);
    const answered = waitFor(async () => (await rpc.call<number>('getblockcount')) >= 0, {
      what: 'bitcoind to answer',
      intervalMs: 20,
      timeoutMs: 60_000
    });
    await whenReady(answered, process, directory);
    const lndArguments = [
      '--bitcoin.node=bitcoind',
      `--bitcoind.rpchost=${host}`,
      '--bitcoind.rpcuser=tern',
      `--bitcoind.rpcpass=${password}`,
      '--bitcoind.rpcpolling',
      '--bitcoind.blockpollinginterval=100ms',
      '--bitcoind.txpollinginterval=100ms'
    ];
    const chain = new Bitcoind(rpc, process, directory, lndArguments);
    await chain.prepare();
    return chain;
  }

  generate(count: number): Promise<string[]> {
    return this.rpc.call<string[]>('generatetoaddress', count, miningAddress);
  }

  /** Mined to the same key within the same second, a block would equal the one just invalidated, and Core would refuse it. */
  protected override async generateBranch(count: number): Promise<string[]> {
    const elsewhere = p2wpkh(pubECDSA(randomBytes(32)), regtestNetwork).address;
    const first = count > 0 ? await this.rpc.call<string[]>('generatetoaddress', 1, elsewhere) : [];
    return count > 1 ? [...first, ...(await this.generate(count - 1))] : first;
  }
}

function bitcoindArguments(directory: string, host: string, password: string): string[] {
  const [address, port] = host.split(':');
  return [
    '-regtest',
    '-server',
    '-txindex',
    '-listen=0',
    '-disablewallet',
    '-acceptnonstdtxn=0',
    `-datadir=${path.resolve(directory)}`,
    `-rpcbind=${address}`,
    '-rpcallowip=127.0.0.1',
    `-rpcport=${port}`,
    '-rpcuser=tern',
    `-rpcpassword=${password}`
  ];
}
