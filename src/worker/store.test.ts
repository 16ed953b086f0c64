// Proves what the store promises when the disk is slow, full, away or broken, and what a crash leaves.
import { describe, expect, it } from 'vitest';
import { GatedDisk } from '../../tests/sim/gated-disk.js';
import { MemoryDisk } from './memory-disk.js';
import { idle, VirtualClock } from '../../tests/sim/virtual-clock.js';
import { TernError, type ErrorCode } from '../wire/errors.js';
import type { RowKey } from './disk.js';
import { Store, type StoreState } from './store.js';

const at = (key: string): RowKey => ({ primary: 'payments', secondary: '', key });
const monitor = (key: string): RowKey => ({ primary: 'monitors', secondary: '', key });
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);
const failure = (code: ErrorCode) => new TernError(code, 'made to fail', 'none');

/** Whether a promise has settled once everything else has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.then(
    () => (pending = false),
    () => (pending = false)
  );
  await idle();
  return pending;
}

function storeWithClock(disk: GatedDisk): { store: Store; clock: VirtualClock; states: string[] } {
  const clock = new VirtualClock();
  const states: string[] = [];
  return { store: new Store(disk, { clock, onState: ({ kind }) => states.push(kind) }), clock, states };
}

describe('Store', () => {
  it('commits everything staged as one transaction, the last write of a row winning', async () => {
    const disk = new GatedDisk();
    const store = new Store(disk);
    store.stage(at('a'), one);
    store.stage(at('b'), one);
    store.stageRemove(at('b'));
    store.stage(at('a'), two);
    expect(store.hasStaged()).toBe(true);
    const commit = await store.commit();
    expect(commit).toEqual({ number: 1, rows: [at('a'), at('b')], stagedNewMonitor: false });
    expect(disk.landed).toEqual([{ puts: [{ row: at('a'), value: two }], removes: [at('b')] }]);
    expect(store.hasStaged()).toBe(false);
  });

  it('copies what is staged and what is read, from Buffers too', async () => {
    const store = new Store(new MemoryDisk());
    const given = Buffer.from([1]);
    store.stage(at('a'), given);
    given.fill(9);
    (await store.read(at('a')))?.fill(9);
    await store.commit();
    expect(await store.read(at('a'))).toEqual(one);
  });

  it('touches the disk for nothing when nothing is staged', async () => {
    const disk = new GatedDisk();
    const store = new Store(disk);
    expect(await store.commit()).toEqual({ number: 0, rows: [], stagedNewMonitor: false });
    expect(disk.landed).toEqual([]);
    expect(store.commitCount).toBe(0);
  });

  it('keeps a row staged during a commit for the next one', async () => {
    const disk = new GatedDisk();
    const store = new Store(disk);
    disk.hold();
    store.stage(at('a'), one);
    const first = store.commit();
    store.stage(at('a'), two);
    store.stage(at('b'), two);
    const second = store.commit();
    expect(await store.read(at('a'))).toEqual(two);
    disk.step();
    await idle();
    expect(await disk.read(at('a'))).toEqual(one);
    disk.release();
    await Promise.all([first, second]);
    expect(disk.landed.map(({ puts }) => puts)).toEqual([
      [{ row: at('a'), value: one }],
      [
        { row: at('a'), value: two },
        { row: at('b'), value: two }
      ]
    ]);
  });

  it('resolves a commit called during another only when all that was staged before it is durable', async () => {
    const disk = new GatedDisk();
    const store = new Store(disk);
    disk.hold();
    store.stage(at('a'), one);
    void store.commit();
    const empty = store.commit();
    disk.step();
    expect(await isPending(empty)).toBe(true);
    disk.release();
    expect((await empty).rows).toEqual([]);
  });

  it('says which commit brings a new monitor', async () => {
    const store = new Store(new MemoryDisk());
    store.stage(monitor('m'), one);
    expect((await store.commit()).stagedNewMonitor).toBe(true);
    store.stage(monitor('m'), two);
    store.stage({ primary: 'monitor_updates', secondary: 'm', key: '1' }, one);
    expect((await store.commit()).stagedNewMonitor).toBe(false);
    store.stage({ primary: 'monitor_updates', secondary: 'n', key: '1' }, one);
    store.stageRemove(monitor('n'));
    expect((await store.commit()).stagedNewMonitor).toBe(false);
    store.stageRemove(monitor('m'));
    await store.commit();
    store.stage(monitor('m'), one);
    expect((await store.commit()).stagedNewMonitor).toBe(true);
  });

  it.each([
    ['storage_full', 'full'],
    ['storage_unavailable', 'unavailable']
  ] as const)('waits out %s: the rows stay visible, nothing is lost, and the state says so', async (code, state) => {
    const disk = new GatedDisk();
    const { store, clock, states } = storeWithClock(disk);
    disk.failNext(...Array.from({ length: 20 }, () => failure(code)));
    store.stage(at('a'), one);
    const committed = store.commit();
    await clock.advance(10 * 60_000);
    expect(await isPending(committed)).toBe(false);
    expect(states).toEqual([state, 'ready']);
    expect((await committed).rows).toEqual([at('a')]);
    expect(await disk.read(at('a'))).toEqual(one);
  });

  it('takes no newer row into a commit that waits for the disk', async () => {
    const disk = new GatedDisk();
    const { store, clock } = storeWithClock(disk);
    disk.failNext(failure('storage_full'));
    store.stage(at('a'), one);
    const committed = store.commit();
    await idle();
    expect(store.state).toMatchObject({ kind: 'full', error: { code: 'storage_full' } satisfies Partial<TernError> });
    store.stage(at('a'), two);
    store.stage(at('b'), two);
    expect(await store.list('payments', '')).toEqual(['a', 'b']);
    await clock.advance(60_000);
    expect((await committed).rows).toEqual([at('a')]);
    expect(await disk.read(at('a'))).toEqual(one);
    expect(await store.read(at('a'))).toEqual(two);
  });

  it('retries less and less often, but at least every half minute', async () => {
    const disk = new GatedDisk();
    const { store, clock } = storeWithClock(disk);
    disk.failNext(...Array.from({ length: 1000 }, () => failure('storage_unavailable')));
    store.stage(at('a'), one);
    void store.commit();
    await clock.advance(1000);
    expect(store.commitCount).toBe(3);
    await clock.advance(60_000);
    const before = store.commitCount;
    await clock.advance(300_000);
    expect(store.commitCount - before).toBe(10);
  });

  it('rejects for a fault that will not pass, and keeps the rows staged under newer ones', async () => {
    const disk = new GatedDisk();
    const store = new Store(disk);
    disk.hold();
    disk.failNext(failure('storage_corrupt'));
    store.stage(at('a'), one);
    store.stage(at('b'), one);
    const committed = store.commit();
    store.stage(at('a'), two);
    disk.release();
    await expect(committed).rejects.toMatchObject({ code: 'storage_corrupt' });
    await store.commit();
    expect(await disk.readMany([at('a'), at('b')])).toEqual([two, one]);
  });

  it('still calls a monitor new when the first attempt to commit it had landed unheard', async () => {
    const disk = new GatedDisk();
    const { store, clock } = storeWithClock(disk);
    disk.failNext(failure('storage_unavailable'));
    store.stage(monitor('m'), one);
    const committed = store.commit();
    await idle();
    await disk.commit({ puts: [{ row: monitor('m'), value: one }], removes: [] });
    await clock.advance(1000);
    expect((await committed).stagedNewMonitor).toBe(true);
  });
});

describe('Store at a crash point', () => {
  it.each([
    ['before', undefined],
    ['after', two]
  ] as const)('dies %s the commit: the disk has what it should, and nobody gets an answer', async (when, expected) => {
    const disk = new MemoryDisk();
    const states: StoreState[] = [];
    const store = new Store(disk, { crashAt: { commit: 2, when }, onState: (state) => states.push(state) });
    store.stage(at('a'), one);
    await store.commit();
    const reading = store.disk.read(at('a'));
    store.stage(at('b'), two);
    const committed = store.commit();
    expect(await reading).toEqual(one);
    expect(await isPending(committed)).toBe(true);
    expect(states).toEqual([{ kind: 'crashed' }]);
    store.stage(at('c'), one);
    for (const asked of [
      store.read(at('a')),
      store.read(at('c')),
      store.list('payments', ''),
      store.listPage('payments', '', 9),
      store.commit(),
      store.disk.outbox(),
      store.disk.readMany([at('a')]),
      store.disk.allRows(),
      store.disk.readLocal('x'),
      store.disk.listLocal(''),
      store.disk.isEmpty(),
      store.disk.commit({ puts: [{ row: at('d'), value: one }], removes: [] })
    ]) {
      expect(await isPending(asked)).toBe(true);
    }
    const reopened = new Store(disk.clone());
    expect(await reopened.read(at('b'))).toEqual(expected);
    expect(await reopened.list('payments', '')).toEqual(expected ? ['a', 'b'] : ['a']);
    expect(store.commitCount).toBe(2);
  });

  it('answers nobody who asked before it and would have heard after it', async () => {
    const disk = new MemoryDisk();
    let answer: (value: Uint8Array) => void = () => undefined;
    disk.read = () => new Promise((resolve) => (answer = resolve));
    const store = new Store(disk, { crashAt: { commit: 1, when: 'before' } });
    const reading = store.read(at('b'));
    store.stage(at('a'), one);
    void store.commit();
    await idle();
    answer(one);
    expect(await isPending(reading)).toBe(true);
  });

  it('counts the commits that bypass the staging too', async () => {
    const store = new Store(new MemoryDisk(), { crashAt: { commit: 2, when: 'after' } });
    store.stage(at('a'), one);
    await store.commit();
    const local = store.disk.commit({ puts: [], removes: [], local: [{ name: 'x', value: one }] });
    expect(await isPending(local)).toBe(true);
    expect(store.state.kind).toBe('crashed');
  });
});
