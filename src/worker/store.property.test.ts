// Proves, for any order of writes, reads and commits, that the store shows the state after all that was staged, and that a crash leaves a whole number of commits.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DiskContent } from './disk-content.js';
import { GatedDisk } from '../../tests/sim/gated-disk.js';
import { MemoryDisk } from './memory-disk.js';
import { idle } from '../../tests/sim/virtual-clock.js';
import type { DiskBatch, RowKey } from './disk.js';
import { rowId } from './rows.js';
import { Store } from './store.js';

type Step =
  | { type: 'put'; row: RowKey; value: number }
  | { type: 'remove'; row: RowKey }
  | { type: 'commit' }
  /** The commit under way lands, or, if it has, its caller hears of it; reads are answered. */
  | { type: 'disk' }
  | { type: 'look'; row: RowKey; limit: number; before: string | undefined };

const key = fc.constantFrom('a', 'b', 'c');
const row = fc.record({ primary: fc.constantFrom('monitors', 'payments', 'local'), secondary: fc.constant(''), key });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('put' as const), row, value: fc.nat(255) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), row }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('commit' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('disk' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('look' as const),
      row,
      limit: fc.nat(6),
      before: fc.option(key, { nil: undefined })
    })
  }
);

/** What was staged since a commit was cut, as the batch it will be: the last write of a row wins, in the order of the first. */
class Staging {
  readonly #rows = new Map<string, { row: RowKey; value: number | undefined }>();

  set(row: RowKey, value: number | undefined): void {
    this.#rows.set(rowId(row), { row, value });
  }

  toBatch(): DiskBatch {
    const rows = [...this.#rows.values()];
    return {
      puts: rows.flatMap(({ row, value }) => (value === undefined ? [] : [{ row, value: Uint8Array.of(value) }])),
      removes: rows.flatMap(({ row, value }) => (value === undefined ? [row] : []))
    };
  }
}

/** The content of a disk after these batches. */
function contentAfter(batches: DiskBatch[]): DiskContent {
  const content = new DiskContent();
  for (const batch of batches) content.apply(batch);
  return content;
}

it('shows at any moment what the disk would hold if all that is staged were committed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
      const disk = new GatedDisk();
      disk.hold();
      disk.holdReads();
      const looks: { answers: Promise<unknown>; expected: unknown }[] = [];
      const store = new Store(disk);
      const cut: DiskBatch[] = [];
      let staging = new Staging();
      let committing: Promise<unknown> | undefined;
      for (const current of steps) {
        if (current.type === 'put') {
          store.stage(current.row, Uint8Array.of(current.value));
          staging.set(current.row, current.value);
        } else if (current.type === 'remove') {
          store.stageRemove(current.row);
          staging.set(current.row, undefined);
        } else if (current.type === 'commit' && !committing && store.hasStaged()) {
          committing = store.commit().finally(() => (committing = undefined));
          cut.push(staging.toBatch());
          staging = new Staging();
          await idle();
        } else if (current.type === 'disk') {
          disk.step();
          await idle();
        } else if (current.type === 'look') {
          const { primary, secondary } = current.row;
          const content = contentAfter([...cut, staging.toBatch()]);
          looks.push({
            answers: Promise.all([
              store.read(current.row),
              store.list(primary, secondary),
              store.listPage('payments', '', current.limit, current.before)
            ]),
            expected: [
              content.read(current.row),
              content.list(primary, secondary),
              content.listPage('payments', '', current.limit, current.before)
            ]
          });
        }
      }
      disk.release();
      await store.commit();
      for (const { answers, expected } of looks) expect(await answers).toEqual(expected);
      expect(disk.clone().toSnapshot()).toEqual(contentAfter([...cut, staging.toBatch()]).toSnapshot());
    }),
    { numRuns: 250 }
  );
});

it('a crash leaves exactly the commits before it, or also the one it followed, with their outbox marks', async () => {
  const turns = fc.array(
    fc.array(fc.record({ row, value: fc.option(fc.nat(255), { nil: undefined }) }), { minLength: 1, maxLength: 6 }),
    {
      minLength: 1,
      maxLength: 6
    }
  );
  await fc.assert(
    fc.asyncProperty(
      turns,
      fc.nat(),
      fc.constantFrom('before' as const, 'after' as const),
      async (story, pick, when) => {
        const crashCommit = (pick % story.length) + 1;
        const disk = new MemoryDisk();
        let crash: () => void = () => undefined;
        const crashed = new Promise<'crashed'>((resolve) => (crash = () => resolve('crashed')));
        const store = new Store(disk, { crashAt: { commit: crashCommit, when }, onState: () => crash() });
        const batches: DiskBatch[] = [];
        const run = async () => {
          for (const writes of story) {
            const staging = new Staging();
            for (const { row: written, value } of writes) {
              if (value === undefined) store.stageRemove(written);
              else store.stage(written, Uint8Array.of(value));
              staging.set(written, value);
            }
            batches.push(staging.toBatch());
            await store.commit();
          }
          return 'done';
        };
        expect(await Promise.race([run(), crashed])).toBe('crashed');
        const durable = batches.slice(0, when === 'before' ? crashCommit - 1 : crashCommit);
        expect(disk.clone().toSnapshot()).toEqual(contentAfter(durable).toSnapshot());
      }
    ),
    { numRuns: 200 }
  );
});
