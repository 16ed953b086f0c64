// Owns the way back for a server that lost or changed state: what it really holds goes into the books, and what differs from ours is put again.
import type { OutboxEntry, RowKey } from '../disk.js';
import { isReplicated } from '../replication.js';
import { rowId } from '../rows.js';
import { digestOf } from './digest.js';
import { rowOfPart } from './draft.js';
import { fetchStore, type FetchOptions } from './fetch-store.js';
import { entryRow, intentsRow, stateRow, type LedgerEntry, type LedgerState } from './ledger.js';
import type { BackupParts } from './parts.js';
import type { KnownRow } from './plan.js';
import { isSchemaRow, SCHEMA_ROW } from './schema.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { sealTag } from './seal.js';

/**
 * Books what the server really holds, so that every later commit goes from there by difference, and marks the state for a refill.
 * `ownerVersion`: of the record as it was read before; 0 where there is none.
 */
export async function reconcile(
  parts: BackupParts,
  state: LedgerState,
  ownerVersion: bigint,
  options: FetchOptions = {}
): Promise<LedgerState> {
  const known = await parts.ledger.entries();
  const fetched = await fetchStore(parts, options);
  const actual = new Map<string, LedgerEntry>();
  for (const { key, version, value } of fetched.values.values()) {
    const ours = known.get(key);
    const tag = sealTag(value) ?? new Uint8Array(16);
    const isOurs = ours?.version === version && bytesToHex(ours.tag) === bytesToHex(tag) && !ours.redo;
    actual.set(
      key,
      isOurs ? ours : { version, tag, bytes: value.length, parts: 0, created: ours?.created ?? 0n, redo: true }
    );
  }
  countParts(parts, actual);
  const next: LedgerState = {
    ...state,
    ownerVersion,
    digest: digestOf(parts.seal.digestKey, actual),
    keys: actual.size,
    bytes: [...actual.values()].reduce((sum, entry) => sum + entry.bytes, 0),
    refill: true
  };
  const gone = [...known.keys()]
    .filter((storeKey) => !actual.has(storeKey))
    .map((storeKey) => entryRow(storeKey, undefined));
  const there = [...actual].map(([storeKey, entry]) => entryRow(storeKey, entry));
  await parts.disk.commit({ puts: [], removes: [], local: [...gone, ...there, stateRow(next), intentsRow([])] });
  return next;
}

/** Tells the first key of every row how many parts of it are there. */
function countParts(parts: BackupParts, entries: Map<string, LedgerEntry>): void {
  const most = new Map<string, number>();
  const heads = new Map<string, string>();
  for (const storeKey of entries.keys()) {
    const place = placeOf(parts, storeKey);
    if (place === undefined) continue;
    const id = rowId(place.row);
    most.set(id, Math.max(most.get(id) ?? 0, place.part + 1));
    if (place.part === 0) heads.set(id, storeKey);
  }
  for (const [id, storeKey] of heads) {
    const entry = entries.get(storeKey);
    if (entry) entry.parts = most.get(id) ?? 1;
  }
}

/** Which part of which row a key holds; undefined for a key that this wallet did not make. */
function placeOf({ seal }: BackupParts, storeKey: string): { row: RowKey; part: number } | undefined {
  try {
    return rowOfPart(seal.rowOf(storeKey));
  } catch {
    return undefined;
  }
}

/** What is left of a refill. */
export interface RefillWork {
  /** Keys that belong to no row: to be deleted before anything else. */
  strays: KnownRow[];
  /** Rows to be put or deleted, whatever the outbox says. */
  rows: RowKey[];
}

/** Compares the disk with the books. */
export async function refillWork(parts: BackupParts): Promise<RefillWork> {
  // Asked for in one task, so that both are of one moment.
  const [onDisk, entries] = await Promise.all([parts.disk.allRows(), parts.ledger.entries()]);
  const rows = new Map([...onDisk.filter(isReplicated), SCHEMA_ROW].map((row) => [rowId(row), row]));
  const redo = new Map<string, RowKey>();
  const heads = new Map<string, LedgerEntry>();
  const places = [...entries].map(([storeKey, entry]) => ({ storeKey, entry, place: placeOf(parts, storeKey) }));
  for (const { entry, place } of places) if (place?.part === 0) heads.set(rowId(place.row), entry);
  const strays: KnownRow[] = [];
  for (const { storeKey, entry, place } of places) {
    const id = place && rowId(place.row);
    if (place === undefined || id === undefined || place.part >= (heads.get(id)?.parts ?? 0))
      strays.push(stray(storeKey, entry));
    else if (entry.redo || !rows.has(id)) redo.set(id, place.row);
  }
  for (const [id, row] of rows) if (!heads.has(id)) redo.set(id, row);
  return { strays, rows: [...redo.values()] };
}

/** A key as a row that is gone. */
function stray(storeKey: string, entry: LedgerEntry): KnownRow {
  const row = { primary: '', secondary: '', key: storeKey };
  return { row, value: undefined, generation: undefined, storeKey, entry: { ...entry, parts: 1 } };
}

/** The rows of the outbox and of a refill together, each once. */
export function dirtyRows(outbox: OutboxEntry[], extra: RowKey[]): RowKey[] {
  const rows = new Map([...outbox.map(({ row }) => row), ...extra].map((row) => [rowId(row), row]));
  return [...rows.values()].filter((row) => isReplicated(row) || isSchemaRow(row));
}
