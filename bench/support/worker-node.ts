// Owns a WASM node as the wallet's worker drives it: commits and turns, links and peers, redacted logs; only disk and connection are memory.
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/worker/clock.js';
import { Logs } from '../../src/worker/logs.js';
import { NodeDriver } from '../../src/worker/node.js';
import { nodePlatform } from '../../src/worker/platform-node.js';
import type { Socket, SocketHandlers } from '../../src/worker/platform.js';
import { Store } from '../../src/worker/store.js';
import { TernError } from '../../src/wire/errors.js';
import type { NodeConfig, NodeEvent, TernNode } from '../../wasm/pkg/tern.js';
import { CountingDisk } from './counting-disk.js';

/** A peer has an address, and nobody looks this one up. */
const ADDRESS = '127.0.0.1:9735';

/** A node and what drives it. */
export class WorkerNode {
  /** Messages that the peer sent so far. */
  messages = 0;
  readonly #disk = new CountingDisk();
  readonly #driver: NodeDriver;
  #dialled: WorkerNode | undefined;

  private constructor(config: NodeConfig, onEvent: (event: NodeEvent) => void) {
    const disk = this.#disk;
    const eraseDisk = () => Promise.resolve();
    const openDisk = () => Promise.resolve(disk);
    const base = nodePlatform({ network: config.network, deviceName: 'bench', openDisk, eraseDisk });
    this.#driver = new NodeDriver({
      platform: { ...base, openTcp: (_host, _port, handlers) => this.#dial(handlers) },
      store: new Store(disk),
      logs: new Logs(systemClock),
      config,
      dialOptions: () => ({ bridgeUrl: '', allowInsecure: false }),
      onEvent,
      onPeer: () => undefined,
      onUnsent: () => undefined,
      onHalt: (error) => {
        throw error;
      }
    });
  }

  /** A new node of a new wallet, on an empty disk, running. */
  static async start(config: NodeConfig, onEvent: (event: NodeEvent) => void): Promise<WorkerNode> {
    const worker = new WorkerNode(config, onEvent);
    await worker.#driver.start(randomBytes(64));
    return worker;
  }

  /** Commits so far that wrote something. */
  get commits(): number {
    return this.#disk.commits;
  }

  /** Runs a command; its answer comes after everything it did is committed and delivered. */
  command<T>(run: (node: TernNode) => T | Promise<T>): Promise<T> {
    return this.#driver.command(run);
  }

  /** Joins two nodes in memory; this one dials. */
  async connect(other: WorkerNode): Promise<void> {
    this.#dialled = other;
    const { nodeId } = await other.command((node) => node.info());
    await this.#driver.connectPeer(nodeId, ADDRESS);
  }

  #dial(handlers: SocketHandlers): Socket {
    const other = this.#dialled;
    if (!other) throw new TernError('internal', 'There is nobody to dial.', 'Call connect.');
    const link = other.#driver.acceptPeer(towards(this, (bytes) => handlers.message(bytes)));
    systemClock.macrotask(() => handlers.opened());
    return towards(other, (bytes) => other.#driver.peers.links.receive(link, bytes));
  }
}

/** One direction of a connection: bytes in order, delivered in a task of its own. */
function towards(receiver: WorkerNode, receive: (bytes: Uint8Array) => void): Socket {
  let inbox: Uint8Array[] = [];
  const deliver = (): void => {
    const arrived = inbox;
    inbox = [];
    receiver.messages += arrived.length;
    for (const bytes of arrived) receive(bytes);
  };
  return {
    bufferedBytes: 0,
    send: (data) => {
      if (typeof data !== 'string' && inbox.push(data) === 1) systemClock.macrotask(deliver);
    },
    // The pair ends with its process.
    close: () => undefined
  };
}
