// Owns a database as version 1 of the layout left it, written here once more so that it stays what it was, and all that a database holds, for comparison.
import { openDB } from 'idb';
import type { OutboxEntry, RowKey } from '../../src/worker/disk.js';

/** A row as version 1 kept it. */
export interface FirstRow {
  row: RowKey;
  created: number;
  /** Whole, in chunks, or lost. */
  value: Uint8Array | Uint8Array[] | undefined;
}

/** Makes a database as version 1 did. */
export async function layFirst(name: string, rows: FirstRow[], marks: OutboxEntry[] = []): Promise<void> {
  const database = await openDB(name, 1, {
    upgrade(made) {
      const store = made.createObjectStore('rows', { keyPath: ['primary', 'secondary', 'key'] });
      store.createIndex('byCreation', ['primary', 'secondary', 'created'], { unique: true });
      for (const storeName of ['values', 'chunks', 'outbox', 'local', 'counters']) made.createObjectStore(storeName);
    }
  });
  const transaction = database.transaction([...database.objectStoreNames], 'readwrite');
  const writes: Promise<unknown>[] = [];
  const write = (storeName: string, value: unknown, key?: IDBValidKey) =>
    writes.push(transaction.objectStore(storeName).put(value, key));
  for (const { row, created, value } of rows) {
    const path = [row.primary, row.secondary, row.key];
    const chunks = Array.isArray(value) ? value : [];
    write('rows', { ...row, created, chunkCount: chunks.length });
    if (value instanceof Uint8Array) write('values', value, path);
    chunks.forEach((chunk, index) => write('chunks', chunk, [...path, index]));
  }
  for (const { row, generation, removed } of marks) {
    write('outbox', { generation, removed }, [row.primary, row.secondary, row.key]);
  }
  write('local', Uint8Array.of(7), 'vault');
  write('counters', { created: rows.length, generation: marks.length }, 'counters');
  await Promise.all(writes);
  await transaction.done;
  database.close();
}

/** All that is in the database: its version, and every store with its keys and values; bytes as text, which is compared at once. */
export async function dump(name: string): Promise<unknown> {
  const database = await openDB(name);
  const stores = await Promise.all(
    [...database.objectStoreNames].map(async (storeName) => [
      storeName,
      [...database.transaction(storeName).store.indexNames],
      await database.getAllKeys(storeName),
      (await database.getAll(storeName)).map((value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
      )
    ])
  );
  database.close();
  return [database.version, stores];
}
