// Proves, for any node, any disk speed and a crash at any commit: outputs and "persisted" never come before durability, order is kept, and no monitor is durable without its manager.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Output } from '../../wasm/pkg/tern.js';
import { MemoryDisk } from './memory-disk.js';
import { idle, VirtualClock } from '../../tests/sim/virtual-clock.js';
import type { Clock } from './clock.js';
import type { CrashPoint } from './crash.js';
import type { DiskBatch, RowKey } from './disk.js';
import { rowId } from './rows.js';
import { Store } from './store.js';
import { Turns } from './turns.js';

/** What one of LDK's concurrent tasks does, step by step. */
type Act =
  | { type: 'monitor'; key: string }
  | { type: 'payment'; key: string }
  | { type: 'output' }
  | { type: 'wait'; rounds: number }
  | { type: 'flush' };

const key = fc.constantFrom('a', 'b', 'c');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('monitor' as const), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('payment' as const), key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('output' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), rounds: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flush' as const) }) }
);
const story = fc.record({
  tasks: fc.array(fc.array(act, { maxLength: 12, size: 'max' }), { minLength: 1, maxLength: 4 }),
  /** Event-loop rounds that the commits take to land, and to be heard of. */
  landRounds: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
  tellRounds: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 })
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A disk whose commits take their time, before and after they land. */
class SlowDisk extends MemoryDisk {
  commits = 0;
  onLanded: (batch: DiskBatch) => void = () => undefined;

  constructor(readonly story: Story) {
    super();
  }

  override async commit(batch: DiskBatch): Promise<void> {
    const index = this.commits++;
    await rounds(this.story.landRounds[index % this.story.landRounds.length] ?? 0);
    await super.commit(batch);
    this.onLanded(batch);
    await rounds(this.story.tellRounds[index % this.story.tellRounds.length] ?? 0);
  }
}

const MANAGER: RowKey = { primary: '', secondary: '', key: 'manager' };

/** Runs a story and checks the invariants at every step of it. Resolves when all is over or nothing moves any more. */
async function play(
  current: Story,
  crashAt?: CrashPoint
): Promise<{ commitCount: number; isDone: boolean; sent: number }> {
  const disk = new SlowDisk(current);
  const clock: Clock = new VirtualClock();
  const store = new Store(disk, { clock, crashAt });
  /** Every write is numbered; the number is its value. */
  let written = 0;
  let monitorsWritten = 0;
  const durable = new Map<string, number>();
  disk.onLanded = ({ puts }) => {
    for (const { row, value } of puts) durable.set(rowId(row), decode(value));
    const monitors = puts.filter(({ row }) => row.primary === 'monitor_updates').map(({ value }) => decode(value));
    // The manager's value is the number of the last monitor write that it knows.
    for (const number of monitors) expect(durable.get(rowId(MANAGER))).toBeGreaterThanOrEqual(number);
  };
  const staged = new Map<string, number>();
  /** Outputs not cut yet, and what had been staged when each was made. */
  const made: { id: number; needs: Map<string, number> }[] = [];
  const needs = new Map<number, Map<string, number>>();
  const sent: number[] = [];
  const isDurable = (row: string, number: number) => (durable.get(row) ?? 0) >= number;
  const failures: Error[] = [];
  const turns = new Turns({
    store,
    clock,
    deliver: (outputs) => {
      for (const output of outputs) {
        const id = output.type === 'socketClose' ? output.socket : -1;
        for (const [row, number] of needs.get(id) ?? []) expect(isDurable(row, number)).toBe(true);
        sent.push(id);
      }
    },
    // A check that fails in the middle of a turn comes out here.
    onHalt: (error) => failures.push(error)
  });
  const write = (row: RowKey, number: number) => {
    staged.set(rowId(row), number);
    return turns.write(row, encode(number));
  };
  turns.attach({
    cut: (): Output[] => {
      if (store.hasStaged()) void write(MANAGER, monitorsWritten);
      for (const output of made) needs.set(output.id, output.needs);
      return made.splice(0).map(({ id }) => ({ type: 'socketClose', socket: id }));
    }
  });
  let outputCount = 0;
  const perform = async (acts: Act[]) => {
    for (const step of acts) {
      if (step.type === 'monitor') {
        const row = { primary: 'monitor_updates', secondary: '', key: step.key };
        const number = (written += 1);
        monitorsWritten = number;
        await write(row, number);
        expect(isDurable(rowId(row), number)).toBe(true);
        expect(store.state.kind).toBe('ready');
      } else if (step.type === 'payment') {
        await write({ primary: 'payments', secondary: '', key: step.key }, (written += 1));
      } else if (step.type === 'output') {
        made.push({ id: (outputCount += 1), needs: new Map([...staged].filter(([row]) => row !== rowId(MANAGER))) });
        turns.wake();
      } else if (step.type === 'flush') {
        const before = new Map([...staged].filter(([row]) => row !== rowId(MANAGER)));
        const outputsBefore = outputCount;
        await turns.flush();
        for (const [row, number] of before) expect(isDurable(row, number)).toBe(true);
        expect(sent.length).toBeGreaterThanOrEqual(outputsBefore);
      } else {
        await rounds(step.rounds);
      }
    }
  };
  let isDone = false;
  const all = Promise.all(current.tasks.map(perform)).then(() => turns.flush());
  let failure: unknown;
  all.then(
    () => (isDone = true),
    (thrown: unknown) => (failure = thrown)
  );
  for (let quiet = 0, last = ''; quiet < 3 && !isDone && failure === undefined;) {
    await idle();
    const now = `${disk.commits} ${sent.length} ${written}`;
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  expect(failures).toEqual([]);
  // In the order they were made, none twice.
  expect(sent).toEqual(Array.from({ length: sent.length }, (_, index) => index + 1));
  if (isDone) expect(sent.length).toBe(outputCount);
  return { commitCount: store.commitCount, isDone, sent: sent.length };
}

function encode(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff);
}

function decode(value: Uint8Array): number {
  return ((value[0] ?? 0) << 8) | (value[1] ?? 0);
}

it('every story ends, with every output after its state and every monitor durable before it is acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (current) => {
      expect((await play(current)).isDone).toBe(true);
    }),
    { numRuns: 150 }
  );
});

it('a crash before or after any commit lets nothing out that the disk does not have', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (current) => {
      const { commitCount } = await play(current);
      for (let commit = 1; commit <= commitCount; commit += 1) {
        for (const when of ['before', 'after'] as const) {
          const crashed = await play(current, { commit, when });
          expect([crashed.commitCount, crashed.isDone]).toEqual([commit, false]);
        }
      }
    }),
    { numRuns: 12 }
  );
}, 60_000);
