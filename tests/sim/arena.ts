// Owns the duel of two writers: whose request the server handles next, and whose answer is lost, is a choice; the same choices give the same duel.
import type { RowKey } from '../../src/worker/disk.js';
import { TernError } from '../../src/wire/errors.js';
import { BackupWorld, row, type SimDevice } from './backup-world.js';
import { FenceWatch } from './fence-watch.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { Chance } from './random.js';
import { idle } from './virtual-clock.js';

/** What one device does, in order. `lock` says goodbye, `crash` does not. */
export type Act = 'start' | 'take over' | 'write' | 'lock' | 'crash';

export interface Duel {
  a: readonly Act[];
  b: readonly Act[];
  /** Answers that are lost at most. */
  losses: number;
}

/** Answers a number below `options`. */
export type Choose = (options: number) => number;

interface Pending {
  by: 'a' | 'b';
  handle: () => Promise<Response>;
  resolve: (response: Response) => void;
  reject: (error: Error) => void;
}

/** Virtual time after which both have heard of each other. */
const HEARTBEATS_MS = 70_000;
const MOST_DECISIONS = 400;

/** Runs a duel to its end and checks it. Throws what was broken. Answers how many writes the server took. */
export async function fight(duel: Duel, choose: Choose): Promise<number> {
  return new Arena(duel, choose).run();
}

const ACTS: readonly Act[] = ['start', 'take over', 'write', 'write', 'write', 'lock', 'crash'];

/** A duel that a seed decides wholly. Answers and throws as `fight` does. */
export async function randomDuel(seed: number): Promise<number> {
  const chance = new Chance(seed);
  const some = (): Act[] => ['start', ...Array.from({ length: chance.between(2, 5) }, () => chance.pick(ACTS))];
  const duel = { a: some(), b: some(), losses: chance.between(0, 4) };
  try {
    return await fight(duel, (options) => chance.between(0, options - 1));
  } catch (thrown) {
    throw new Error(`seed ${seed}: ${String(thrown)}`, { cause: thrown });
  }
}

class Arena {
  readonly #world = new BackupWorld();
  readonly #duel: Duel;
  readonly #choose: Choose;
  readonly #story: string[] = [];
  readonly #violations: string[] = [];
  readonly #fence: FenceWatch;
  readonly #pending: Pending[] = [];
  readonly #devices = new Map<'a' | 'b', SimDevice>();
  readonly #disks = { a: new MemoryDisk(), b: new MemoryDisk() };
  readonly #starting = new Set<string>();
  /** Sessions that began to say goodbye, and those that were told to take over. */
  readonly #leaving = new Set<string>();
  readonly #takers = new Set<string>();
  /** The session of each device, and the session that wrote last. */
  readonly #sessions = new Map<'a' | 'b', string>();
  #writer = '';
  /** What a device was told to be stored. */
  readonly #acknowledged = new Map<string, string>();
  #lossesLeft: number;
  #session = 0;
  #writes = 0;

  constructor(duel: Duel, choose: Choose) {
    this.#duel = duel;
    this.#choose = choose;
    this.#lossesLeft = duel.losses;
    this.#fence = new FenceWatch({
      tell: (line) => this.#story.push(line),
      violated: (what) => this.#violations.push(what)
    });
  }

  async run(): Promise<number> {
    let running = 2;
    const over = (): void => void (running -= 1);
    void this.#play('a', this.#duel.a).then(over);
    void this.#play('b', this.#duel.b).then(over);
    for (let decisions = 0; ; decisions += 1) {
      await idle();
      if (this.#pending.length > 0) await this.#decide();
      else if (running === 0) break;
      else await this.#world.clock.advance(1_000);
      if (decisions > MOST_DECISIONS) throw this.#broken('the duel does not end');
    }
    await this.#reckon();
    return this.#fence.count;
  }

  async #play(by: 'a' | 'b', acts: readonly Act[]): Promise<void> {
    for (const act of acts) {
      this.#story.push(`${by}: ${act}`);
      try {
        await this.#do(by, act);
      } catch (thrown) {
        this.#story.push(`${by}: ${act} ended with ${TernError.from(thrown).code}`);
      }
    }
  }

  async #do(by: 'a' | 'b', act: Act): Promise<void> {
    const device = this.#devices.get(by);
    if (act === 'start' || act === 'take over') return this.#start(by, act === 'take over');
    if (act === 'crash') device?.kill();
    if (act === 'lock') {
      this.#leaving.add(this.#sessions.get(by) ?? '');
      await device?.backup.release();
    }
    if (act === 'crash' || act === 'lock') return void this.#devices.delete(by);
    if (!device || device.halted) return;
    const key = `${by}${(this.#writes += 1)}`;
    await device.write([row('labels', key), key]);
    // A device that has stopped hears no more; its owner need not wait for it.
    await Promise.race([device.backup.beforePersisted(), this.#untilHalted(device)]);
    if (!device.halted) this.#acknowledged.set(key, key);
  }

  async #start(by: 'a' | 'b', takesOver: boolean): Promise<void> {
    const before = this.#devices.get(by);
    const name = `${by}/${(this.#session += 1)}`;
    this.#sessions.set(by, name);
    if (takesOver) this.#takers.add(name);
    before?.kill();
    this.#devices.delete(by);
    const fetch: typeof globalThis.fetch = (url, init) => this.#fetch(by, name, url as string, init);
    const device = this.#world.device(by, { fetch, disk: this.#disks[by] });
    this.#starting.add(name);
    await device.backup.start(takesOver ? { choice: 'take_over' } : {}).finally(() => this.#starting.delete(name));
    this.#devices.set(by, device);
  }

  async #untilHalted(device: SimDevice): Promise<void> {
    while (!device.halted) await this.#world.clock.sleep(1_000);
  }

  /** A request waits until it is chosen; reads of values change nothing, so they need no choice. */
  #fetch(by: 'a' | 'b', session: string, url: string, init?: RequestInit): Promise<Response> {
    const method = url.slice(url.lastIndexOf('/') + 1);
    const handle = async (): Promise<Response> => {
      const response = await this.#world.server.fetch(url, init);
      if (method === 'putObjects' && response.ok) {
        this.#wrote(by, session);
        this.#fence.accepted(
          session,
          this.#starting.has(session),
          new Uint8Array(await new Response(init?.body ?? null).arrayBuffer())
        );
      }
      this.#story.push(`${session}: ${method} ${response.status}`);
      return response;
    };
    if (method !== 'putObjects') return handle();
    return new Promise((resolve, reject) => this.#pending.push({ by, handle, resolve, reject }));
  }

  /** Whoever was not told to take over takes only what is free, or its own. */
  #wrote(by: 'a' | 'b', session: string): void {
    const isFree = this.#writer === '' || this.#writer.startsWith(by) || this.#leaving.has(this.#writer);
    if (session !== this.#writer && !isFree && !this.#takers.has(session)) {
      this.#violations.push(`${session} took the store, which ${this.#writer} had, without being told to`);
    }
    this.#writer = session;
  }

  async #decide(): Promise<void> {
    const chosen = this.#pending.splice(this.#choose(this.#pending.length), 1)[0];
    if (!chosen) return;
    const isLost = this.#lossesLeft > 0 && this.#choose(2) === 1;
    const response = await chosen.handle();
    if (!isLost) return chosen.resolve(response);
    this.#lossesLeft -= 1;
    this.#story.push(`${chosen.by}: the answer is lost`);
    chosen.reject(new TypeError('terminated'));
  }

  async #reckon(): Promise<void> {
    this.#lossesLeft = 0;
    for (let passed = 0; passed < HEARTBEATS_MS; passed += 10_000) {
      await idle();
      while (this.#pending.length > 0) {
        await this.#decide();
        await idle();
      }
      await this.#world.clock.advance(10_000);
    }
    const [violation] = this.#violations;
    if (violation !== undefined) throw this.#broken(violation);
    const owners = [...this.#devices.values()].filter(({ halted }) => !halted);
    if (owners.length > 1) throw this.#broken('two devices believe to own the store');
    const stored = await this.#restored();
    for (const [key, value] of this.#acknowledged) {
      const found = stored[rowName(row('labels', key))];
      if (found !== value) throw this.#broken(`${key} was acknowledged, and the server has ${found ?? 'nothing'}`);
    }
    const [owner] = owners;
    if (owner && (await owner.disk.outbox()).length > 0) throw this.#broken('the owner has rows that nobody stores');
  }

  async #restored(): Promise<Record<string, string>> {
    try {
      return await this.#world.restored();
    } catch (thrown) {
      throw this.#broken(`the store does not load: ${TernError.from(thrown).message}`);
    }
  }

  #broken(what: string): Error {
    return new Error(`${what}\n${this.#story.join('\n')}`);
  }
}

function rowName({ primary, secondary, key }: RowKey): string {
  return JSON.stringify([primary, secondary, key]);
}
