// Proves, over random stories of several devices and a failing server, that the server only ever holds states that existed, and loses nothing it acknowledged.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BackupWorld,
  contentOf,
  MANAGER,
  MONITOR,
  row,
  SEED,
  type SimDevice
} from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../memory-disk.js';
import type { Fault } from '../../../tests/sim/memory-vss.js';
import { ErrorCode } from '../../wire/gen/vss_pb.js';
import type { RowKey } from '../disk.js';
import { rowId } from '../rows.js';
import { digestAfter, digestOf, EMPTY_DIGEST } from './digest.js';
import { deriveBackupSecrets, Seal } from './seal.js';

const seal = new Seal(deriveBackupSecrets(SEED).vssSeed);

describe('the digest', () => {
  const entry = fc.record({
    version: fc.bigInt({ min: 1n, max: 2n ** 62n }),
    tag: fc.uint8Array({ minLength: 16, maxLength: 16 })
  });

  it('kept by difference is the digest over everything, in whatever order the changes came', () => {
    const change = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(entry, { nil: undefined }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const store = new Map<string, { version: bigint; tag: Uint8Array }>();
        let digest = EMPTY_DIGEST;
        for (const [key, after] of changes) {
          digest = digestAfter(digest, seal.digestKey, key, store.get(key), after);
          if (after) store.set(key, after);
          else store.delete(key);
        }
        expect(digest).toBe(digestOf(seal.digestKey, [...store].reverse()));
      })
    );
  });

  it('tells any two stores apart', () => {
    const store = fc.dictionary(fc.constantFrom('a', 'b', 'c'), entry);
    const text = (value: Record<string, { version: bigint; tag: Uint8Array }>) =>
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { version, tag }]) => `${key} ${version} ${tag.join()}`)
        .join();
    fc.assert(
      fc.property(store, store, (one, other) => {
        const same = digestOf(seal.digestKey, Object.entries(one)) === digestOf(seal.digestKey, Object.entries(other));
        expect(same).toBe(text(one) === text(other));
      })
    );
  });
});

type Step =
  | { do: 'write'; device: number; labels: { key: number; isRemoved: boolean }[]; waits: boolean }
  | { do: 'pass'; ms: number }
  | { do: 'kill' | 'release' | 'start' | 'takeOver'; device: number };

const DEVICES = 2;
const device = fc.integer({ min: 0, max: DEVICES - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      device,
      labels: fc.array(fc.record({ key: fc.integer({ min: 0, max: 4 }), isRemoved: fc.boolean() }), { maxLength: 3 }),
      waits: fc.boolean()
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 50, 1_000, 40_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('kill', 'release', 'start', 'takeOver'), device }) }
);
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Fault>(
      { kind: 'refuse' },
      { kind: 'lose' },
      { kind: 'hang' },
      { kind: 'hangAfter' },
      { kind: 'truncate' }
    )
  },
  {
    weight: 1,
    arbitrary: fc.constant<Fault>({ kind: 'error', status: 500, code: ErrorCode.INTERNAL_SERVER_EXCEPTION })
  },
  { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'error', status: 409, code: ErrorCode.CONFLICT_EXCEPTION }) }
);

/** Runs a story and remembers every state that ever was on a disk. */
class Story {
  readonly world = new BackupWorld();
  readonly disks = Array.from({ length: DEVICES }, () => new MemoryDisk());
  readonly running: (SimDevice | undefined)[] = [];
  /** The whole content of the writer's disk, by the number that its manager carries. */
  readonly states = new Map<string, Record<string, string>>();
  acknowledged = 0;
  sequence = 0;

  constructor(faults: (Fault | undefined)[]) {
    this.world.server.fault = ({ number }) => faults[(number - 1) % Math.max(faults.length, 1)];
    this.world.server.onWritten = () => this.#checkServer();
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'pass') return this.world.clock.advance(next.ms);
    const device = this.running[next.device];
    if (next.do === 'write') return device && this.#write(device, next);
    if (next.do === 'start' || next.do === 'takeOver') return this.#start(next.device, next.do === 'takeOver');
    this.running[next.device] = undefined;
    if (next.do === 'kill') device?.kill();
    else if (device) await this.world.clock.during(device.backup.release());
  }

  async #start(index: number, takesOver: boolean): Promise<void> {
    if (this.running[index] && !this.running[index].halted) return;
    const device = this.world.device(`device ${index}`, { disk: this.disks[index] });
    const abort = new AbortController();
    const start = device.backup.start({ signal: abort.signal, choice: takesOver ? 'take_over' : undefined });
    const isStarted = await Promise.race([
      start.then(
        () => true,
        () => false
      ),
      this.#advance(20_000).then(() => false)
    ]);
    if (isStarted) this.running[index] = device;
    else abort.abort();
    if (!isStarted) device.kill();
  }

  async #advance(ms: number): Promise<void> {
    await this.world.clock.advance(ms);
  }

  async #write(device: SimDevice, next: Step & { do: 'write' }): Promise<void> {
    if (device.halted) return;
    this.sequence += 1;
    const text = String(this.sequence);
    const labels = new Map<string, [RowKey, string | undefined]>();
    for (const { key, isRemoved } of next.labels)
      labels.set(String(key), [row('labels', String(key)), isRemoved ? undefined : text]);
    const rows: [RowKey, string | undefined][] = [[MANAGER, text], [MONITOR, text], ...labels.values()];
    // Known before it lands, since the server may have it before anybody hears of it.
    this.states.set(text, after(await contentOf(device.disk), rows));
    await device.write(...rows);
    const number = this.sequence;
    const stored = device.backup.beforePersisted().then(
      () => (this.acknowledged = Math.max(this.acknowledged, number)),
      () => undefined
    );
    if (next.waits) await Promise.race([stored, this.#advance(20_000)]);
  }

  /** What the server holds right now is a state that some disk had, and its digest says so. */
  #checkServer(): void {
    const found: Record<string, string> = {};
    const entries = new Map<string, { version: bigint; tag: Uint8Array }>();
    let digest = '';
    for (const [storeKey, stored] of this.world.server.store) {
      const opened = seal.open(storeKey, stored.value);
      expect(opened.version + 1n).toBe(stored.version);
      const key = seal.rowOf(storeKey);
      if (key.primary === 'tern') {
        digest = (JSON.parse(new TextDecoder().decode(opened.value)) as { digest: string }).digest;
        continue;
      }
      entries.set(storeKey, { version: stored.version, tag: opened.tag });
      if (key.key !== 'vss_schema_version') found[rowId(key)] = new TextDecoder().decode(opened.value);
    }
    expect(digest).toBe(`0x${digestOf(seal.digestKey, entries).toString(16)}`);
    const manager = found[rowId(MANAGER)];
    expect(found).toEqual(manager === undefined ? {} : this.states.get(manager));
    expect(Number(manager ?? 0)).toBeGreaterThanOrEqual(this.acknowledged);
  }
}

function after(content: Record<string, string>, rows: [RowKey, string | undefined][]): Record<string, string> {
  const next = { ...content };
  for (const [key, value] of rows) {
    if (value === undefined) delete next[rowId(key)];
    else next[rowId(key)] = value;
  }
  return next;
}

describe('random stories', () => {
  it('never leave the server with a state that was not, and never lose what was acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 25 }),
        fc.array(fault, { maxLength: 23 }),
        async (steps, faults) => {
          const story = new Story(faults);
          for (const next of steps) await story.take(next);
          for (const device of story.running) device?.kill();
          story.world.server.fault = () => undefined;
          const end = await story.world.started('end', {}, { choice: 'take_over' });
          const content = await end.content();
          const manager = content[rowId(MANAGER)];
          expect(Number(manager ?? 0)).toBeGreaterThanOrEqual(story.acknowledged);
          expect(content).toEqual(manager === undefined ? {} : story.states.get(manager));
          end.kill();
          // Whoever comes back from an older state is handed the newest.
          const back = await story.world.started('device 0', { disk: story.disks[0] }, { choice: 'take_over' });
          const taken = await back.content();
          const number = taken[rowId(MANAGER)];
          // Its own turns that nobody stored stay, if nobody has gone on from the state they were built on.
          expect(taken).toEqual(number === undefined ? {} : story.states.get(number));
          expect(Number(number ?? 0)).toBeGreaterThanOrEqual(Number(manager ?? 0));
          back.kill();
        }
      ),
      { numRuns: 150 }
    );
  }, 120_000);
});

describe('the outbox', () => {
  it('is cleared of a row only by a commit that carried its newest write', async () => {
    const write = fc.record({ key: fc.integer({ min: 0, max: 3 }), value: fc.option(fc.string(), { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 1, maxLength: 6 }),
        fc.array(write, { maxLength: 6 }),
        async (early, late) => {
          const world = new BackupWorld();
          const a = await world.started('a', { mode: 'local-first' });
          for (const { key, value } of early) await a.disk.commit(batchOf(key, value));
          // The later writes land while the commit of the earlier ones is on its way.
          let isLate = false;
          world.server.onWritten = () => {
            if (isLate) return;
            isLate = true;
            for (const { key, value } of late) void a.disk.commit(batchOf(key, value));
          };
          await world.clock.during(a.backup.now());
          await world.clock.during(a.backup.now());
          world.server.onWritten = () => undefined;
          expect(await a.disk.outbox()).toEqual([]);
          expect(await world.restored()).toEqual(await a.content());
        }
      ),
      { numRuns: 60 }
    );
  }, 60_000);
});

function batchOf(key: number, value: string | undefined) {
  const target = row('labels', String(key));
  return value === undefined
    ? { puts: [], removes: [target] }
    : { puts: [{ row: target, value: new TextEncoder().encode(value) }], removes: [] };
}
