// Proves that the browser's disk keeps the contract, and what it does when IndexedDB fails, drops its connection or is touched by another window.
import { forceCloseDatabase, IDBObjectStore } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { describe, expect, it, vi } from 'vitest';
import { describeDisk } from '../../tests/contract/disk.js';
import { useFreshIndexedDb } from '../../tests/contract/fresh-indexed-db.js';
import { IdbDisk } from './idb.js';
import { SCHEMA_VERSION } from './idb-migrations.js';

const NAME = 'tern-test';
const row = { primary: 'test', secondary: '', key: 'k' };
const put = (value: number) => ({ puts: [{ row, value: Uint8Array.of(value) }], removes: [] });

useFreshIndexedDb();

describeDisk('IdbDisk', async () => ({ open: () => IdbDisk.open(NAME), cleanUp: () => IdbDisk.delete(NAME) }));

/** Spies on the connections that are opened, to break them. */
function spyOnConnections(): IDBDatabase[] {
  const connections: IDBDatabase[] = [];
  const open = indexedDB.open.bind(indexedDB);
  vi.spyOn(indexedDB, 'open').mockImplementation((name, version) => {
    const request = open(name, version);
    request.addEventListener('success', () => connections.push(request.result));
    return request;
  });
  return connections;
}

/** Makes the next `put` of IndexedDB fail, and with it its transaction. */
function failNextPut(error: DOMException): void {
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw error;
  });
}

describe('IdbDisk', () => {
  it('commits with strict durability', async () => {
    const disk = await IdbDisk.open(NAME);
    const connections = spyOnConnections();
    await disk.close();
    const again = await IdbDisk.open(NAME);
    const transaction = vi.spyOn(connections[0] as IDBDatabase, 'transaction');
    await again.commit(put(1));
    expect(transaction.mock.calls).toEqual([[expect.anything(), 'readwrite', { durability: 'strict' }]]);
    await again.close();
  });

  it('refuses a database of a newer version and leaves it as it is', async () => {
    const newer = await openDB(NAME, SCHEMA_VERSION + 1, {
      upgrade: (database) => void database.createObjectStore('future')
    });
    newer.close();
    await expect(IdbDisk.open(NAME)).rejects.toMatchObject({ code: 'schema_too_new' });
    const untouched = await openDB(NAME);
    expect([untouched.version, [...untouched.objectStoreNames]]).toEqual([SCHEMA_VERSION + 1, ['future']]);
    untouched.close();
  });

  it('opens a dropped connection again, for a read and for a commit', async () => {
    const connections = spyOnConnections();
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    connections[0]?.close();
    expect(await disk.read(row)).toEqual(Uint8Array.of(1));
    connections[1]?.close();
    await disk.commit(put(2));
    expect(await disk.read(row)).toEqual(Uint8Array.of(2));
    expect(connections).toHaveLength(3);
    await disk.close();
  });

  it('reads what is asked for at one moment in one transaction, and later what was committed since', async () => {
    const connections = spyOnConnections();
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    const transaction = vi.spyOn(Object.getPrototypeOf(connections[0]) as IDBDatabase, 'transaction');
    const missing = { ...row, key: 'missing' };
    expect(await Promise.all([disk.read(row), disk.read(missing), disk.read(row)])).toEqual([
      Uint8Array.of(1),
      undefined,
      Uint8Array.of(1)
    ]);
    expect(transaction).toHaveBeenCalledTimes(1);
    const reading = disk.read(row);
    await disk.commit(put(2));
    expect(await disk.read(row)).toEqual(Uint8Array.of(2));
    expect(await reading).toEqual(Uint8Array.of(1));
    transaction.mockRestore();
    await disk.close();
  });

  it('reads anew what was asked for together with a row that took their transaction down', async () => {
    const connections = spyOnConnections();
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    const transaction = vi.spyOn(Object.getPrototypeOf(connections[0]) as IDBDatabase, 'transaction');
    const reading = [disk.read(row), disk.read({ ...row, key: 'missing' })];
    (transaction.mock.results[0]?.value as IDBTransaction).abort();
    expect(await Promise.all(reading)).toEqual([Uint8Array.of(1), undefined]);
    transaction.mockRestore();
    await disk.close();
  });

  it('opens again after the browser closed the connection', async () => {
    const connections = spyOnConnections();
    const disk = await IdbDisk.open(NAME);
    forceCloseDatabase(connections[0] as never);
    await Promise.all([disk.commit(put(1)), disk.commit(put(2))]);
    expect(await disk.read(row)).toEqual(Uint8Array.of(2));
    expect(connections).toHaveLength(2);
    await disk.close();
  });

  it('repeats a commit during which the browser closed the connection', async () => {
    const connections = spyOnConnections();
    const disk = await IdbDisk.open(NAME);
    const committed = disk.commit(put(1));
    forceCloseDatabase(connections[0] as never);
    await committed;
    expect(await disk.read(row)).toEqual(Uint8Array.of(1));
    expect(await disk.outbox()).toHaveLength(1);
    await disk.close();
  });

  it('retries once only: a connection that drops again is storage_unavailable', async () => {
    const connections = spyOnConnections();
    const disk = await IdbDisk.open(NAME);
    const drop = () => {
      throw new DOMException('The connection is closing.', 'InvalidStateError');
    };
    const transaction = vi
      .spyOn(Object.getPrototypeOf(connections[0]) as IDBDatabase, 'transaction')
      .mockImplementation(drop);
    await expect(disk.commit(put(1))).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(transaction).toHaveBeenCalledTimes(2);
    transaction.mockRestore();
    await disk.commit(put(2));
    expect(await disk.read(row)).toEqual(Uint8Array.of(2));
    await disk.close();
    for (const connection of connections) connection.close();
  });

  it('reports a full disk as storage_full, and nothing of that commit is there', async () => {
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    const outbox = await disk.outbox();
    failNextPut(new DOMException('Quota exceeded.', 'QuotaExceededError'));
    await expect(disk.commit(put(2))).rejects.toMatchObject({ code: 'storage_full' });
    expect(await disk.read(row)).toEqual(Uint8Array.of(1));
    expect(await disk.outbox()).toEqual(outbox);
    await disk.commit(put(3));
    expect(await disk.read(row)).toEqual(Uint8Array.of(3));
    await disk.close();
  });

  it('says storage_full also when the browser aborts the transaction for it', async () => {
    const disk = await IdbDisk.open(NAME);
    const original = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, value, key) {
      const request = original.call(this, value, key);
      (this.transaction as unknown as { _abort(name: string): void })._abort('QuotaExceededError');
      return request;
    });
    await expect(disk.commit(put(1))).rejects.toMatchObject({ code: 'storage_full' });
    expect(await disk.isEmpty()).toBe(true);
    await disk.close();
  });

  it('says what a write failed of, and nothing of that commit is there', async () => {
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, value, key) {
      // It is there already: the request itself is taken, and fails later.
      return this.add(value, key);
    });
    // An aborted transaction alone would be `storage_unavailable`, and be repeated without end.
    await expect(disk.commit(put(2))).rejects.toMatchObject({ code: 'internal' });
    expect(await disk.read(row)).toEqual(Uint8Array.of(1));
    await disk.close();
  });

  it('rolls everything back, whichever write of a commit fails', async () => {
    const disk = await IdbDisk.open(NAME);
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    await disk.commit({ puts: [{ row, value: Uint8Array.of(1) }], removes: [] });
    const putCount = put.mock.calls.length;
    put.mockRestore();
    const original = IDBObjectStore.prototype.put;
    for (let failing = 1; failing < putCount; failing += 1) {
      let calls = 0;
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
        calls += 1;
        if (calls === failing) throw new DOMException('Broken.', 'UnknownError');
        return original.call(this, value, key);
      });
      await expect(disk.commit({ puts: [{ row, value: Uint8Array.of(2) }], removes: [] })).rejects.toMatchObject({
        code: 'storage_unavailable'
      });
      vi.restoreAllMocks();
      expect(await disk.read(row)).toEqual(Uint8Array.of(1));
    }
    expect(putCount).toBeGreaterThan(2);
    await disk.close();
  });

  it('makes way for a window that upgrades the database, and is told schema_too_new afterwards', async () => {
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    const newer = await openDB(NAME, SCHEMA_VERSION + 1);
    await expect(disk.commit(put(2))).rejects.toMatchObject({ code: 'schema_too_new' });
    newer.close();
    await disk.close();
  });

  it('never goes on in an empty database when its own was deleted', async () => {
    const disk = await IdbDisk.open(NAME);
    await disk.commit(put(1));
    await deleteDB(NAME);
    await expect(disk.commit(put(2))).rejects.toMatchObject({ code: 'storage_corrupt' });
    await expect(disk.read(row)).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(NAME);
    await disk.close();
  });

  it('reports a long value with a missing chunk as storage_corrupt', async () => {
    const disk = await IdbDisk.open(NAME);
    await disk.commit({ puts: [{ row, value: new Uint8Array(3 << 20) }], removes: [] });
    const database = await openDB(NAME);
    await database.delete('chunks', ['test', '', 'k', 1]);
    database.close();
    await expect(disk.read(row)).rejects.toMatchObject({ code: 'storage_corrupt' });
    await disk.close();
  });

  it('refuses to be used after it was closed', async () => {
    const disk = await IdbDisk.open(NAME);
    await disk.close();
    await expect(disk.read(row)).rejects.toMatchObject({ code: 'internal' });
  });

  it('says storage_unavailable where there is no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    await expect(IdbDisk.open(NAME)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
