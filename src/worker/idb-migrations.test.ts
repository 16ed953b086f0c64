// Proves that a database of an earlier version is moved to this one with all that is in it, and that a move that stops half-way leaves it as it was.
import { IDBObjectStore } from 'fake-indexeddb';
import { openDB, type IDBPDatabase } from 'idb';
import { describe, expect, it, vi } from 'vitest';
import { dump, layFirst } from '../../tests/contract/disk-version-1.js';
import { useFreshIndexedDb } from '../../tests/contract/fresh-indexed-db.js';
import type { RowKey } from './disk.js';
import { IdbDisk } from './idb.js';
import { migrate, SCHEMA_VERSION, type Migration } from './idb-migrations.js';
import type { TernSchema } from './idb-schema.js';

const NAME = 'tern-test';
const CHUNK = 1 << 20;
const row = { primary: 'test', secondary: '', key: 'k' };
const payment = (key: string): RowKey => ({ primary: 'payments', secondary: '', key });
const update = (key: string): RowKey => ({ primary: 'monitor_updates', secondary: 'm', key });
const put = (value: number) => ({ puts: [{ row, value: Uint8Array.of(value) }], removes: [] });

useFreshIndexedDb();

const chunk = (value: number, length = CHUNK) => new Uint8Array(length).fill(value);

describe('a database of version 1', () => {
  const manager = { primary: '', secondary: '', key: 'manager' };
  const monitor = { primary: 'monitors', secondary: '', key: 'm' };
  const graph = { primary: '', secondary: '', key: 'network_graph' };
  const chunks = [chunk(1), chunk(2), chunk(3, 5)];
  const lay = () =>
    layFirst(
      NAME,
      [
        { row: payment('c'), created: 1, value: Uint8Array.of(1) },
        { row: manager, created: 2, value: new Uint8Array() },
        { row: payment('a'), created: 3, value: chunks },
        { row: monitor, created: 4, value: chunks.slice(0, 2) },
        { row: graph, created: 5, value: chunks.slice(1) },
        { row: update('1'), created: 6, value: Uint8Array.of(6) },
        { row: payment('b'), created: 7, value: Uint8Array.of(2) },
        { row: { ...row, primary: 'paymentsx' }, created: 8, value: Uint8Array.of(8) },
        { row: { ...payment('a'), secondary: 'x' }, created: 9, value: Uint8Array.of(9) }
      ],
      [
        { row: payment('gone'), generation: 1, removed: true },
        { row: monitor, generation: 2, removed: false },
        { row: payment('a'), generation: 3, removed: false }
      ]
    );

  it('is found whole: short and long values, order, marks and local values', async () => {
    await lay();
    const disk = await IdbDisk.open(NAME);
    expect(await disk.allRows()).toEqual([
      manager,
      graph,
      update('1'),
      monitor,
      payment('a'),
      payment('b'),
      payment('c'),
      { ...payment('a'), secondary: 'x' },
      { ...row, primary: 'paymentsx' }
    ]);
    const [first, second, third] = chunks as [Uint8Array, Uint8Array, Uint8Array];
    const values = await disk.readMany([payment('c'), manager, update('1'), payment('b'), payment('gone')]);
    expect(values).toEqual([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(6), Uint8Array.of(2), undefined]);
    const long = await disk.readMany([payment('a'), monitor, graph]);
    const expected = [
      [first, second, third],
      [first, second],
      [second, third]
    ].map((parts) => Buffer.concat(parts));
    expect(long.map((value, index) => expected[index]?.equals(value ?? new Uint8Array()))).toEqual([true, true, true]);
    expect(await disk.listPage('payments', '', 9)).toEqual(['b', 'a', 'c']);
    expect(await disk.listPage('payments', '', 1, 'b')).toEqual(['a']);
    expect(await disk.outbox()).toEqual([
      { row: payment('gone'), generation: 1, removed: true },
      { row: monitor, generation: 2, removed: false },
      { row: payment('a'), generation: 3, removed: false }
    ]);
    expect([await disk.listLocal(''), await disk.readLocal('vault')]).toEqual([['vault'], Uint8Array.of(7)]);
    await disk.close();
  });

  it('goes on from there: new rows come after the old, marks after the marks, and no chunk stays behind', async () => {
    await lay();
    const disk = await IdbDisk.open(NAME);
    const value = Uint8Array.of(5);
    const written = [payment('d'), payment('a'), payment('c'), graph];
    await disk.commit({ puts: written.map((each) => ({ row: each, value })), removes: [monitor, payment('b')] });
    expect(await disk.readMany([...written, monitor, payment('b')])).toEqual([
      value,
      value,
      value,
      value,
      undefined,
      undefined
    ]);
    expect(await disk.listPage('payments', '', 9)).toEqual(['d', 'a', 'c']);
    expect((await disk.outbox()).map(({ row: { key }, generation }) => [key, generation])).toEqual([
      ['gone', 1],
      ['d', 4],
      ['a', 5],
      ['c', 6],
      ['m', 7],
      ['b', 8]
    ]);
    await disk.close();
    const left = await openDB(NAME);
    expect([await left.count('chunks'), await left.count('order')]).toEqual([0, 3]);
    left.close();
  });

  it('is moved also where it holds thousands of rows, and where it holds none', async () => {
    await layFirst(NAME, []);
    const empty = await IdbDisk.open(NAME);
    expect(await empty.isEmpty()).toBe(true);
    await empty.close();
    await IdbDisk.delete(NAME);
    // So that places and keys differ.
    const rows = Array.from({ length: 2_500 }, (_, index) => ({
      row: (index % 5 === 0 ? update : payment)(String((index * 7) % 2_500)),
      created: index + 1,
      value: index % 500 === 1 ? [chunk(index), chunk(1, 1)] : Uint8Array.of(index)
    }));
    await layFirst(NAME, rows);
    const disk = await IdbDisk.open(NAME);
    const values = await disk.readMany(rows.map((each) => each.row));
    expect(values.map((value) => [value?.[0], value?.length])).toEqual(
      rows.map(({ value }, index) => [index % 256, Array.isArray(value) ? CHUNK + 1 : 1])
    );
    const order = rows.map((each) => each.row).filter(({ primary }) => primary === 'payments');
    expect(await disk.listPage('payments', '', 9_999)).toEqual(order.map(({ key }) => key).reverse());
    await disk.close();
  });

  it.each([
    ['all', undefined],
    ['a chunk', [chunk(1), chunk(2)]]
  ])('still says storage_corrupt of a value of which %s was lost', async (_what, value) => {
    await layFirst(NAME, [
      { row, created: 1, value },
      { row: payment('a'), created: 2, value: Uint8Array.of(1) }
    ]);
    if (value) await loseChunk();
    const disk = await IdbDisk.open(NAME);
    await expect(disk.read(row)).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect([await disk.list('test', ''), await disk.read(payment('a'))]).toEqual([['k'], Uint8Array.of(1)]);
    await disk.commit(put(3));
    expect(await disk.read(row)).toEqual(Uint8Array.of(3));
    await disk.close();
  });

  async function loseChunk(): Promise<void> {
    const database = await openDB(NAME);
    await database.delete('chunks', ['test', '', 'k', 1]);
    database.close();
  }

  describe('is left as it was, and moved the next time, when', () => {
    /** Makes a call of the move do something else, once it has come so far. */
    function breakAt(
      method: 'put' | 'delete' | 'getAll' | 'getAllKeys',
      call: number,
      how: (store: IDBObjectStore) => void
    ) {
      const original = IDBObjectStore.prototype[method] as (...args: unknown[]) => IDBRequest;
      let calls = 0;
      const broken = function (this: IDBObjectStore, ...args: unknown[]): IDBRequest {
        const request = original.apply(this, args);
        calls += 1;
        if (calls === call) how(this);
        return request;
      };
      vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(broken as never);
    }

    const stop = (store: IDBObjectStore) => store.transaction.abort();
    const fill = (store: IDBObjectStore) =>
      (store.transaction as unknown as { _abort(name: string): void })._abort('QuotaExceededError');
    const fail = () => {
      throw new DOMException('Broken.', 'UnknownError');
    };

    it.each([
      ['its rows cannot be read', 'getAll', 1, fail, 'storage_unavailable'],
      ['it is stopped at the first look', 'getAllKeys', 1, stop, 'storage_unavailable'],
      ['it is stopped at a long value', 'put', 2, stop, 'storage_unavailable'],
      ['the disk is full', 'put', 3, fill, 'storage_full'],
      ['it is stopped at the first removal', 'delete', 1, stop, 'storage_unavailable'],
      ['the last removal fails', 'delete', 2, fail, 'storage_unavailable']
    ] as const)('%s', async (_what, method, call, how, code) => {
      await lay();
      const before = await dump(NAME);
      breakAt(method, call, how);
      await expect(IdbDisk.open(NAME)).rejects.toMatchObject({ code });
      vi.restoreAllMocks();
      expect(await dump(NAME)).toEqual(before);
      const disk = await IdbDisk.open(NAME);
      expect(await disk.allRows()).toHaveLength(9);
      expect(await disk.listPage('payments', '', 9)).toEqual(['b', 'a', 'c']);
      await disk.close();
    });
  });
});

/** Opens the database as a version would that has these steps more than ours. */
function openLater(later: Migration[]): Promise<IDBPDatabase<TernSchema>> {
  const steps = [...Array.from({ length: SCHEMA_VERSION }, () => unexpected), ...later];
  return openDB<TernSchema>(NAME, steps.length, {
    upgrade: (database, fromVersion, _to, transaction) => doomed(migrate(database, fromVersion, transaction, steps))
  });
}

/** Its transaction may be aborted, and it with it: that shows elsewhere. */
function doomed(request: Promise<unknown>): void {
  request.catch(() => undefined);
}

/** A step that was taken already, by the version that made the database. */
function unexpected(): never {
  throw new Error('a step that is behind it was taken again');
}

describe('a database of this version, under steps of a later one,', () => {
  async function leave(): Promise<void> {
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    await disk.close();
  }

  it('is moved on by the steps that it lacks alone, in their order, with all that is in it', async () => {
    await leave();
    const taken: string[] = [];
    const moved = await openLater([
      (database) => {
        taken.push('drop');
        database.deleteObjectStore('outbox');
      },
      (_database, transaction) => {
        taken.push('rewrite');
        void transaction.objectStore('values').put(Uint8Array.of(9), ['test', '', 'k']);
      }
    ]);
    expect(taken).toEqual(['drop', 'rewrite']);
    expect([moved.version, moved.objectStoreNames.contains('outbox')]).toEqual([SCHEMA_VERSION + 2, false]);
    expect(await moved.get('values', ['test', '', 'k'])).toEqual(Uint8Array.of(9));
    expect(await moved.count('values')).toBe(1);
    moved.close();
  });

  it.each<[string, Migration]>([
    ['throws', () => unexpected()],
    ['is aborted by the browser', (_database, transaction) => transaction.abort()],
    [
      'makes a request that fails',
      (_database, transaction) => doomed(transaction.objectStore('counters').add({}, 'counters'))
    ]
  ])('is whole, and opens, when a later step %s', async (_how, failing) => {
    await leave();
    const moving = openLater([
      (database, transaction) => {
        database.deleteObjectStore('local');
        doomed(transaction.objectStore('values').clear());
      },
      failing
    ]);
    await expect(moving).rejects.toThrow();
    const disk = await IdbDisk.open(NAME);
    expect(await disk.read(row)).toEqual(Uint8Array.of(1));
    await disk.commit({ ...put(2), local: [{ name: 'still there', value: Uint8Array.of(3) }] });
    expect(await disk.readLocal('still there')).toEqual(Uint8Array.of(3));
    await disk.close();
  });
});
