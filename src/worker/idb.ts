// Owns the disk of the browser: IndexedDB, one strictly durable transaction a commit, value and outbox mark in it together (invariants 1 and 3).
import { deleteDB, openDB } from 'idb';
import { TernError } from '../wire/errors.js';
import type { Disk, DiskBatch, OutboxEntry, RowKey } from './disk.js';
import { unlessBlocked } from './idb-blocked.js';
import { storageCorrupt, toDiskError } from './idb-errors.js';
import { migrate, SCHEMA_VERSION } from './idb-migrations.js';
import { newInOrder, putOrder, readPage } from './idb-order.js';
import {
  abort,
  beginRead,
  beginWrite,
  namespaceRange,
  rowPath,
  writesOf,
  type Counters,
  type Database,
  type ReadTransaction,
  type TernSchema,
  type WriteTransaction
} from './idb-schema.js';
import { chunkedRows, deleteValue, detached, putValue, readValue } from './idb-values.js';
import { isReplicated } from './replication.js';
import { assertRowsOnce, isEmptyBatch, rowId } from './rows.js';

/** A `Disk` over one IndexedDB database. One page at a time opens it to write: the Web Lock sees to that. */
export class IdbDisk implements Disk {
  readonly #name: string;
  #database: Database | undefined;
  #reopening: Promise<Database> | undefined;
  #isClosed = false;
  /** The transaction of the reads of this very moment: a start asks for hundreds of rows at once. */
  #reading: ReadTransaction | undefined;

  private constructor(name: string) {
    this.#name = name;
  }

  /** Opens or creates the database. Throws `schema_too_new`, `storage_unavailable`, `storage_full`. */
  static async open(name: string): Promise<IdbDisk> {
    const disk = new IdbDisk(name);
    await disk.#connect(true);
    return disk;
  }

  /** Deletes a database for good. Close its disk first. */
  static async delete(name: string): Promise<void> {
    await unlessBlocked(
      (blocked) => deleteDB(name, { blocked }),
      () => undefined
    ).catch((thrown: unknown) => Promise.reject(toDiskError(thrown)));
  }

  read(row: RowKey): Promise<Uint8Array | undefined> {
    return this.#run(async (database) =>
      readValue(this.#sharedRead(database), row).catch((thrown: unknown) => {
        // A row that cannot be read takes down those that were asked for with it.
        if (!(thrown instanceof Error) || thrown.name !== 'AbortError') throw thrown;
        return readValue(beginRead(database), row);
      })
    );
  }

  readMany(rows: RowKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#run(async (database) => {
      const transaction = beginRead(database);
      return Promise.all(rows.map((row) => readValue(transaction, row)));
    });
  }

  list(primary: string, secondary: string): Promise<string[]> {
    return this.#run(async (database) => {
      const paths = await beginRead(database).objectStore('values').getAllKeys(namespaceRange(primary, secondary));
      return paths.map(([, , key]) => key);
    });
  }

  listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]> {
    return this.#run((database) => readPage(beginRead(database), primary, secondary, limit, before));
  }

  async commit(batch: DiskBatch): Promise<void> {
    assertRowsOnce(batch);
    if (isEmptyBatch(batch)) return;
    await this.#run(async (database) => {
      const transaction = beginWrite(database);
      try {
        await apply(transaction, batch);
      } catch (thrown) {
        throw await abort(transaction, thrown);
      }
    });
  }

  outbox(): Promise<OutboxEntry[]> {
    return this.#run(async (database) => {
      const store = beginRead(database).objectStore('outbox');
      const [paths, marks] = await Promise.all([store.getAllKeys(), store.getAll()]);
      const entries = paths.flatMap(([primary, secondary, key], index) => {
        const mark = marks[index];
        return mark ? [{ row: { primary, secondary, key }, ...mark }] : [];
      });
      return entries.sort((a, b) => a.generation - b.generation);
    });
  }

  allRows(): Promise<RowKey[]> {
    return this.#run(async (database) => {
      const paths = await beginRead(database).objectStore('values').getAllKeys();
      return paths.map(([primary, secondary, key]) => ({ primary, secondary, key }));
    });
  }

  readLocal(name: string): Promise<Uint8Array | undefined> {
    return this.#run(async (database) => beginRead(database).objectStore('local').get(name));
  }

  listLocal(prefix: string): Promise<string[]> {
    return this.#run(async (database) => {
      const names = await beginRead(database).objectStore('local').getAllKeys(IDBKeyRange.lowerBound(prefix));
      return names.filter((name) => name.startsWith(prefix));
    });
  }

  isEmpty(): Promise<boolean> {
    return this.#run(async (database) => {
      const first = await beginRead(database).objectStore('values').getAllKeys(undefined, 1);
      return first.length === 0;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const database = this.#database ?? (await this.#reopening?.catch(() => undefined));
    this.#database = undefined;
    if (!database) return;
    try {
      // It starts only when every transaction before it is over.
      await beginWrite(database).done;
    } catch {
      // A dropped connection has nothing under way.
    }
    database.close();
  }

  /**
   * Runs `work`, which starts its transaction before it first awaits. When the connection has dropped, opens it again and repeats once; both
   * reads and commits may be repeated.
   */
  async #run<T>(work: (database: Database) => Promise<T>): Promise<T> {
    try {
      const database = this.#database;
      if (!database) return await work(await this.#reopen());
      return await work(database).catch(async (thrown: unknown) => {
        if (!this.#isDropped(database, thrown)) throw thrown;
        return work(await this.#reopen());
      });
    } catch (thrown) {
      throw toDiskError(thrown);
    }
  }

  #sharedRead(database: Database): ReadTransaction {
    if (this.#reading) return this.#reading;
    const transaction = beginRead(database);
    this.#reading = transaction;
    // What is called later sees a later state.
    queueMicrotask(() => (this.#reading = undefined));
    return transaction;
  }

  #isDropped(database: Database, thrown: unknown): boolean {
    const name = thrown instanceof Error ? thrown.name : '';
    if (name === 'InvalidStateError' && this.#database === database) this.#database = undefined;
    return name === 'InvalidStateError' || (name === 'AbortError' && this.#database !== database);
  }

  #reopen(): Promise<Database> {
    if (this.#isClosed) throw new TernError('internal', 'The disk is closed.', 'Reload the wallet.');
    this.#reopening ??= this.#connect(false).finally(() => (this.#reopening = undefined));
    return this.#reopening;
  }

  async #connect(mayCreate: boolean): Promise<Database> {
    if (typeof indexedDB === 'undefined') {
      throw new TernError(
        'storage_unavailable',
        'This browser offers no storage here.',
        'Leave private mode, or use another browser.'
      );
    }
    let isGone = false;
    let moving: Promise<unknown> | undefined;
    try {
      const open = (blocked: () => void): Promise<Database> =>
        openDB<TernSchema>(this.#name, SCHEMA_VERSION, {
          blocked,
          upgrade(upgraded, oldVersion, _newVersion, transaction) {
            // A running wallet must not go on in an empty database: somebody deleted its own.
            isGone = oldVersion === 0 && !mayCreate;
            if (isGone) {
              transaction.done.catch(() => undefined);
              transaction.abort();
            } else moving = migrate(upgraded, oldVersion, transaction).catch((failure: unknown) => failure);
          },
          blocking(_oldVersion, _newVersion, event) {
            // Another window upgrades or deletes the database, and waits for this connection to go. The next use finds out which.
            (event.target as IDBDatabase).close();
          },
          terminated: () => {
            this.#database = undefined;
          }
        });
      const database = await unlessBlocked(open, (late) => late.close());
      this.#database = database;
      return database;
    } catch (thrown) {
      if (isGone) throw storageCorrupt("The wallet's data was deleted while it was running.");
      // What stopped a move says more than that it stopped.
      throw toDiskError((await moving) ?? thrown);
    }
  }
}

/** Asks for all that it has to know at once, and then only writes. Resolves when that is durable. */
async function apply(transaction: WriteTransaction, batch: DiskBatch): Promise<void> {
  const put = batch.puts.map(({ row }) => row);
  const outbox = transaction.objectStore('outbox');
  const clears = batch.clearOutbox ?? [];
  const [stored, chunked, created, marks] = await Promise.all([
    transaction.objectStore('counters').get('counters'),
    chunkedRows(transaction),
    newInOrder(transaction, put),
    Promise.all(clears.map(({ row }) => outbox.get(rowPath(row))))
  ]);
  const counters: Counters = stored ?? { created: 0, generation: 0 };
  const writes = writesOf(transaction);
  clears.forEach(({ row, generation }, index) => {
    if (marks[index]?.generation === generation) writes.delete('outbox', rowPath(row));
  });
  for (const { row, value } of batch.puts) putValue(writes, row, value, chunked.has(rowId(row)));
  for (const row of batch.removes) deleteValue(writes, row, chunked.has(rowId(row)));
  putOrder(writes, created, batch.removes, counters);
  [...put, ...batch.removes].forEach((row, index) => {
    if (batch.markDirty === false || !isReplicated(row)) return;
    writes.put('outbox', { generation: ++counters.generation, removed: index >= put.length }, rowPath(row));
  });
  for (const { name, value } of batch.local ?? []) {
    if (value) writes.put('local', detached(value), name);
    else writes.delete('local', name);
  }
  writes.put('counters', counters, 'counters');
  await writes.done();
}
