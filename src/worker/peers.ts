// Owns who we are connected to: one dial at a time a peer, retried with backoff while the peer is wanted, each failure kept with its code.
import { TernError } from '../wire/errors.js';
import type { PeerAddress } from '../../wasm/pkg/tern.js';
import type { PeerStatus } from './api.js';
import { backoffMs } from './backoff.js';
import { deferred, type Deferred } from './deferred.js';
import { Links, type LinkNode } from './links.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';
import type { DialOptions } from './sockets.js';

/** A connection that held this long resets the backoff. */
const STABLE_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** Longer than between two pings of LDK in a tab whose timers are throttled to one a minute: the device slept, and the connection did not live through it. */
const DEAD_AFTER_MS = 90_000;

export interface PeersOptions {
  platform: Pick<Platform, 'clock' | 'random' | 'openWebSocket' | 'openTcp'>;
  node: LinkNode;
  logs: Logs;
  /** Read at every dial, so that a changed setting takes effect. */
  dialOptions: () => DialOptions;
  /** Asked before every dial; a rejection puts the dial off. Absent: nobody need be asked. */
  beforeDial?: () => Promise<void>;
  onChange: (status: PeerStatus) => void;
}

interface Peer {
  readonly nodeId: string;
  address: string;
  /** It has a channel or is remembered: dialled again after every end. */
  kept: boolean;
  state: PeerStatus['state'];
  failures: number;
  error?: TernError;
  retryAtMs?: number;
  connectedAtMs?: number;
  link?: number;
  attempt?: Promise<void>;
  cancelRetry?: () => void;
  /** Set between the first bytes and the end of the handshake. */
  handshake?: Deferred<void>;
}

/** The peers of a running node. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #links: Links;
  readonly #peers = new Map<string, Peer>();
  #stopped: TernError | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { platform, node, logs } = options;
    this.#links = new Links({ transport: platform, node, logs, onEnd: (link, error) => this.#linkEnded(link, error) });
  }

  /** Bytes, closes and handshakes of the node's sockets go through here. */
  get links(): Links {
    return this.#links;
  }

  /** Who should be connected: new ones are dialled, the others are no longer dialled again. */
  keep(wanted: PeerAddress[]): void {
    const wantedIds = new Set(wanted.map(({ nodeId }) => nodeId));
    for (const peer of this.#peers.values()) if (!wantedIds.has(peer.nodeId)) this.#release(peer);
    for (const { nodeId, address } of wanted) {
      const peer = this.#peers.get(nodeId) ?? this.#add(nodeId, address);
      if (!peer.kept) peer.kept = true;
      if (peer.state === 'waiting' && !peer.cancelRetry) void this.#attempt(peer).catch(() => undefined);
    }
  }

  /** Resolves when the peer is connected and has finished the handshake. Throws with the code of what failed. */
  async connect(nodeId: string, address: string): Promise<void> {
    const peer = this.#peers.get(nodeId) ?? this.#add(nodeId, address);
    if (peer.state === 'connected') return;
    if (peer.address !== address && peer.attempt) await peer.attempt.catch(() => undefined);
    if ((peer.state as PeerStatus['state']) === 'connected') return;
    const before = peer.address;
    peer.address = address;
    await this.#attempt(peer).catch((thrown: unknown) => {
      // Who has a channel with us goes on being dialled where they were.
      if (peer.kept) peer.address = before;
      throw thrown;
    });
  }

  /**
   * The network is back or the page is seen: whoever waits is dialled now, and a connection that slept with the device is given up. A network
   * that was just announced may not carry yet, so what failed before it no longer stretches the pauses.
   */
  wake(): void {
    for (const peer of this.#peers.values()) {
      peer.failures = 0;
      // The node says then that the peer is gone, and it is dialled anew.
      if (peer.state === 'connected' && this.#isDead(peer)) this.#dropLink(peer);
      if (peer.kept && peer.state === 'waiting') void this.#attempt(peer).catch(() => undefined);
    }
  }

  /** The node says that the handshake is done. */
  peerConnected(nodeId: string): void {
    const peer = this.#peers.get(nodeId) ?? this.#add(nodeId, '');
    peer.handshake?.resolve();
    if (!peer.attempt) this.#connected(peer);
  }

  /** The node says that the peer is gone. */
  peerDisconnected(nodeId: string): void {
    const peer = this.#peers.get(nodeId);
    if (!peer) return;
    const error = new TernError('peer_unreachable', 'The peer closed the connection.', 'It is tried again by itself.');
    if (peer.handshake) peer.handshake.reject(error);
    else if (peer.state === 'connected') this.#lost(peer, error);
  }

  /** How far each peer is. */
  list(): PeerStatus[] {
    return [...this.#peers.values()].map(toStatus);
  }

  /** Closes everything; nothing is dialled any more. */
  stop(): void {
    this.#stopped = new TernError('wallet_locked', 'The wallet was stopped.', 'Unlock it again.');
    for (const peer of this.#peers.values()) {
      peer.cancelRetry?.();
      peer.handshake?.reject(this.#stopped);
    }
    this.#links.closeAll();
  }

  #add(nodeId: string, address: string): Peer {
    const peer: Peer = { nodeId, address, kept: false, state: 'waiting', failures: 0 };
    this.#peers.set(nodeId, peer);
    return peer;
  }

  #release(peer: Peer): void {
    peer.kept = false;
    peer.cancelRetry?.();
    peer.cancelRetry = undefined;
    if (peer.state === 'waiting') this.#peers.delete(peer.nodeId);
  }

  #attempt(peer: Peer): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    peer.attempt ??= this.#dial(peer).finally(() => (peer.attempt = undefined));
    return peer.attempt;
  }

  async #dial(peer: Peer): Promise<void> {
    peer.cancelRetry?.();
    peer.cancelRetry = undefined;
    this.#enter(peer, { state: 'connecting', retryAtMs: undefined });
    try {
      if (this.#options.beforeDial) await this.#permitted(this.#options.beforeDial);
      if (!this.#isConnected(peer)) await this.#reach(peer);
      this.#connected(peer);
    } catch (thrown) {
      this.#lost(peer, TernError.from(thrown));
      throw thrown;
    }
  }

  async #permitted(beforeDial: () => Promise<void>): Promise<void> {
    await beforeDial();
    if (this.#stopped) throw this.#stopped;
  }

  async #reach(peer: Peer): Promise<void> {
    const handshake = deferred<void>();
    peer.handshake = handshake;
    const late = (): void => handshake.reject(refused('It did not finish the handshake.'));
    let cancelTimer = (): void => undefined;
    try {
      peer.link = this.#links.newNumber();
      const opening = this.#links.open(peer.link, peer.nodeId, peer.address, this.#options.dialOptions());
      // A stop ends the wait at once; what still opens then is closed again.
      await Promise.race([opening, handshake.promise]);
      cancelTimer = this.#options.platform.clock.setTimer(HANDSHAKE_TIMEOUT_MS, late);
      await handshake.promise;
    } catch (thrown) {
      this.#dropLink(peer);
      // Two connections crossed: the node kept the other one.
      if (!this.#isConnected(peer)) throw thrown;
    } finally {
      cancelTimer();
      peer.handshake = undefined;
    }
  }

  #linkEnded(link: number, error: TernError): void {
    const peer = [...this.#peers.values()].find((candidate) => candidate.link === link);
    if (!peer) return;
    peer.link = undefined;
    if (peer.handshake) peer.handshake.reject(error.code === 'peer_unreachable' ? refused(error.cause) : error);
    else if (peer.state === 'connected' && !this.#isConnected(peer)) this.#lost(peer, error);
  }

  #connected(peer: Peer): void {
    peer.connectedAtMs = this.#options.platform.clock.nowMs();
    this.#enter(peer, { state: 'connected', error: undefined, retryAtMs: undefined });
  }

  #lost(peer: Peer, error: TernError): void {
    const { clock, random } = this.#options.platform;
    this.#dropLink(peer);
    const upMs = peer.connectedAtMs === undefined ? 0 : clock.nowMs() - peer.connectedAtMs;
    peer.connectedAtMs = undefined;
    peer.failures = upMs >= STABLE_MS ? 1 : peer.failures + 1;
    if (!peer.kept || this.#stopped) {
      this.#enter(peer, { state: 'waiting', error, retryAtMs: undefined });
      this.#peers.delete(peer.nodeId);
      return;
    }
    const delayMs = backoffMs(peer.failures, random);
    peer.cancelRetry = clock.setTimer(delayMs, () => {
      peer.cancelRetry = undefined;
      void this.#attempt(peer).catch(() => undefined);
    });
    this.#enter(peer, { state: 'waiting', error, retryAtMs: clock.nowMs() + delayMs });
  }

  #isDead({ link }: Peer): boolean {
    return link !== undefined && this.#links.silentMs(link) > DEAD_AFTER_MS;
  }

  #dropLink(peer: Peer): void {
    if (peer.link !== undefined) this.#links.close(peer.link);
    peer.link = undefined;
  }

  #isConnected(peer: Peer): boolean {
    return !this.#stopped && this.#options.node.connectedPeers().includes(peer.nodeId);
  }

  #enter(peer: Peer, change: Partial<Pick<Peer, 'state' | 'error' | 'retryAtMs'>>): void {
    Object.assign(peer, change);
    if (!this.#stopped) this.#options.onChange(toStatus(peer));
  }
}

function toStatus({ nodeId, address, state, error, retryAtMs }: Peer): PeerStatus {
  return {
    nodeId,
    address,
    state,
    ...(error && { error: error.toShape() }),
    ...(retryAtMs !== undefined && { retryAtMs })
  };
}

function refused(cause: string): TernError {
  return new TernError(
    'peer_refused',
    `The peer did not accept the connection. ${cause}`,
    'Check the node id, or ask its operator.'
  );
}
