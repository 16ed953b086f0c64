// Owns a WASM node with the least around it: rows in a map, turns, a link in memory. Line by line what wasm/bench/src has around the native one, so that nothing but the node differs.
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/worker/clock.js';
import { deferred } from '../../src/worker/deferred.js';
import { loadNodeModule } from '../../src/worker/platform-node.js';
import { TernError } from '../../src/wire/errors.js';
import type { NodeConfig, NodeEvent, NodeHost, Output, TernNode } from '../../wasm/pkg/tern.js';

/** Socket ids are never used twice, and the pair never reconnects. */
const SOCKET = 1;

/** A node and what drives it. */
export class PlainNode {
  /** Commits so far that wrote something. */
  commits = 0;
  /** Messages that the peer sent so far. */
  messages = 0;
  readonly #esploraUrl: string;
  readonly #onEvent: (event: NodeEvent) => void;
  readonly #rows = new Map<string, Map<string, Uint8Array>>();
  #node: TernNode | undefined;
  #peer: PlainNode | undefined;
  #inbox: Uint8Array[] = [];
  #isStaged = false;
  #isScheduled = false;
  #writes: (() => void)[] = [];
  #flushes: (() => void)[] = [];

  private constructor(esploraUrl: string, onEvent: (event: NodeEvent) => void) {
    this.#esploraUrl = esploraUrl;
    this.#onEvent = onEvent;
  }

  /** A new node of a new wallet, on an empty disk, running. */
  static async start(config: NodeConfig, onEvent: (event: NodeEvent) => void): Promise<PlainNode> {
    const plain = new PlainNode(config.esploraUrl, onEvent);
    const module = await loadNodeModule();
    plain.#node = await module.start(config, randomBytes(64), plain.#host());
    plain.#node.run();
    await plain.#flush();
    return plain;
  }

  /** Runs a command; its answer comes after everything it did is committed and delivered. */
  async command<T>(run: (node: TernNode) => T | Promise<T>): Promise<T> {
    const answer = await run(this.#running);
    await this.#flush();
    return answer;
  }

  /** Joins two nodes in memory; this one dials. */
  connect(other: PlainNode): void {
    [this.#peer, other.#peer] = [other, this];
    other.#running.socketOpenedInbound(SOCKET);
    this.#running.socketOpenedOutbound(SOCKET, other.#running.info().nodeId);
  }

  get #running(): TernNode {
    if (!this.#node) throw new TernError('internal', 'The node has not started.', 'Wait until it has.');
    return this.#node;
  }

  #flush(): Promise<void> {
    const flushed = deferred<void>();
    this.#flushes.push(flushed.resolve);
    this.#wake();
    return flushed.promise;
  }

  #wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    systemClock.macrotask(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    const outputs = this.#node?.cut(this.#flushes.length > 0) ?? [];
    const waiting = [...this.#flushes.splice(0), ...this.#writes.splice(0)];
    if (this.#isStaged) this.commits += 1;
    this.#isStaged = false;
    for (const output of outputs) this.#deliver(output);
    for (const resolve of waiting) resolve();
  }

  #deliver(output: Output): void {
    switch (output.type) {
      case 'socketBytes':
        if (this.#peer) this.#peer.#hear(output.bytes);
        return this.#running.socketWritable(SOCKET);
      case 'socketClose':
        throw new TernError('internal', 'The connection of the two nodes ended.', 'Run the benchmark again.');
      case 'broadcast':
        return void this.#broadcast(output.transactions);
      case 'event':
        return this.#onEvent(output.event);
    }
  }

  #hear(bytes: Uint8Array): void {
    if (this.#inbox.push(bytes) > 1) return;
    systemClock.macrotask(() => {
      const arrived = this.#inbox;
      this.#inbox = [];
      this.messages += arrived.length;
      for (const message of arrived) this.#running.socketBytes(SOCKET, message);
    });
  }

  async #broadcast(transactions: Uint8Array[]): Promise<void> {
    for (const transaction of transactions) {
      const body = Buffer.from(transaction).toString('hex');
      const { ok } = await fetch(`${this.#esploraUrl}/tx`, { method: 'POST', body });
      await this.#running.broadcastAnswered(transaction, ok);
    }
  }

  #host(): NodeHost {
    const keysOf = (primary: string, secondary: string): Map<string, Uint8Array> => {
      const id = `${primary}/${secondary}`;
      const keys = this.#rows.get(id) ?? new Map<string, Uint8Array>();
      this.#rows.set(id, keys);
      return keys;
    };
    const stage = (): void => {
      this.#isStaged = true;
      this.#wake();
    };
    return {
      read: (primary, secondary, key) => Promise.resolve(keysOf(primary, secondary).get(key)),
      write: (primary, secondary, key, value) => {
        keysOf(primary, secondary).set(key, value);
        stage();
        if (primary !== 'monitors' && primary !== 'monitor_updates') return Promise.resolve();
        return new Promise((resolve) => this.#writes.push(resolve));
      },
      remove: (primary, secondary, key) => {
        keysOf(primary, secondary).delete(key);
        stage();
        return Promise.resolve();
      },
      list: (primary, secondary) => Promise.resolve([...keysOf(primary, secondary).keys()].sort()),
      listPage: (primary, secondary, limit, before) => {
        const keys = [...keysOf(primary, secondary).keys()].reverse();
        const from = before === undefined ? 0 : keys.indexOf(before) + 1;
        return Promise.resolve(keys.slice(from, from + limit));
      },
      wake: () => this.#wake(),
      nowMs: () => systemClock.nowMs(),
      setTimer: (ms, run) => systemClock.setTimer(ms, run),
      log: (level, target, message) => {
        if (level === 'error') process.stderr.write(`${target}: ${message}\n`);
      }
    };
  }
}
