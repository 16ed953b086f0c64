// Owns the proof: seals, versions, the digest and the number of keys are checked before one row of a downloaded store is used (invariant 7).
import { TernError } from '../../wire/errors.js';
import type { RowKey } from '../disk.js';
import { rowId } from '../rows.js';
import { digestOf } from './digest.js';
import { rowOfPart } from './draft.js';
import type { FetchedStore } from './fetch-store.js';
import type { LedgerEntry } from './ledger.js';
import type { OwnerRecord } from './owner.js';
import type { BackupParts } from './parts.js';
import { checkSchema, isSchemaRow } from './schema.js';
import { sealTag, type OpenedValue } from './seal.js';
import type { KeyValueVersion } from './vss.js';

/** A row as the server holds it. */
export interface RestoredRow {
  row: RowKey;
  value: Uint8Array;
}

export interface VerifiedStore {
  /** Of every key that was fetched and is sound, the oldest created first. */
  rows: RestoredRow[];
  /** Every key of the store; those that are not sound are marked `redo`. */
  entries: Map<string, LedgerEntry>;
  digest: bigint;
  bytes: number;
  nextCreated: bigint;
  /** Why the store as a whole must not be trusted; empty: it is whole. */
  problems: TernError[];
}

interface OpenedKey {
  row: RowKey;
  part: number;
  storeKey: string;
  opened: OpenedValue;
}

/**
 * Checks what was fetched against the owner record. `known` are entries of this device for keys whose values were not fetched: the caller has
 * seen that their versions are those the list names; the digest shows whether the values are, too.
 */
export function verifyStore(
  parts: BackupParts,
  record: OwnerRecord,
  fetched: FetchedStore,
  known: ReadonlyMap<string, LedgerEntry> = new Map()
): VerifiedStore {
  const entries = new Map<string, LedgerEntry>();
  const problems: TernError[] = [];
  const opened: OpenedKey[] = [];
  for (const [storeKey, version] of fetched.listed) {
    const found = fetched.values.get(storeKey);
    const ours = known.get(storeKey);
    if (found === undefined && ours?.version === version) {
      entries.set(storeKey, ours);
      continue;
    }
    try {
      opened.push(openKey(parts, storeKey, version, found));
      entries.set(storeKey, entryOf(found, opened.at(-1)?.opened));
    } catch (thrown) {
      problems.push(TernError.from(thrown));
      if (found !== undefined) entries.set(storeKey, entryOf(found, undefined));
    }
  }
  const rows = assemble(opened, entries, problems);
  const digest = digestOf(parts.seal.digestKey, entries);
  if (problems.length === 0 && digest !== record.digest) problems.push(mismatch(entries.size, record));
  if (problems.length === 0 && !record.isComplete) problems.push(unfinished());
  const bytes = [...entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  const newest = [...entries.values()].reduce((most, entry) => (entry.created > most ? entry.created : most), 0n);
  return { rows, entries, digest, bytes, nextCreated: newest + 1n, problems };
}

function openKey(parts: BackupParts, storeKey: string, version: bigint, found: KeyValueVersion | undefined): OpenedKey {
  if (found === undefined) throw incomplete('a key that the server lists is not there');
  if (found.version !== version) throw stale('a key has another version than the server lists');
  const opened = parts.seal.open(storeKey, found.value);
  if (opened.version + 1n !== version) throw stale('the server answered with an old value');
  const { row, part } = rowOfPart(parts.seal.rowOf(storeKey));
  if (isSchemaRow(row)) checkSchema(opened.value);
  return { row, part, storeKey, opened };
}

/** The ledger's entry for what the server holds; without `opened` the key is not sound. */
function entryOf(found: KeyValueVersion | undefined, opened: OpenedValue | undefined): LedgerEntry {
  return {
    version: found?.version ?? 0n,
    tag: opened?.tag ?? (found && sealTag(found.value)) ?? new Uint8Array(16),
    bytes: found?.value.length ?? 0,
    parts: 1,
    created: opened?.created ?? 0n,
    redo: opened === undefined
  };
}

/** Puts the parts of values together, and the rows in the order in which they were created. */
function assemble(keys: OpenedKey[], entries: Map<string, LedgerEntry>, problems: TernError[]): RestoredRow[] {
  const rows = new Map<string, OpenedKey[]>();
  for (const key of keys) {
    const id = rowId(key.row);
    const known = rows.get(id);
    if (known) known.push(key);
    else rows.set(id, [key]);
  }
  const whole: { row: RowKey; value: Uint8Array; created: bigint }[] = [];
  // The list names the newest first: rows that carry no order of their own keep that of the server.
  for (const parts of [...rows.values()].reverse()) {
    parts.sort((a, b) => a.part - b.part);
    for (const { storeKey, part } of parts) setParts(entries, storeKey, part === 0 ? parts.length : 0);
    const [head] = parts;
    if (head === undefined || parts.some(({ part }, index) => part !== index)) {
      problems.push(incomplete('a part of a long value is missing'));
    } else if (!isSchemaRow(head.row)) {
      whole.push({ row: head.row, value: joined(parts), created: head.opened.created });
    }
  }
  whole.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
  return whole.map(({ row, value }) => ({ row, value }));
}

function setParts(entries: Map<string, LedgerEntry>, storeKey: string, count: number): void {
  const entry = entries.get(storeKey);
  if (entry) entries.set(storeKey, { ...entry, parts: count });
}

function joined(parts: OpenedKey[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first.opened.value;
  const value = new Uint8Array(parts.reduce((sum, { opened }) => sum + opened.value.length, 0));
  let offset = 0;
  for (const { opened } of parts) {
    value.set(opened.value, offset);
    offset += opened.value.length;
  }
  return value;
}

function mismatch(keys: number, record: OwnerRecord): TernError {
  if (keys < record.keys) return incomplete(`${record.keys - keys} of ${record.keys} keys are missing`);
  if (keys > record.keys) return stale(`${keys - record.keys} keys are there that were deleted`);
  return stale('at least one key holds an older value than was last stored');
}

function unfinished(): TernError {
  return stale('the server had lost state, and was not filled again before the last device stopped');
}

function incomplete(what: string): TernError {
  return new TernError('backup_incomplete', `The backup is not whole: ${what}.`, NEXT);
}

function stale(what: string): TernError {
  return new TernError('backup_stale', `The backup is not the newest: ${what}.`, NEXT);
}

const NEXT =
  'Do not use it as it is: with old channel state you can lose money. Ask whoever runs the server, or choose to start anyway in quarantine.';
