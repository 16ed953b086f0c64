// Owns the seams between one running wallet and its world: once dead, nothing of it is written, sent, asked or heard. Each seam is a place to die.
import type { Clock } from '../../src/worker/clock.js';
import type { Disk, DiskBatch } from '../../src/worker/disk.js';
import type { NodeModule, Platform, SocketHandlers } from '../../src/worker/platform.js';
import { rowId } from '../../src/worker/rows.js';
import type { BackupMode } from '../../src/worker/api.js';
import type { MemoryDisk } from '../../src/worker/memory-disk.js';
import type { MemoryVss } from './memory-vss.js';
import { OutputGuard } from './output-guard.js';
import { SeamDisk } from './seam-disk.js';
import type { World } from './world.js';

/** Where a process can die: before a commit lands or just after, before a request leaves or its answer arrives, before a message leaves or arrives, before a broadcast. */
export type PointKind = 'commit' | 'committed' | 'vss-request' | 'vss-answer' | 'out' | 'in' | 'broadcast';

const never = new Promise<never>(() => undefined);

export interface ProcessOptions {
  world: World;
  /** Unique in the world. */
  name: string;
  deviceName: string;
  disk: MemoryDisk;
  vss: MemoryVss;
  /** The way to that server is cut for this device alone. */
  isVssAway: () => boolean;
  /** No peer is reached. */
  isShadow: boolean;
  /** Asked at every point; true: die here. */
  diesAt: (kind: PointKind, detail: string) => boolean;
}

/** A tab with a wallet in it. */
export class Process {
  readonly name: string;
  readonly guard: OutputGuard;
  /** The mode of its backup; undefined: it has none. */
  mode: BackupMode | undefined;
  isDead = false;
  /** Until its wallet is unlocked. */
  isStarting = true;
  readonly died: Promise<void>;
  readonly vss: MemoryVss;
  readonly isVssAway: () => boolean;
  readonly #options: ProcessOptions;
  readonly #world: World;
  readonly #disk: SeamDisk;
  #markDead = (): void => undefined;
  /** What else ends with it. */
  onDeath: () => void = () => undefined;

  private constructor(options: ProcessOptions, knownMonitors: Set<string>) {
    this.#options = options;
    this.#world = options.world;
    this.name = options.name;
    this.vss = options.vss;
    this.isVssAway = options.isVssAway;
    this.died = new Promise((resolve) => (this.#markDead = resolve));
    this.guard = new OutputGuard({
      mode: () => this.mode,
      knownMonitors,
      violated: (what) => this.#world.violated(`${this.name}: ${what}`)
    });
    this.#disk = new SeamDisk(options.disk, {
      land: (commit) => this.#world.timeline.inLane(`disk ${options.deviceName}`, commit, this.#world.diskDelayMs()),
      point: (when, batch) => this.point(when, describe(batch)),
      landed: (batch) => this.guard.landed(batch)
    });
  }

  static async start(options: ProcessOptions): Promise<Process> {
    const keys = await options.disk.list('monitors', '');
    return new Process(options, new Set(keys.map((key) => rowId({ primary: 'monitors', secondary: '', key }))));
  }

  /** False: it is dead, or died here. */
  point(kind: PointKind, detail: string): boolean {
    if (this.isDead) return false;
    if (!this.#options.diesAt(kind, detail)) return true;
    this.die(`at ${kind} ${detail}`);
    return false;
  }

  /** The end, without a word. */
  die(how: string): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#world.tell(`${this.name} dies ${how}`);
    this.#world.network.drop(this.name, this.#world.chance.happens(0.5));
    this.onDeath();
    this.#markDead();
  }

  /** What the wallet runs on. */
  platform(): Platform {
    return {
      network: 'regtest',
      clock: this.#clock(),
      deviceName: this.#options.deviceName,
      random: () => this.#world.chance.next(),
      openDisk: (): Promise<Disk> => Promise.resolve(this.#disk),
      eraseDisk: () => Promise.reject(new Error('nothing erases a disk here')),
      loadNode: () => this.#loadNode(),
      openWebSocket: () => {
        throw new Error('peers are dialled over TCP here');
      },
      openTcp: (host, _port, handlers) => this.#dial(host, handlers),
      fetch: (input, init) => this.fetch(String(input), init ?? {})
    };
  }

  /** `https://esplora.NAME.sim/…` and the backup's server, after a while, or never. */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    if (this.isDead) return never;
    const { hostname, pathname } = new URL(url);
    const signal = init.signal ?? undefined;
    const answer = hostname.startsWith('esplora.')
      ? this.#askEsplora(pathname, init)
      : this.#askVss(url, pathname, init);
    return abortable(answer, signal);
  }

  async #askEsplora(path: string, init: RequestInit): Promise<Response> {
    const world = this.#world;
    const posted = init.method === 'POST' ? String(init.body) : undefined;
    if (posted !== undefined) {
      this.guard.broadcasts(posted);
      if (!this.point('broadcast', '')) return never;
    }
    await world.timeline.sleep(world.webDelayMs());
    if (world.weather.isEsploraDown || world.chance.happens(world.weather.esploraFails))
      throw new TypeError('fetch failed');
    const response = await world.askEsplora(this.name, path, posted);
    // The node's HTTP client insists on the address that a fetched answer has.
    Object.defineProperty(response, 'url', { value: `https://esplora.sim${path}` });
    await world.timeline.sleep(world.webDelayMs());
    return this.isDead ? never : response;
  }

  async #askVss(url: string, path: string, init: RequestInit): Promise<Response> {
    const world = this.#world;
    const method = path.slice(path.lastIndexOf('/') + 1);
    if (!this.point('vss-request', method)) return never;
    const { mark } = this.guard;
    await world.timeline.sleep(world.webDelayMs());
    // Once it has left, a request arrives even if its sender is gone.
    const response = await world.askVss(this, method, url, init, () => this.guard.stored(mark));
    await world.timeline.sleep(world.webDelayMs());
    return this.point('vss-answer', method) ? response : never;
  }

  #clock(): Clock {
    const { timeline } = this.#world;
    const whileAlive = (run: () => void) => () => (this.isDead ? undefined : run());
    return {
      nowMs: () => timeline.nowMs,
      sleep: (ms) => new Promise((resolve) => void timeline.after(ms, whileAlive(resolve))),
      macrotask: (run) => timeline.inLane(this.name, whileAlive(run)),
      setTimer: (ms, run) => timeline.after(ms, whileAlive(run))
    };
  }

  async #loadNode(): Promise<NodeModule> {
    const module = await this.#world.nodeModule();
    return {
      start: async (config, seed, host) =>
        this.guard.watchNode(await module.start(config, seed, this.guard.watchHost(host)))
    };
  }

  #dial(host: string, handlers: SocketHandlers): ReturnType<NonNullable<Platform['openTcp']>> {
    const socket = this.#world.network.dial(this.name, this.#options.isShadow ? 'nowhere' : host, handlers);
    return {
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
      send: (data) => {
        if (typeof data !== 'string') this.guard.sends(data);
        socket.send(data);
      },
      close: () => socket.close()
    };
  }
}

function describe(batch: DiskBatch): string {
  const rows = [...batch.puts.map(({ row }) => row), ...batch.removes].map(({ primary, key }) => primary || key);
  const local = (batch.local ?? []).map(({ name }) => `(${name.split('/', 2).join('/')})`);
  return [...new Set([...rows, ...local])].join(' ');
}

function abortable(answer: Promise<Response>, signal: AbortSignal | undefined): Promise<Response> {
  if (!signal) return answer;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new DOMException('This operation was aborted', 'AbortError'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject);
  });
}
