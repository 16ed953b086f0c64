// Owns the world of the wallet's unit tests: a node that stages, sends, fails and hangs on demand, over a disk whose commits can be held up.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeConfig, NodeEvent, NodeHost, NodeInfo, Output, TernNode } from '../../wasm/pkg/tern.js';
import type { WalletEvent } from '../../src/worker/api.js';
import type { OpenBackup } from '../../src/worker/backup-seam.js';
import type { Clock } from '../../src/worker/clock.js';
import type { NodeModule, Platform } from '../../src/worker/platform.js';
import type { TernError } from '../../src/wire/errors.js';
import { Wallet } from '../../src/worker/wallet.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { VirtualClock } from './virtual-clock.js';

/** The part of a node that these tests touch. `pay` stages a row and asks for a broadcast in the same turn. */
export class ScriptedNode {
  outputs: Output[] = [];
  isStopped = false;
  cuts = 0;
  /** Absent until its background work runs. */
  cutsBeforeRun: number | undefined;
  nextHtlcExpiryHeight: number | undefined;
  syncedAtMs: number | undefined;
  onSync: () => unknown = () => undefined;

  constructor(
    readonly config: NodeConfig,
    readonly seed: Uint8Array,
    readonly host: NodeHost
  ) {}

  cut(): Output[] {
    this.cuts += 1;
    return this.outputs.splice(0);
  }
  run(): void {
    this.cutsBeforeRun = this.cuts;
  }
  send(output: Output): void {
    this.outputs.push(output);
    this.host.wake();
  }
  tell(event: NodeEvent): void {
    this.send({ type: 'event', event });
  }
  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }
  broadcastAnswered(): Promise<void> {
    return Promise.resolve();
  }
  free(): void {}
  info(): Pick<NodeInfo, 'nextHtlcExpiryHeight' | 'syncedAtMs'> {
    return { nextHtlcExpiryHeight: this.nextHtlcExpiryHeight, syncedAtMs: this.syncedAtMs };
  }
  peersToKeep(): never[] {
    return [];
  }
  connectedPeers(): string[] {
    return [];
  }
  async pay(): Promise<string> {
    await this.host.write('payments', '', 'p1', Uint8Array.of(1));
    this.send({ type: 'broadcast', transactions: [Uint8Array.of(7)] });
    return 'p1';
  }
  newAddress(): string {
    return `bcrt1q${'q'.repeat(38)}`;
  }
  sendOnchain(): Promise<string> {
    this.send({ type: 'broadcast', transactions: [Uint8Array.of(8)] });
    return Promise.resolve('ab'.repeat(32));
  }
  payment(id: string): Promise<unknown> {
    return Promise.resolve(id === 'p1' ? { id } : undefined);
  }
  async sync(): Promise<void> {
    await this.onSync();
  }
}

/** A disk whose commits of rows can be held up, or fail. */
export class HeldDisk extends MemoryDisk {
  held: Promise<void> = Promise.resolve();
  failure: TernError | undefined;
  /** Commits of nothing but what belongs to the device. */
  localCommits = 0;

  override async commit(batch: Parameters<MemoryDisk['commit']>[0]): Promise<void> {
    if (batch.puts.length > 0) {
      await this.held;
      if (this.failure) throw this.failure;
    }
    if (batch.puts.length === 0 && batch.local?.length) this.localCommits += 1;
    await super.commit(batch);
  }
}

/** One device, one Esplora server, and the wallet on them. */
export class WalletWorld {
  disk = new HeldDisk();
  clock: Clock = new VirtualClock();
  /** Every node that was started, oldest first. */
  readonly nodes: ScriptedNode[] = [];
  readonly broadcasts: string[] = [];
  readonly events: WalletEvent[] = [];
  readonly #esplora: Server;

  private constructor(esplora: Server) {
    this.#esplora = esplora;
  }

  static async start(): Promise<WalletWorld> {
    const world: WalletWorld = new WalletWorld(
      createServer((request, response) => {
        request.on('data', (body: Buffer) => world.broadcasts.push(body.toString()));
        request.on('end', () => response.end('ab'.repeat(32)));
      })
    );
    await new Promise<void>((resolve) => world.#esplora.listen(0, '127.0.0.1', resolve));
    return world;
  }

  async open(change: Partial<Platform> = {}, openBackup?: OpenBackup): Promise<Wallet> {
    const esploraUrl = `http://127.0.0.1:${(this.#esplora.address() as AddressInfo).port}`;
    const vssUrl = openBackup && 'http://127.0.0.1:1/vss';
    const defaults = { network: 'regtest', esploraUrl, bridgeUrl: '', vssUrl } as const;
    const wallet = await Wallet.open({ ...this.#platform(), ...change }, defaults, { openBackup });
    await wallet.subscribe((event) => this.events.push(event));
    return wallet;
  }

  /** What starts the scripted nodes. */
  readonly module: NodeModule = {
    start: (config, seed, host) => {
      const node = new ScriptedNode(config, seed.slice(), host);
      this.nodes.push(node);
      return Promise.resolve(node as unknown as TernNode);
    }
  };

  /** The steps and phases the wallet told, in order. */
  phases(): string[] {
    return this.events.flatMap((event) => (event.type === 'status' ? [event.status.step ?? event.status.phase] : []));
  }

  stop(): void {
    this.#esplora.closeAllConnections();
    this.#esplora.close();
  }

  #platform(): Platform {
    return {
      network: 'regtest',
      clock: this.clock,
      deviceName: 'Test',
      random: () => 0.5,
      openDisk: () => Promise.resolve(this.disk),
      eraseDisk: () => {
        this.disk = new HeldDisk();
        return Promise.resolve();
      },
      loadNode: () => Promise.resolve(this.module),
      openWebSocket: () => {
        throw new Error('no socket is opened here');
      },
      fetch
    };
  }
}
