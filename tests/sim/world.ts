// Owns one simulated world: a seed decides everything that happens in it, nothing in it takes real time, and the first broken promise ends it.
import { Chance, seedCrypto } from './random.js';
import { settle, Timeline } from './timeline.js';
import { Network } from './network.js';
import { SimChain, type ChainRecord } from './sim-chain.js';
import { DiskContent, type ContentSnapshot } from '../../src/worker/disk-content.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { answerEsplora } from './sim-esplora.js';
import { MemoryVss } from './memory-vss.js';
import { freshNodeModule } from './fresh-node.js';
import { Persona } from './persona.js';
import { ChainWatch } from './chain-watch.js';
import { FenceWatch } from './fence-watch.js';
import { SecrecyWatch } from './secrecy-watch.js';
import { SimDevice, type DeviceOptions } from './sim-device.js';
import type { Process } from './process.js';
import type { BackupMode, Payment } from '../../src/worker/api.js';
import type { NodeModule } from '../../src/worker/platform.js';

/** How bad the world is. Likelihoods are for each request. */
export interface Weather {
  isEsploraDown: boolean;
  esploraFails: number;
  vssRefuses: number;
  /** The answer is lost after the work was done. */
  vssLoses: number;
  isVssDown: boolean;
}

const CLEAR: Weather = { isEsploraDown: false, esploraFails: 0, vssRefuses: 0, vssLoses: 0, isVssDown: false };

/** All that lasts of a world. */
export interface Past {
  nowMs: number;
  chain: ChainRecord;
  vss: ReturnType<MemoryVss['snapshot']>;
  devices: {
    persona: string;
    nodeId: string;
    deviceName: string;
    mode: BackupMode | undefined;
    disk: ContentSnapshot;
    /** Payments that this persona's wallet called final. */
    finalPayments: Payment[];
  }[];
}

/** A promise of the wallet was broken. */
export class Violation extends Error {}

/** What was waited for did not come: a violation in fair weather only. */
export class Waited extends Violation {}

/** A vault that does not open in so many turns of the event loop never will. */
const MOST_UNSEALING_ROUNDS = 1_000_000;
/** Virtual time after which whatever is waited for counts as hung. */
const PATIENCE_MS = 900_000;

export class World {
  readonly seed: number;
  readonly chance: Chance;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly chain: SimChain;
  readonly vss = new MemoryVss();
  readonly vssUrl = 'https://vss.sim/vss';
  readonly weather: Weather = { ...CLEAR };
  readonly story: string[] = [];
  readonly devices: SimDevice[] = [];
  /** No commit takes longer than this. */
  slowestCommitMs = 3;
  /** Who is about to open a vault. Its code is loaded by then in real time, so the world's stands still. */
  readonly unsealing = new Set<string>();
  readonly personas: Persona[];
  readonly chainWatch: ChainWatch;
  readonly fenceWatch: FenceWatch;
  readonly secrecyWatch: SecrecyWatch;
  /** Told every line of the story as it happens. */
  onLine: (line: string) => void = () => undefined;
  readonly #node: NodeModule;
  readonly #processes = new Map<string, Process>();
  readonly #violations: string[] = [];
  readonly #restoreGlobals: () => void;

  private constructor(seed: number, personas: Persona[], node: NodeModule, past?: Past) {
    this.seed = seed;
    this.personas = personas;
    this.#node = node;
    this.chance = new Chance(seed);
    this.timeline = new Timeline(this.chance.fork('timeline'), past?.nowMs);
    this.chain = new SimChain(() => this.timeline.nowMs, past?.chain);
    if (past) this.vss.rollBack(copyOf(past.vss));
    this.network = new Network(
      this.timeline,
      this.chance.fork('network'),
      (process, way, bytes) => this.#processes.get(process)?.point(way, `${bytes.length} bytes`) ?? false
    );
    this.chainWatch = new ChainWatch(this);
    this.fenceWatch = new FenceWatch(this);
    this.secrecyWatch = new SecrecyWatch(this);
    this.#restoreGlobals = this.#takeGlobals();
  }

  /** A new world with these people in it. One at a time a program: it replaces the platform's fetch and randomness until `end`. */
  static async begin(seed: number, names: string[] = ['alice', 'bob', 'carol']): Promise<World> {
    const personas = await Promise.all(names.map((name) => Persona.of(name)));
    return new World(seed, personas, await freshNodeModule());
  }

  /** A world that goes on where another one was left. Its devices are off. */
  static async goOn(seed: number, past: Past): Promise<World> {
    const personas = await Promise.all(past.devices.map(({ persona }) => Persona.of(persona)));
    const world = new World(seed, personas, await freshNodeModule(), past);
    for (const { persona: name, deviceName, nodeId, mode, disk, finalPayments } of past.devices) {
      const persona = world.persona(name);
      persona.nodeId = nodeId;
      for (const payment of finalPayments) persona.finalPayments.set(payment.id, payment);
      const options = { backupMode: mode };
      world.devices.push(
        new SimDevice(world, persona, deviceName, new MemoryDisk(DiskContent.fromSnapshot(disk)), options)
      );
    }
    return world;
  }

  /** All that lasts, for worlds that go on from here. Every device must be off. */
  past(): Past {
    return {
      nowMs: this.timeline.nowMs,
      chain: this.chain.toRecord(),
      vss: this.vss.snapshot(),
      devices: this.devices.map(({ persona, name, mode, disk }) => {
        const { nodeId, finalPayments } = persona;
        return {
          persona: persona.name,
          nodeId,
          deviceName: name,
          mode,
          disk: disk.toSnapshot(),
          finalPayments: [...finalPayments.values()]
        };
      })
    };
  }

  /** Gives the program back what the world had taken. */
  end(): void {
    for (const device of this.devices) device.process?.die('with the world');
    this.#restoreGlobals();
  }

  persona(name: string): Persona {
    const found = this.personas.find((persona) => persona.name === name);
    if (!found) throw new Error(`nobody is called ${name}`);
    return found;
  }

  /** A device that holds nothing but the words. */
  async device(persona: Persona, name: string, options: DeviceOptions = {}): Promise<SimDevice> {
    const device = new SimDevice(this, persona, `${persona.name}-${name}`, await persona.freshDisk(), options);
    this.devices.push(device);
    return device;
  }

  tell(line: string): void {
    const told = `${((this.timeline.nowMs - 1_700_000_000_000) / 1000).toFixed(3)} ${line}`;
    this.story.push(told);
    this.onLine(told);
  }

  /** Something must never happen, and did. */
  violated(what: string): void {
    this.tell(`VIOLATION ${what}`);
    this.#violations.push(what);
  }

  /** Throws when a promise was broken so far. */
  check(): void {
    const [first] = this.#violations;
    if (first !== undefined) throw new Violation(first);
  }

  /** Lets the world run until the promise settles. */
  async during<T>(promise: Promise<T>, what = 'an answer', patienceMs = PATIENCE_MS): Promise<T> {
    let isOver = false;
    promise.then(
      () => (isOver = true),
      () => (isOver = true)
    );
    const endMs = this.timeline.nowMs + patienceMs;
    await settle();
    while (!isOver) await this.#step(endMs, what);
    return promise;
  }

  /** Lets the world run until `holds`, which is asked every so often. */
  async until(holds: () => boolean | Promise<boolean>, what: string, patienceMs = PATIENCE_MS): Promise<void> {
    const endMs = this.timeline.nowMs + patienceMs;
    while (!(await this.during(Promise.resolve(holds()), what))) {
      if (this.timeline.nowMs > endMs) throw new Waited(`waited ${patienceMs} ms for ${what}`);
      await this.during(this.timeline.sleep(250), what);
    }
  }

  /** Lets a while pass. */
  async pass(ms: number): Promise<void> {
    await this.during(this.timeline.sleep(ms), 'time to pass', ms + 1);
  }

  register(process: Process): void {
    this.#processes.set(process.name, process);
  }

  esploraUrlOf(process: Process): string {
    return `https://esplora.${process.name.replace('/', '.')}.sim`;
  }

  nodeModule(): Promise<NodeModule> {
    return Promise.resolve(this.#node);
  }

  diskDelayMs(): number {
    return this.chance.next() * this.slowestCommitMs;
  }

  webDelayMs(): number {
    return 1 + this.chance.next() * 20;
  }

  askEsplora(by: string, path: string, posted?: string): Promise<Response> {
    return answerEsplora(this.chain, by, path, posted);
  }

  /** `onStored`: called when the server has taken a put, whether or not anybody hears of it. */
  async askVss(by: Process, method: string, url: string, init: RequestInit, onStored: () => void): Promise<Response> {
    const { isVssDown, vssRefuses, vssLoses } = this.weather;
    if (isVssDown || by.isVssAway() || this.chance.happens(vssRefuses)) throw new TypeError('fetch failed');
    const response = await by.vss.fetch(url, init);
    if (method === 'putObjects' && response.ok) {
      onStored();
      const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer());
      this.secrecyWatch.stored(by.name, body);
      if (by.vss === this.vss) this.fenceWatch.accepted(by.name, by.isStarting, body);
    }
    if (this.chance.happens(vssLoses)) throw new TypeError('terminated');
    return response;
  }

  async #step(endMs: number, what: string): Promise<void> {
    this.check();
    for (let rounds = 0; this.unsealing.size > 0 && rounds < MOST_UNSEALING_ROUNDS; rounds += 1) await settle(1);
    if ((this.timeline.nextAtMs ?? Infinity) > endMs) throw new Waited(`waited in vain for ${what}`);
    await this.timeline.step();
  }

  #takeGlobals(): () => void {
    const giveCryptoBack = seedCrypto(this.chance.fork('crypto'));
    const realFetch = globalThis.fetch;
    const realNow = Date.now;
    // Libraries that yield after so many real milliseconds would make a run depend on the machine.
    Date.now = () => this.timeline.nowMs;
    globalThis.fetch = (input, init) => this.#fetch(input instanceof Request ? input : new Request(input, init));
    return () => {
      giveCryptoBack();
      globalThis.fetch = realFetch;
      Date.now = realNow;
    };
  }

  /** The WASM node asks the platform's own fetch; the host name says which process it runs in. */
  #fetch(request: Request): Promise<Response> {
    const { hostname } = new URL(request.url);
    for (const process of this.#processes.values()) {
      if (new URL(this.esploraUrlOf(process)).hostname === hostname) {
        return process.fetch(request.url, { method: request.method, signal: request.signal });
      }
    }
    return Promise.reject(new TypeError(`nobody asks ${hostname}`));
  }
}

/** Every world writes into a copy of its own. */
function copyOf(vss: Past['vss']): Past['vss'] {
  return new Map([...vss].map(([id, store]) => [id, new Map([...store].map(([key, stored]) => [key, { ...stored }]))]));
}
