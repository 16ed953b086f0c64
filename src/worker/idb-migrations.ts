// Owns how a database comes to the layout of this code: only ever forward, all of the way or not at all, and none of its rows, chunks, marks or local values is lost on it.
import type { IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import { abort, type Database, type TernSchema } from './idb-schema.js';

/** The transaction of a change of version. */
type Upgrade<Schema> = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>;

/**
 * Moves a database one version on, whatever its layout is by then. It awaits nothing but requests of this transaction, which would end meanwhile.
 */
export type Migration = (database: IDBPDatabase, transaction: Upgrade<unknown>) => void | Promise<void>;

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
  },
  keepValuesAlone
];

/** The version this code reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Takes a database from `fromVersion` (0: it is new) to that after the last step, inside its version change transaction: all of it, or nothing.
 * Resolves when it is there; rejects with what went wrong, once nothing of it is left.
 */
export async function migrate(
  database: Database,
  fromVersion: number,
  transaction: Upgrade<TernSchema>,
  steps: readonly Migration[] = MIGRATIONS
): Promise<void> {
  // It may fail while a step still looks at something else.
  transaction.done.catch(() => undefined);
  try {
    for (const step of steps.slice(fromVersion)) {
      await step(database as unknown as IDBPDatabase, transaction as unknown as Upgrade<unknown>);
    }
    await transaction.done;
  } catch (thrown) {
    throw await abort(transaction, thrown);
  }
}

/** Rows that are looked at together. */
const PAGE = 1_000;

/** What version 1 knew of a row besides its value. */
interface FirstRow {
  primary: string;
  secondary: string;
  key: string;
  /** 0: the value lies whole in `values`. */
  chunkCount: number;
}

/**
 * To version 2: there a row exists because it has an entry in `values`, and `rows` goes on as `order`, with the payments alone. No value moves:
 * those in chunks get an entry with their number, and so does a row whose value was lost, so that it is missed as before.
 */
async function keepValuesAlone(_database: IDBPDatabase, transaction: Upgrade<unknown>): Promise<void> {
  const [rows, values] = [transaction.objectStore('rows'), transaction.objectStore('values')];
  let last: string[] = [];
  for (;;) {
    const page = (await rows.getAll(IDBKeyRange.lowerBound(last, true), PAGE)) as FirstRow[];
    const paths = page.map(({ primary, secondary, key }) => [primary, secondary, key]);
    const [first, end] = [paths[0], paths.at(-1)];
    if (!first || !end) break;
    const whole = new Set((await values.getAllKeys(IDBKeyRange.bound(first, end))).map((path) => JSON.stringify(path)));
    for (const [index, { chunkCount }] of page.entries()) {
      const path = paths[index];
      if (path && !whole.has(JSON.stringify(path))) await values.put(chunkCount, path);
    }
    last = end;
  }
  await rows.delete(IDBKeyRange.upperBound(['payments', ''], true));
  await rows.delete(IDBKeyRange.lowerBound(['payments', '', []]));
  rows.name = 'order';
}
