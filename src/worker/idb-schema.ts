// Owns the layout of the IndexedDB database and its migrations: a database is only ever moved forward, and one from a newer version is refused untouched.
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type { RowKey } from './disk.js';

/** A row's address as an IndexedDB key. */
export type RowPath = [primary: string, secondary: string, key: string];

/** What is known of a row without its value. */
export interface RowRecord extends RowKey {
  /** Position in the order of creation, over all rows. */
  created: number;
  /** Number of chunks of a long value; 0: the value lies in `values`. */
  chunkCount: number;
}

/** The last numbers given out. */
export interface Counters {
  created: number;
  generation: number;
}

export interface TernSchema extends DBSchema {
  rows: {
    key: RowPath;
    value: RowRecord;
    indexes: { byCreation: [primary: string, secondary: string, created: number] };
  };
  values: { key: RowPath; value: Uint8Array };
  chunks: { key: [...RowPath, chunk: number]; value: Uint8Array };
  outbox: { key: RowPath; value: { generation: number; removed: boolean } };
  local: { key: string; value: Uint8Array };
  counters: { key: 'counters'; value: Counters };
}

export type Database = IDBPDatabase<TernSchema>;
export type ReadTransaction = IDBPTransaction<TernSchema, StoreNames<TernSchema>[], 'readonly'>;
export type WriteTransaction = IDBPTransaction<TernSchema, StoreNames<TernSchema>[], 'readwrite'>;
type Upgrade = IDBPTransaction<TernSchema, StoreNames<TernSchema>[], 'versionchange'>;

const ALL_STORES: StoreNames<TernSchema>[] = ['rows', 'values', 'chunks', 'outbox', 'local', 'counters'];

/** Moves a database one version on. */
export type Migration = (database: Database, transaction: Upgrade) => void;

/** Step n moves a database from version n to n + 1. Never change a step that was released: add one. */
const MIGRATIONS: Migration[] = [
  (database) => {
    const rows = database.createObjectStore('rows', { keyPath: ['primary', 'secondary', 'key'] });
    rows.createIndex('byCreation', ['primary', 'secondary', 'created'], { unique: true });
    database.createObjectStore('values');
    database.createObjectStore('chunks');
    database.createObjectStore('outbox');
    database.createObjectStore('local');
    database.createObjectStore('counters');
  }
];

/** The version this code reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Takes a database from `fromVersion` (0: it is new) to that after the last step, inside its version change transaction: all of it, or nothing. */
export function migrate(
  database: Database,
  fromVersion: number,
  transaction: Upgrade,
  steps: readonly Migration[] = MIGRATIONS
): void {
  for (const step of steps.slice(fromVersion)) step(database, transaction);
}

/** Starts a transaction that sees one state of everything. */
export function beginRead(database: Database): ReadTransaction {
  return watched(database.transaction(ALL_STORES, 'readonly'));
}

/** Starts a transaction that is on the medium, not only with the operating system, when it is done. */
export function beginWrite(database: Database): WriteTransaction {
  return watched(database.transaction(ALL_STORES, 'readwrite', { durability: 'strict' }));
}

/** Its requests fail with it, and whoever needs `done` awaits it: an abort must not also count as an unhandled rejection. */
function watched<T extends { done: Promise<void> }>(transaction: T): T {
  transaction.done.catch(() => undefined);
  return transaction;
}
