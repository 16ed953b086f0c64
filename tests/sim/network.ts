// Owns the wires between the simulated wallets: bytes of one stream stay in order, everything else may come late, in any order, or not at all.
import type { Socket, SocketHandlers } from '../../src/worker/platform.js';
import type { Chance } from './random.js';
import type { Timeline } from './timeline.js';

/** One end of a connection, as the process at that end uses it. */
interface End {
  readonly owner: string;
  handlers: SocketHandlers;
  isClosed: boolean;
  /** When the last of what this end sent arrives. */
  arrivesMs: number;
  unsentBytes: number;
}

interface Connection {
  readonly ends: [End, End];
}

/** Takes a connection from outside; answers the handlers of its end, or undefined to refuse. */
export type Listener = (pipe: Socket) => SocketHandlers | undefined;

export interface NetworkWeather {
  /** Each message takes between these. */
  leastMs: number;
  mostMs: number;
  /** The likelihood that a message never arrives: its connection breaks there. */
  breaks: number;
}

/** Asked before bytes leave or arrive; false: the process died there. */
export type MessagePoint = (process: string, way: 'out' | 'in', bytes: Uint8Array) => boolean;

/** All connections of the world. */
export class Network {
  weather: NetworkWeather = { leastMs: 1, mostMs: 30, breaks: 0 };
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #atPoint: MessagePoint;
  readonly #listeners = new Map<string, { process: string; listener: Listener }>();
  readonly #connections = new Set<Connection>();
  readonly #apart = new Set<string>();

  constructor(timeline: Timeline, chance: Chance, atPoint: MessagePoint) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#atPoint = atPoint;
  }

  /** Messages to `host` reach this process from now on. */
  listen(host: string, process: string, listener: Listener): void {
    this.#listeners.set(host, { process, listener });
  }

  /** Dials a host, as `Platform.openTcp` does. */
  dial(from: string, host: string, handlers: SocketHandlers): Socket {
    const near: End = { owner: from, handlers, isClosed: false, arrivesMs: 0, unsentBytes: 0 };
    const silent: SocketHandlers = { opened: () => undefined, message: () => undefined, closed: () => undefined };
    const far: End = { owner: '', handlers: silent, isClosed: false, arrivesMs: 0, unsentBytes: 0 };
    const connection: Connection = { ends: [near, far] };
    this.#timeline.after(this.#delayMs(), () => this.#answer(connection, host));
    return this.#socketOf(connection, 0);
  }

  /** Nothing of a dead process leaves or arrives any more. `isSilent`: its peers are not told, as when a machine loses power. */
  drop(process: string, isSilent: boolean): void {
    for (const [host, { process: owner }] of this.#listeners) if (owner === process) this.#listeners.delete(host);
    for (const connection of this.#connections) {
      const at = connection.ends.findIndex(({ owner }) => owner === process);
      if (at < 0) continue;
      const [end, other] = at === 0 ? connection.ends : [connection.ends[1], connection.ends[0]];
      end.isClosed = true;
      if (isSilent) this.#connections.delete(connection);
      else this.#close(connection, other);
    }
  }

  /** Cuts every connection; what is on its way is lost. */
  cutAll(): void {
    for (const connection of this.#connections) this.#break(connection);
  }

  /** Keeps a host unreachable until it is joined again, and cuts what leads there. */
  isolate(host: string, isApart = true): void {
    if (!isApart) return void this.#apart.delete(host);
    this.#apart.add(host);
    const process = this.#listeners.get(host)?.process;
    for (const connection of this.#connections) {
      if (connection.ends.some(({ owner }) => owner === process)) this.#break(connection);
    }
  }

  /** Connections that are open. */
  get size(): number {
    return this.#connections.size;
  }

  #answer(connection: Connection, host: string): void {
    const [near, far] = connection.ends;
    if (near.isClosed) return;
    const target = this.#apart.has(host) ? undefined : this.#listeners.get(host);
    if (!target) return this.#end(near, 'connection refused');
    this.#connections.add(connection);
    const handlers = target.listener(this.#socketOf(connection, 1));
    if (!handlers) {
      this.#connections.delete(connection);
      return this.#end(near, 'connection refused');
    }
    Object.assign(far, { owner: target.process, handlers });
    near.handlers.opened();
  }

  #socketOf(connection: Connection, at: 0 | 1): Socket {
    const [end, other] = at === 0 ? connection.ends : [connection.ends[1], connection.ends[0]];
    return {
      get bufferedBytes() {
        return end.unsentBytes;
      },
      send: (data) => {
        if (typeof data !== 'string') this.#send(connection, end, other, new Uint8Array(data));
      },
      close: () => {
        end.isClosed = true;
        this.#close(connection, other);
      }
    };
  }

  #send(connection: Connection, end: End, other: End, bytes: Uint8Array): void {
    if (end.isClosed || !this.#atPoint(end.owner, 'out', bytes)) return;
    if (this.#chance.happens(this.weather.breaks)) return this.#break(connection);
    const arrivesMs = Math.max(end.arrivesMs, this.#timeline.nowMs + this.#delayMs());
    end.arrivesMs = arrivesMs;
    end.unsentBytes += bytes.length;
    this.#timeline.at(arrivesMs, () => {
      end.unsentBytes -= bytes.length;
      if (!this.#connections.has(connection) || other.isClosed) return;
      if (this.#atPoint(other.owner, 'in', bytes)) other.handlers.message(bytes);
    });
  }

  /** Ends a connection at once: what is on its way is lost. */
  #break(connection: Connection): void {
    this.#connections.delete(connection);
    for (const end of connection.ends) this.#timeline.after(this.#delayMs(), () => this.#end(end, 'connection reset'));
  }

  /** Tells an end that the other is gone, after what is still on its way. */
  #close(connection: Connection, end: End): void {
    const [first, second] = connection.ends;
    const other = end === first ? second : first;
    const dueMs = Math.max(other.arrivesMs, this.#timeline.nowMs) + this.#delayMs();
    this.#timeline.at(dueMs, () => {
      this.#connections.delete(connection);
      this.#end(end, 'connection reset');
    });
  }

  #end(end: End, reason: string): void {
    if (end.isClosed) return;
    end.isClosed = true;
    end.handlers.closed(reason);
  }

  #delayMs(): number {
    return this.#chance.between(this.weather.leastMs, this.weather.mostMs);
  }
}
