// Owns the running WASM node: commands go in, outputs come out only through turns (invariant 5), and once it has halted nothing leaves any more.
import type { NodeConfig, NodeEvent, Output, TernNode } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { PeerStatus } from './api.js';
import { Broadcaster, type BroadcasterOptions } from './broadcaster.js';
import { CatchUp } from './catch-up.js';
import { deferred } from './deferred.js';
import { crashed, haltOf, notRunning } from './halts.js';
import { linkNode } from './link-node.js';
import type { Pipe } from './links.js';
import type { Logs } from './logs.js';
import { NodeWorld } from './node-world.js';
import { Peers } from './peers.js';
import type { Platform } from './platform.js';
import { ReadAhead } from './read-ahead.js';
import type { DialOptions } from './sockets.js';
import type { Store } from './store.js';
import { Turns, type Replicate } from './turns.js';

/** How long an orderly stop may take, for instance while the disk is full. What is not committed by then was never acknowledged. */
const STOP_TIMEOUT_MS = 10_000;

export interface NodeDriverOptions extends Pick<BroadcasterOptions, 'onUnsent'> {
  platform: Platform;
  store: Store;
  logs: Logs;
  config: NodeConfig;
  replicate?: Replicate;
  dialOptions: () => DialOptions;
  /** See `PeersOptions`. */
  beforeDial?: () => Promise<void>;
  onEvent: (event: Exclude<NodeEvent, { type: 'halted' }>) => void;
  onPeer: (status: PeerStatus) => void;
  /** Called once, unless the driver was stopped before. */
  onHalt: (error: TernError) => void;
}

/** Drives one node from start to stop. */
export class NodeDriver {
  readonly #options: NodeDriverOptions;
  readonly #turns: Turns;
  readonly #broadcaster: Broadcaster;
  #node: TernNode | undefined;
  #peers: Peers | undefined;
  #over: TernError | undefined;
  #isStopping = false;
  #sent = Promise.resolve();
  readonly #catchUp = new CatchUp(() => this.#readChain());
  readonly #world: NodeWorld;
  /** Calls that run: each borrows the node. */
  readonly #calls = new Set<Promise<unknown>>();

  constructor(options: NodeDriverOptions) {
    this.#options = options;
    const { platform, store, logs, config, replicate, onUnsent } = options;
    const onAnswer = (transaction: Uint8Array, isAccepted: boolean): void => this.#answered(transaction, isAccepted);
    this.#broadcaster = new Broadcaster({ platform, logs, esploraUrl: config.esploraUrl, onAnswer, onUnsent });
    this.#turns = new Turns({
      store,
      clock: platform.clock,
      deliver: (outputs) => this.#deliver(outputs),
      onHalt: (error) => this.#halted(error),
      replicate
    });
    this.#world = new NodeWorld({ platform, store, logs, turns: this.#turns, over: () => this.#over });
  }

  /**
   * Loads the node from the store and starts it, once. The seed is not kept. What was staged before is durable when this resolves. Throws what
   * the node says. Its background work takes the thread for a while, so it begins in a task of its own: whoever waits for the start goes first.
   */
  async start(seed: Uint8Array): Promise<void> {
    try {
      const { platform, config, store } = this.#options;
      const loading = platform.loadNode();
      const ahead = new ReadAhead(store);
      const module = await loading;
      const node = await module.start(config, seed, this.#world.host(ahead));
      if (this.#over) throw this.#over;
      ahead.end();
      this.#attach(node);
      await this.#keepPeers();
      // Nothing is in flight: a node stages nothing before its first cut.
      if (store.hasStaged()) await this.#turns.flush();
      platform.clock.macrotask(() => this.#run(node));
    } catch (thrown) {
      const error = this.#over ?? this.#world.startFailure(TernError.from(thrown));
      this.#end(error);
      throw error;
    }
  }

  /** Reads something of the node that no turn need be waited for. */
  async query<T>(read: (node: TernNode) => T | Promise<T>): Promise<T> {
    return this.#guard(() => read(this.#running()));
  }

  /** Runs a command; its answer, good or bad, comes after everything it did is durable and delivered. */
  async command<T>(run: (node: TernNode) => T | Promise<T>): Promise<T> {
    try {
      return await this.#guard(() => run(this.#running()));
    } finally {
      await this.#turns.flush();
    }
  }

  /** Resolves when rows staged beside the node (settings, labels) are durable. */
  flush(): Promise<void> {
    return this.#turns.flush();
  }

  /** Resolves when the transactions that left last are known to the network. Throws why they are not. */
  sent(): Promise<void> {
    return this.#sent;
  }

  /** The peers of the node. */
  get peers(): Peers {
    this.#running();
    if (!this.#peers) throw notRunning();
    return this.#peers;
  }

  /** Connects and remembers a peer. */
  async connectPeer(nodeId: string, address: string): Promise<void> {
    await this.peers.connect(nodeId, address);
    await this.command((node) => node.rememberPeer({ nodeId, address }));
    await this.#keepPeers();
  }

  /** Takes a connection that was opened to us (where something listens: Node.js). Feed it through `peers.links`. */
  acceptPeer(pipe: Pipe): number {
    return this.peers.links.accept(pipe);
  }

  /** The disk is stuck, or well again: while stuck, peers are not heard. */
  setReading(isReading: boolean): void {
    if (!this.#over) this.#peers?.links.setReading(isReading);
  }

  /** The network is back or the page is seen: peers and chain are looked after now, not when a timer comes round. */
  wake(): void {
    if (this.#over) return;
    this.#peers?.wake();
    this.#broadcaster.wake();
    this.#catchUp.wake();
  }

  async #readChain(): Promise<void> {
    const { platform, config } = this.#options;
    const { syncedAtMs = 0 } = await this.query((node) => node.info());
    if (platform.clock.nowMs() - syncedAtMs > config.pollIntervalSeconds * 1_000)
      await this.command((node) => node.sync());
  }

  /** Stops at once and says why. */
  halt(error: TernError): void {
    this.#turns.halt(error);
  }

  /** Falls silent as a killed process does: nobody is told. */
  kill(): void {
    this.#over ??= notRunning();
    this.#silence();
    // The memory of a killed process is free again: its tasks end, and what they still stage has no disk to go to.
    this.#world.end(notRunning());
    const node = this.#node;
    node?.stop().then(
      () => this.#free(node),
      () => undefined
    );
  }

  /** Ends in order: background work, last commit, last outputs, connections. */
  async stop(): Promise<void> {
    const node = this.#node;
    if (this.#over) return;
    if (!node) return this.#end(notRunning());
    this.#isStopping = true;
    const late = deferred<boolean>();
    const cancelTimer = this.#options.platform.clock.setTimer(STOP_TIMEOUT_MS, () => late.resolve(false));
    const isOrderly = await Promise.race([this.#stopInOrder(node), late.promise]);
    cancelTimer();
    this.#end(notRunning());
    // Background work that still runs borrows the node: then its memory is left to the page's end.
    if (isOrderly) void this.#free(node);
  }

  async #free(node: TernNode): Promise<void> {
    await Promise.allSettled(this.#calls);
    node.free();
  }

  async #stopInOrder(node: TernNode): Promise<boolean> {
    try {
      await node.stop();
      await this.#turns.flush();
      this.#turns.detach();
      return true;
    } catch (thrown) {
      this.#options.logs.write('error', 'node', `The node did not stop in order. ${TernError.from(thrown).message}`);
      return false;
    }
  }

  /** Asks the node anew whom to stay connected to. */
  async #keepPeers(): Promise<void> {
    const wanted = await this.query((node) => node.peersToKeep());
    this.#peers?.keep(wanted);
  }

  #attach(node: TernNode): void {
    this.#node = node;
    const { platform, logs, dialOptions, beforeDial, onPeer } = this.#options;
    const halt = (error: TernError): void => this.#turns.halt(error);
    const links = linkNode(node, () => this.#over !== undefined, halt);
    this.#peers = new Peers({ platform, node: links, logs, dialOptions, beforeDial, onChange: onPeer });
    // From here on whatever the node stages is cut together with its manager.
    this.#turns.attach(node);
  }

  /** Only for an attached node. */
  #run(node: TernNode): void {
    if (this.#over || this.#isStopping) return;
    // A defect halts the node, and that tells of it.
    this.query(() => node.run()).catch(() => undefined);
  }

  async #guard<T>(run: () => T | Promise<T>): Promise<T> {
    const call = (async () => run())();
    this.#calls.add(call);
    try {
      return await call;
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError) this.#turns.halt(crashed(thrown));
      throw this.#over ?? TernError.from(thrown);
    } finally {
      this.#calls.delete(call);
    }
  }

  #running(): TernNode {
    if (this.#over) throw this.#over;
    if (!this.#node) throw notRunning();
    return this.#node;
  }

  #deliver(outputs: Output[]): void {
    for (const output of outputs) if (!this.#over) this.#deliverOne(output);
  }

  #deliverOne(output: Output): void {
    switch (output.type) {
      case 'socketBytes':
        return this.#peers?.links.send(output.socket, output.bytes);
      case 'socketClose':
        return this.#peers?.links.closedByNode(output.socket);
      case 'broadcast':
        this.#sent = this.#broadcaster.broadcast(output.transactions);
        return void this.#sent.catch((thrown: unknown) => {
          this.#options.logs.write('error', 'broadcaster', TernError.from(thrown).message);
        });
      case 'event':
        return this.#happened(output.event);
    }
  }

  #answered(transaction: Uint8Array, isAccepted: boolean): void {
    if (this.#over) return;
    this.query((node) => node.broadcastAnswered(transaction, isAccepted)).catch((thrown: unknown) => {
      this.#options.logs.write('warn', 'broadcaster', TernError.from(thrown).message);
    });
  }

  #happened(event: NodeEvent): void {
    if (event.type === 'halted') return this.#turns.halt(haltOf(event));
    if (event.type === 'peerConnected') this.#peers?.peerConnected(event.nodeId);
    if (event.type === 'peerDisconnected') this.#peers?.peerDisconnected(event.nodeId);
    if (event.type === 'channelChanged') void this.#keepPeers().catch(() => undefined);
    this.#options.onEvent(event);
  }

  #halted(error: TernError): void {
    if (this.#over) return;
    this.#options.logs.write('error', 'node', `Halted. ${error.message}`);
    this.#end(error);
    this.#options.onHalt(error);
  }

  #end(error: TernError): void {
    this.#over ??= error;
    this.#turns.halt(this.#over);
    this.#silence();
  }

  #silence(): void {
    this.#broadcaster.stop();
    this.#peers?.stop();
  }
}
