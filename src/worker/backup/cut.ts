// Owns the cut: the rows of one commit, all as they were at one moment between two turns.
import type { Disk, OutboxEntry, RowKey } from '../disk.js';
import { rowId } from '../rows.js';

/** A row to be replicated, as the disk had it at the moment of the cut. */
export interface CutRow {
  row: RowKey;
  /** Undefined: removed. */
  value: Uint8Array | undefined;
  /** Its mark in the outbox; undefined where it had none (a refill). */
  generation: number | undefined;
}

/**
 * Reads the rows that `choose` picks from the outbox, with values and marks of one moment. Both are asked for in one task, so both see the
 * same state; if a turn has marked more rows since the choice, the choice is made again.
 */
export async function readCut(disk: Disk, choose: (outbox: OutboxEntry[]) => RowKey[]): Promise<CutRow[]> {
  let rows = choose(await disk.outbox());
  for (;;) {
    const [values, outbox] = await Promise.all([disk.readMany(rows), disk.outbox()]);
    const found = new Map(rows.map((row, index) => [rowId(row), values[index]]));
    const wanted = choose(outbox);
    if (wanted.every((row) => found.has(rowId(row)))) {
      const marks = new Map(outbox.map((entry) => [rowId(entry.row), entry.generation]));
      return wanted.map((row) => ({ row, value: found.get(rowId(row)), generation: marks.get(rowId(row)) }));
    }
    rows = wanted;
  }
}
