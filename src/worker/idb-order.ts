// Owns the order of creation in IndexedDB: a row of an ordered namespace gets its place when it is new, keeps it through every update, and loses it with its value.
import { assertCreationOrder, hasCreationOrder } from './creation.js';
import type { RowKey } from './disk.js';
import {
  namespaceRange,
  rowPath,
  type Counters,
  type ReadTransaction,
  type WriteTransaction,
  type Writes
} from './idb-schema.js';

/** A page as `Disk.listPage` gives it. Throws `internal` where there is no order. */
export async function readPage(
  transaction: ReadTransaction,
  primary: string,
  secondary: string,
  limit: number,
  before: string | undefined
): Promise<string[]> {
  assertCreationOrder(primary, secondary);
  const order = transaction.objectStore('order');
  const place = before === undefined ? undefined : await order.get([primary, secondary, before]);
  if (before !== undefined && !place) return [];
  const range = namespaceRange(primary, secondary, place?.created);
  const keys: string[] = [];
  let cursor = limit > 0 ? await order.index('byCreation').openKeyCursor(range, 'prev') : null;
  while (cursor) {
    keys.push(cursor.primaryKey[2]);
    cursor = keys.length < limit ? await cursor.continue() : null;
  }
  return keys;
}

/** Those of the rows that have no place yet, though their namespace has an order. */
export async function newInOrder(transaction: WriteTransaction, rows: RowKey[]): Promise<RowKey[]> {
  const ordered = rows.filter(hasCreationOrder);
  const known = await Promise.all(ordered.map((row) => transaction.objectStore('order').getKey(rowPath(row))));
  return ordered.filter((_, index) => known[index] === undefined);
}

/** Gives the new rows the next places, and takes theirs from the removed ones. */
export function putOrder(writes: Writes, created: RowKey[], removed: RowKey[], counters: Counters): void {
  for (const { primary, secondary, key } of created) {
    writes.put('order', { primary, secondary, key, created: ++counters.created });
  }
  for (const row of removed) if (hasCreationOrder(row)) writes.delete('order', rowPath(row));
}
