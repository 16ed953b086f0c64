// Owns how a value lies in IndexedDB: whole up to 1 MiB, in chunks above, and always either complete or reported as corrupt.
import type { RowKey } from './disk.js';
import { storageCorrupt } from './idb-errors.js';
import { rowPath, type ReadTransaction, type RowPath, type WriteTransaction, type Writes } from './idb-schema.js';
import { rowId } from './rows.js';

/** The longest value that is kept whole, and the size of a chunk. */
export const CHUNK_BYTES = 1 << 20;

/** Reads a value. Throws `storage_corrupt` when a part of it is missing. */
export async function readValue(transaction: ReadTransaction, row: RowKey): Promise<Uint8Array | undefined> {
  const path = rowPath(row);
  const value = await transaction.objectStore('values').get(path);
  if (typeof value !== 'number') return value;
  const chunks = await transaction.objectStore('chunks').getAll(chunkRange(path, 0));
  if (chunks.length === 0 || chunks.length !== value) {
    throw storageCorrupt(`The stored value of ${rowId(row)} is incomplete.`);
  }
  return join(chunks);
}

/** Ids of the rows whose values lie in chunks. They are few, and to ask once a commit is cheaper than to look at each row before it is written. */
export async function chunkedRows(transaction: WriteTransaction): Promise<Set<string>> {
  const keys = await transaction.objectStore('chunks').getAllKeys();
  return new Set(keys.map(([primary, secondary, key]) => rowId({ primary, secondary, key })));
}

/** Writes a value, over the one that is there if any. */
export function putValue(writes: Writes, row: RowKey, value: Uint8Array, wasChunked: boolean): void {
  const path = rowPath(row);
  const chunks = split(value);
  writes.put('values', chunks.length || detached(value), path);
  chunks.forEach((chunk, index) => writes.put('chunks', chunk, [...path, index]));
  if (wasChunked) writes.delete('chunks', chunkRange(path, chunks.length));
}

/** Removes a value, if there is one. */
export function deleteValue(writes: Writes, row: RowKey, wasChunked: boolean): void {
  const path = rowPath(row);
  writes.delete('values', path);
  if (wasChunked) writes.delete('chunks', chunkRange(path, 0));
}

function chunkRange(path: RowPath, from: number): IDBKeyRange {
  return IDBKeyRange.bound([...path, from], [...path, Infinity]);
}

function split(value: Uint8Array): Uint8Array[] {
  if (value.byteLength <= CHUNK_BYTES) return [];
  const count = Math.ceil(value.byteLength / CHUNK_BYTES);
  return Array.from(
    { length: count },
    (_, index) => new Uint8Array(value.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES))
  );
}

function join(chunks: Uint8Array[]): Uint8Array {
  const value = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    value.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return value;
}

/** A view is stored together with the whole buffer under it, so it gets a buffer of its own. */
export function detached(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
}
