// Owns which rows go into the next commit: all that channels depend on goes together or not at all; only history may go ahead of it.
import { TernError } from '../../wire/errors.js';
import type { RowKey } from '../disk.js';
import type { CutRow } from './cut.js';
import type { LedgerEntry } from './ledger.js';
import type { CommitLimits } from './parts.js';

/** A longer value is stored in parts of this size, each under a key of its own. */
export const PART_BYTES = 1024 * 1024;

/** History: nothing else is wrong without it, or with a newer one. Whatever is not named here counts as critical. */
const HISTORY = new Set(['payments', 'invoices', 'labels', 'archived_monitors']);
/** Obfuscated key, version, nonce, tag and the frames around them, at most. */
const OVERHEAD_BYTES = 1_300;
/** The owner record. */
const RESERVED_BYTES = 4_096;

/** A row of the cut with what the server has of it. */
export interface KnownRow extends CutRow {
  storeKey: string;
  /** What the server has under its first key. */
  entry: LedgerEntry | undefined;
}

export interface Plan {
  rows: KnownRow[];
  /** Nothing of the cut is left for a later commit. */
  isWhole: boolean;
}

/** True for rows that may go ahead of the state they belong to. */
export function isHistory(row: RowKey): boolean {
  return HISTORY.has(row.primary);
}

/** How many keys hold a value. */
export function partCount(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Math.max(1, Math.ceil(value.length / PART_BYTES));
}

/**
 * The rows of the next commit. Within the limits: all. Beyond: history first, as much as fits; then the rest, whose stale monitor updates
 * may be deleted later (a restore passes over them). `backup_too_large` when what belongs together does not fit.
 */
export function planCommit(rows: KnownRow[], limits: CommitLimits): Plan {
  if (fits(rows, limits)) return { rows, isWhole: true };
  const history = rows.filter(({ row }) => isHistory(row));
  if (history.length > 0) return { rows: asManyAsFit(history, limits), isWhole: false };
  const urgent = rows.filter((row) => !isStaleUpdate(row));
  if (!fits(urgent, limits)) throw tooLarge(urgent, limits);
  const later = rows.filter(isStaleUpdate);
  const room = { items: limits.items - itemsOf(urgent), bytes: limits.bytes - bytesOf(urgent) };
  return { rows: [...urgent, ...asManyAsFit(later, room)], isWhole: false };
}

/** An update that a full monitor has overtaken. */
function isStaleUpdate({ row, value }: KnownRow): boolean {
  return row.primary === 'monitor_updates' && value === undefined;
}

function asManyAsFit(rows: KnownRow[], limits: CommitLimits): KnownRow[] {
  let items = 1;
  let bytes = RESERVED_BYTES;
  const end = rows.findIndex((row) => {
    items += itemsOf([row]);
    bytes += bytesOf([row]);
    return items > limits.items || bytes > limits.bytes;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

function fits(rows: KnownRow[], limits: CommitLimits): boolean {
  return itemsOf(rows) + 1 <= limits.items && bytesOf(rows) + RESERVED_BYTES <= limits.bytes;
}

function itemsOf(rows: KnownRow[]): number {
  return rows.reduce((sum, { value, entry }) => sum + Math.max(partCount(value), entry?.parts ?? 0), 0);
}

function bytesOf(rows: KnownRow[]): number {
  return rows.reduce((sum, row) => sum + (row.value?.length ?? 0) + itemsOf([row]) * OVERHEAD_BYTES, 0);
}

function tooLarge(rows: KnownRow[], limits: CommitLimits): TernError {
  return new TernError(
    'backup_too_large',
    `What belongs together in the backup is too large for one commit: ${itemsOf(rows)} of ${limits.items} keys, ${bytesOf(rows)} of ${limits.bytes} bytes.`,
    'Close channels that are not needed, or use a backup server that takes more.'
  );
}
