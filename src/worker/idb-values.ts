// Owns how a value lies in IndexedDB: whole up to 1 MiB, in chunks above, and always either complete or reported as corrupt.
import type { RowKey } from './disk.js';
import { storageCorrupt } from './idb-errors.js';
import type { Counters, ReadTransaction, RowPath, RowRecord, WriteTransaction } from './idb-schema.js';
import { rowId } from './rows.js';

/** The longest value that is kept whole, and the size of a chunk. */
export const CHUNK_BYTES = 1 << 20;

export function rowPath(row: RowKey): RowPath {
  return [row.primary, row.secondary, row.key];
}

/** Reads a value. Throws `storage_corrupt` when a part of it is missing. */
export async function readValue(transaction: ReadTransaction, row: RowKey): Promise<Uint8Array | undefined> {
  const path = rowPath(row);
  const whole = await transaction.objectStore('values').get(path);
  if (whole) return whole;
  const record = await transaction.objectStore('rows').get(path);
  if (!record) return undefined;
  const chunks = await transaction.objectStore('chunks').getAll(chunkRange(path, 0));
  if (chunks.length === 0 || chunks.length !== record.chunkCount) {
    throw storageCorrupt(`The stored value of ${rowId(row)} is incomplete.`);
  }
  return join(chunks);
}

/** Takes note of a request, to wait for it later. */
export type Track = (request: Promise<unknown>) => void;

/** Writes a value over the one that `known` describes; a new row takes the next number of `counters`. */
export function putValue(
  transaction: WriteTransaction,
  row: RowKey,
  value: Uint8Array,
  known: RowRecord | undefined,
  counters: Counters,
  track: Track
): void {
  const path = rowPath(row);
  const chunks = split(value);
  if (chunks.length === 0) track(transaction.objectStore('values').put(detached(value), path));
  else if (known?.chunkCount === 0) track(transaction.objectStore('values').delete(path));
  chunks.forEach((chunk, index) => track(transaction.objectStore('chunks').put(chunk, [...path, index])));
  if (known && known.chunkCount > chunks.length) {
    track(transaction.objectStore('chunks').delete(chunkRange(path, chunks.length)));
  }
  if (known?.chunkCount !== chunks.length) {
    const created = known?.created ?? ++counters.created;
    const { primary, secondary, key } = row;
    track(transaction.objectStore('rows').put({ primary, secondary, key, created, chunkCount: chunks.length }));
  }
}

/** Removes a row that `known` describes. */
export function deleteValue(transaction: WriteTransaction, known: RowRecord, track: Track): void {
  const path = rowPath(known);
  track(transaction.objectStore('rows').delete(path));
  if (known.chunkCount === 0) track(transaction.objectStore('values').delete(path));
  else track(transaction.objectStore('chunks').delete(chunkRange(path, 0)));
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
