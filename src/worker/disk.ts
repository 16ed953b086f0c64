// Owns the contract of a disk: what any durable store under the wallet must do. A commit is atomic, and a value never lands without its outbox mark.

/** Names one row, as LDK's KVStore does: namespace, sub-namespace, key. */
export interface RowKey {
  primary: string;
  secondary: string;
  key: string;
}

/** A row that the backup does not have yet as it is on disk. */
export interface OutboxEntry {
  row: RowKey;
  /** Grows with every mark on this disk, and is never used twice. */
  generation: number;
  /** The row was removed: the backup has to delete it. */
  removed: boolean;
}

/** One transaction. A row appears at most once in `puts` and `removes` together. */
export interface DiskBatch {
  /** New keys count as created in this order, where their namespace has one. */
  puts: { row: RowKey; value: Uint8Array }[];
  removes: RowKey[];
  /** Device-only bookkeeping (backup versions, intent, settings of this device, vault): never replicated. undefined deletes. */
  local?: { name: string; value: Uint8Array | undefined }[];
  /** Outbox rows to clear: only those whose generation is unchanged are cleared. */
  clearOutbox?: { row: RowKey; generation: number }[];
  /** Restore and hand-over: the rows come from the server, so they are not marked dirty. Default true. */
  markDirty?: boolean;
}

/**
 * A durable store. A read sees the disk as it is when the read is called: every commit that has resolved by then, none that is called later.
 * Errors are `TernError`s: `storage_full` and `storage_unavailable` may pass and can be retried; `storage_corrupt`, `schema_too_new` and
 * `internal` will not.
 */
export interface Disk {
  read(row: RowKey): Promise<Uint8Array | undefined>;
  /** Keys in ascending order. */
  list(primary: string, secondary: string): Promise<string[]>;
  /**
   * Newest created first; an update does not move a key; `before` is an exclusive cursor (a key). A cursor that is not there gives an empty page.
   * Only for namespaces that have an order of creation, see `hasCreationOrder`: rejects with `internal` for any other.
   */
  listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]>;
  /**
   * One atomic, strictly durable transaction: resolved means that a power cut loses nothing. Commits land in the order of their calls.
   * Rejected: nothing of it can be read, though all of it may turn up when the disk is opened again; to repeat a commit does no harm.
   */
  commit(batch: DiskBatch): Promise<void>;
  /** Oldest mark first. */
  outbox(): Promise<OutboxEntry[]>;
  /** Values of many rows in one read transaction, in the order asked. */
  readMany(rows: RowKey[]): Promise<(Uint8Array | undefined)[]>;
  /** Every row, ascending by primary, secondary, key. */
  allRows(): Promise<RowKey[]>;
  readLocal(name: string): Promise<Uint8Array | undefined>;
  /** Names in ascending order. */
  listLocal(prefix: string): Promise<string[]>;
  /** True when there are no rows; local values do not count. */
  isEmpty(): Promise<boolean>;
  /** Resolves when commits under way are done. Nothing may be called afterwards. */
  close(): Promise<void>;
}
