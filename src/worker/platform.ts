// Owns the one interface between the wallet and where it runs: browser, Node.js or a simulated world. Nothing else of the platform is touched.
import type { Network, NodeConfig, NodeHost, TernNode } from '../../wasm/pkg/tern.js';
import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import type { CrashPoint } from './crash.js';

/** The part of the WASM module that the wallet uses. */
export interface NodeModule {
  start(config: NodeConfig, seed: Uint8Array, host: NodeHost): Promise<TernNode>;
}

/** What a socket tells its owner. `closed` comes exactly once, also when the socket never opened. */
export interface SocketHandlers {
  opened(): void;
  message(data: string | Uint8Array): void;
  closed(reason: string): void;
}

/** An open or opening socket. `send` after the close is ignored. */
export interface Socket {
  /** Bytes accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  send(data: string | Uint8Array): void;
  close(): void;
}

/** Everything the wallet needs from its surroundings. */
export interface Platform {
  readonly network: Network;
  readonly clock: Clock;
  /** A number in [0, 1) for jitter; keys never come from here. */
  random(): number;
  /** Opens the disk of this network's wallet. */
  openDisk(): Promise<Disk>;
  /** Deletes that disk, closed before, with everything on it. */
  eraseDisk(): Promise<void>;
  /** Loads the node, once. */
  loadNode(): Promise<NodeModule>;
  openWebSocket(url: string, handlers: SocketHandlers): Socket;
  /** Where plain TCP exists (Node.js) peers are dialled directly, without a bridge. */
  openTcp?(host: string, port: number, handlers: SocketHandlers): Socket;
  fetch: typeof globalThis.fetch;
  /** Runs `wake` when the network is back or the page is seen again; answers how to stop that. */
  onWake?(wake: () => void): () => void;
  /** What this device is called until the user says otherwise. */
  readonly deviceName: string;
  /** Tests only: where the process dies, and who hears of it. */
  readonly crash?: { at: CrashPoint; happened(): void };
}
