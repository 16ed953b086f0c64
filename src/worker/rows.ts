// Owns what can be said of rows without a disk: their identity, their order, and that a batch names each of them at most once.
import { TernError } from '../wire/errors.js';
import type { DiskBatch, RowKey } from './disk.js';

/** A string that two rows share only if they are the same row; for maps and sets. */
export function rowId(row: RowKey): string {
  return JSON.stringify([row.primary, row.secondary, row.key]);
}

/** Orders rows by primary, secondary, key, in UTF-16 code units: IndexedDB's order. */
export function compareRows(a: RowKey, b: RowKey): number {
  return compareText(a.primary, b.primary) || compareText(a.secondary, b.secondary) || compareText(a.key, b.key);
}

/** Orders strings by UTF-16 code units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** True for rows that LDK must not hear to be persisted before they are durable (invariant 1). */
export function isMonitorRow(row: RowKey): boolean {
  return row.primary === 'monitors' || row.primary === 'monitor_updates';
}

/** True for a whole monitor, as against an update of one. */
export function isFullMonitorRow(row: RowKey): boolean {
  return row.primary === 'monitors' && row.secondary === '';
}

/** True when a batch would change nothing. */
export function isEmptyBatch(batch: DiskBatch): boolean {
  return !batch.puts.length && !batch.removes.length && !batch.local?.length && !batch.clearOutbox?.length;
}

/** Refuses a batch that names a row twice: which of the two should win is not for a disk to guess. Throws `internal`. */
export function assertRowsOnce(batch: DiskBatch): void {
  const seen = new Set<string>();
  for (const row of [...batch.puts.map((put) => put.row), ...batch.removes]) {
    const id = rowId(row);
    if (seen.has(id)) {
      throw new TernError(
        'internal',
        `A transaction names the row ${id} twice.`,
        'Reload the wallet. Nothing was changed.'
      );
    }
    seen.add(id);
  }
}
