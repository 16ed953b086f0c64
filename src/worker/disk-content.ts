// Owns the content of a disk held in memory, and what a batch does to it: the plain model that the memory and the journal disk share.
import { assertCreationOrder } from './creation.js';
import type { DiskBatch, OutboxEntry, RowKey } from './disk.js';
import { isReplicated } from './replication.js';
import { assertRowsOnce, compareRows, compareText, rowId } from './rows.js';

/** The content as plain data, for a journal's snapshot. */
export interface ContentSnapshot {
  /** In order of creation. */
  rows: { row: RowKey; value: Uint8Array }[];
  outbox: OutboxEntry[];
  local: [name: string, value: Uint8Array][];
  generation: number;
}

/** Rows, outbox and local values. Values are copied on their way in and out; applying a batch is deterministic. */
export class DiskContent {
  /** Namespace to key to value. A map keeps the order of creation: an update does not move a key. */
  readonly #namespaces = new Map<string, Map<string, Uint8Array>>();
  readonly #outbox = new Map<string, OutboxEntry>();
  readonly #local = new Map<string, Uint8Array>();
  #generation = 0;

  static fromSnapshot(snapshot: ContentSnapshot): DiskContent {
    const content = new DiskContent();
    for (const { row, value } of snapshot.rows) content.#put(row, value);
    for (const entry of snapshot.outbox) content.#outbox.set(rowId(entry.row), entry);
    for (const [name, value] of snapshot.local) content.#local.set(name, value);
    content.#generation = snapshot.generation;
    return content;
  }

  toSnapshot(): ContentSnapshot {
    const rows = [...this.#namespaces].flatMap(([id, keys]) =>
      [...keys].map(([key, value]) => ({ row: { ...parseNamespace(id), key }, value }))
    );
    return { rows, outbox: [...this.#outbox.values()], local: [...this.#local], generation: this.#generation };
  }

  /** Throws before anything changed when the batch names a row twice. */
  apply(batch: DiskBatch): void {
    assertRowsOnce(batch);
    for (const { row, generation } of batch.clearOutbox ?? []) {
      if (this.#outbox.get(rowId(row))?.generation === generation) this.#outbox.delete(rowId(row));
    }
    for (const { row, value } of batch.puts) {
      this.#put(row, new Uint8Array(value));
      if (batch.markDirty !== false) this.#mark(row, false);
    }
    for (const row of batch.removes) {
      this.#keys(row.primary, row.secondary)?.delete(row.key);
      if (batch.markDirty !== false) this.#mark(row, true);
    }
    for (const { name, value } of batch.local ?? []) {
      if (value) this.#local.set(name, new Uint8Array(value));
      else this.#local.delete(name);
    }
  }

  read(row: RowKey): Uint8Array | undefined {
    return copy(this.#keys(row.primary, row.secondary)?.get(row.key));
  }

  list(primary: string, secondary: string): string[] {
    return [...(this.#keys(primary, secondary)?.keys() ?? [])].sort(compareText);
  }

  /** Throws `internal` where there is no order of creation. */
  listPage(primary: string, secondary: string, limit: number, before?: string): string[] {
    assertCreationOrder(primary, secondary);
    const keys = [...(this.#keys(primary, secondary)?.keys() ?? [])].reverse();
    if (before === undefined) return keys.slice(0, Math.max(limit, 0));
    const cursor = keys.indexOf(before);
    return cursor < 0 ? [] : keys.slice(cursor + 1, cursor + 1 + Math.max(limit, 0));
  }

  outbox(): OutboxEntry[] {
    return [...this.#outbox.values()].sort((a, b) => a.generation - b.generation).map((entry) => ({ ...entry }));
  }

  allRows(): RowKey[] {
    return this.toSnapshot()
      .rows.map(({ row }) => row)
      .sort(compareRows);
  }

  readLocal(name: string): Uint8Array | undefined {
    return copy(this.#local.get(name));
  }

  listLocal(prefix: string): string[] {
    return [...this.#local.keys()].filter((name) => name.startsWith(prefix)).sort(compareText);
  }

  isEmpty(): boolean {
    return [...this.#namespaces.values()].every((keys) => keys.size === 0);
  }

  #keys(primary: string, secondary: string): Map<string, Uint8Array> | undefined {
    return this.#namespaces.get(namespaceId(primary, secondary));
  }

  #put(row: RowKey, value: Uint8Array): void {
    const id = namespaceId(row.primary, row.secondary);
    const keys = this.#namespaces.get(id) ?? new Map<string, Uint8Array>();
    this.#namespaces.set(id, keys.set(row.key, value));
  }

  #mark(row: RowKey, removed: boolean): void {
    if (!isReplicated(row)) return;
    const { primary, secondary, key } = row;
    this.#outbox.set(rowId(row), { row: { primary, secondary, key }, generation: ++this.#generation, removed });
  }
}

/** Not `slice()`: on a Buffer that is a view. */
function copy(value: Uint8Array | undefined): Uint8Array | undefined {
  return value && new Uint8Array(value);
}

function namespaceId(primary: string, secondary: string): string {
  return JSON.stringify([primary, secondary]);
}

function parseNamespace(id: string): { primary: string; secondary: string } {
  const [primary, secondary] = JSON.parse(id) as [string, string];
  return { primary, secondary };
}
