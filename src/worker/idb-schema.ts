// Owns the layout of the IndexedDB database: which stores there are, what lies in them, and the transactions over them.
import { unwrap, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import type { RowKey } from './disk.js';

/** A row's address as an IndexedDB key. */
export type RowPath = [primary: string, secondary: string, key: string];

/** The last numbers given out. */
export interface Counters {
  created: number;
  generation: number;
}

export interface TernSchema extends DBSchema {
  /** One entry a row. A number: the value is long, and lies in so many chunks. */
  values: { key: RowPath; value: Uint8Array | number };
  chunks: { key: [...RowPath, chunk: number]; value: Uint8Array };
  /** Rows of the namespaces that have an order of creation; `created` grows over all of them. */
  order: {
    key: RowPath;
    value: RowKey & { created: number };
    indexes: { byCreation: [primary: string, secondary: string, created: number] };
  };
  outbox: { key: RowPath; value: { generation: number; removed: boolean } };
  local: { key: string; value: Uint8Array };
  counters: { key: 'counters'; value: Counters };
}

export type Database = IDBPDatabase<TernSchema>;
export type ReadTransaction = IDBPTransaction<TernSchema, StoreNames<TernSchema>[], 'readonly'>;
export type WriteTransaction = IDBPTransaction<TernSchema, StoreNames<TernSchema>[], 'readwrite'>;

const ALL_STORES: StoreNames<TernSchema>[] = ['values', 'chunks', 'order', 'outbox', 'local', 'counters'];

/** A row's address. */
export function rowPath(row: RowKey): RowPath {
  return [row.primary, row.secondary, row.key];
}

/** The addresses of a namespace, from the first to before `end`. An array stands behind every string and number. */
export function namespaceRange(primary: string, secondary: string, end: string | number | [] = []): IDBKeyRange {
  return IDBKeyRange.bound([primary, secondary], [primary, secondary, end], false, true);
}

/** Starts a transaction that sees one state of everything. */
export function beginRead(database: Database): ReadTransaction {
  return watched(database.transaction(ALL_STORES, 'readonly'));
}

/** Starts a transaction that is on the medium, not only with the operating system, when it is done. */
export function beginWrite(database: Database): WriteTransaction {
  return watched(database.transaction(ALL_STORES, 'readwrite', { durability: 'strict' }));
}

/** The writing requests of a transaction. Nobody waits for each of them, which would be a seventh of what a large commit costs. */
export interface Writes {
  put<Name extends StoreNames<TernSchema>>(
    store: Name,
    value: TernSchema[Name]['value'],
    key?: TernSchema[Name]['key']
  ): void;
  delete<Name extends StoreNames<TernSchema>>(store: Name, key: TernSchema[Name]['key'] | IDBKeyRange): void;
  /** Resolves when all of them are durable; rejects with what failed first. */
  done(): Promise<void>;
}

/** Lets a transaction be written to. */
export function writesOf(transaction: WriteTransaction): Writes {
  const stores = new Map(ALL_STORES.map((name) => [name, unwrap(transaction).objectStore(name)]));
  let failure: unknown;
  const note = (request: IDBRequest | undefined): void => {
    if (request) request.onerror = () => (failure ??= request.error);
  };
  return {
    put: (store, value, key) => note(stores.get(store)?.put(value, key)),
    delete: (store, key) => note(stores.get(store)?.delete(key)),
    // The transaction itself does not know yet why it fails.
    done: () => transaction.done.catch((thrown: unknown) => Promise.reject(failure ?? thrown))
  };
}

/** Takes back all that a transaction did, and waits until it is over. Answers why it failed: a browser that aborted it says more than `thrown`. */
export async function abort(
  transaction: Pick<WriteTransaction, 'abort' | 'done' | 'error'>,
  thrown: unknown
): Promise<unknown> {
  try {
    transaction.abort();
  } catch {
    // It was aborted already, which is all that is wanted.
  }
  await transaction.done.catch(() => undefined);
  return transaction.error ?? thrown;
}

/** Its requests fail with it, and whoever needs `done` awaits it: an abort must not also count as an unhandled rejection. */
function watched<T extends { done: Promise<void> }>(transaction: T): T {
  transaction.done.catch(() => undefined);
  return transaction;
}
