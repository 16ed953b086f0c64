// Owns the making of one commit: rows sealed at the versions the server has, and the intent that says what they make of the store.
import { hasCreationOrder } from '../creation.js';
import type { RowKey } from '../disk.js';
import { digestAfter } from './digest.js';
import type { Intent, LedgerEntry, LedgerState } from './ledger.js';
import type { BackupParts } from './parts.js';
import { PART_BYTES, partCount, type KnownRow, type Plan } from './plan.js';
import type { KeyValueVersion, KeyVersion } from './vss.js';

/** Between a row's key and the number of a part. LDK's keys have no such character. */
const PART_MARK = '#';

/** A commit that is ready to be sent, but for the owner record. */
export interface Draft {
  puts: KeyValueVersion[];
  deletes: KeyVersion[];
  intent: Intent;
}

/** The row that holds part `number` (1, 2, …) of a value that is longer than one part. */
export function partRow(row: RowKey, number: number): RowKey {
  return { ...row, key: `${row.key}${PART_MARK}${number}` };
}

/** The inverse: the row that a key belongs to, and which part of it. */
export function rowOfPart(row: RowKey): { row: RowKey; part: number } {
  const match = /^(.*)#(\d+)$/s.exec(row.key);
  if (match === null) return { row, part: 0 };
  return { row: { ...row, key: match[1] ?? '' }, part: Number(match[2]) };
}

/** Seals the rows of a plan. Ledger entries of further parts are read here; the totals go from `state` by difference. */
export async function draftCommit(parts: BackupParts, state: LedgerState, plan: Plan): Promise<Draft> {
  const draft: Draft = {
    puts: [],
    deletes: [],
    intent: {
      sessionId: state.sessionId,
      commitId: state.commitId + 1n,
      ownerVersion: state.ownerVersion,
      digest: state.digest,
      keys: state.keys,
      bytes: state.bytes,
      atMs: parts.clock.nowMs(),
      nextCreated: state.nextCreated,
      refill: state.refill && !plan.isWhole,
      changes: [],
      cleared: plan.rows.flatMap(({ row, generation }) => (generation === undefined ? [] : [{ row, generation }]))
    }
  };
  const created = await creationOrder(parts, plan.rows);
  for (const known of created) {
    if (known.value === undefined) await draftRemove(parts, draft, known);
    else await draftPut(parts, draft, known, known.value);
  }
  return draft;
}

async function draftPut(parts: BackupParts, draft: Draft, known: KnownRow, value: Uint8Array): Promise<void> {
  const count = partCount(value);
  const created = known.entry?.created ?? draft.intent.nextCreated++;
  for (let number = 0; number < count; number += 1) {
    const { storeKey, entry } = await partOf(parts, known, number);
    const version = entry?.version ?? 0n;
    const slice = count === 1 ? value : value.subarray(number * PART_BYTES, (number + 1) * PART_BYTES);
    const sealed = parts.seal.seal(storeKey, slice, version, number === 0 ? created : 0n);
    draft.puts.push({ key: storeKey, version, value: sealed.bytes });
    record(parts, draft, storeKey, entry, {
      version: version + 1n,
      tag: sealed.tag,
      bytes: sealed.bytes.length,
      parts: number === 0 ? count : 0,
      created: number === 0 ? created : 0n,
      redo: false
    });
  }
  await draftDeletes(parts, draft, known, count);
}

function draftRemove(parts: BackupParts, draft: Draft, known: KnownRow): Promise<void> {
  return draftDeletes(parts, draft, known, 0);
}

/** Deletes the keys of a row from part `first` on. A key that the server does not have must not be named: it would refuse all. */
async function draftDeletes(parts: BackupParts, draft: Draft, known: KnownRow, first: number): Promise<void> {
  for (let number = first; number < (known.entry?.parts ?? 0); number += 1) {
    const { storeKey, entry } = await partOf(parts, known, number);
    if (entry === undefined) continue;
    draft.deletes.push({ key: storeKey, version: entry.version });
    record(parts, draft, storeKey, entry, undefined);
  }
}

async function partOf(
  parts: BackupParts,
  known: KnownRow,
  number: number
): Promise<{ storeKey: string; entry: LedgerEntry | undefined }> {
  if (number === 0) return { storeKey: known.storeKey, entry: known.entry };
  const storeKey = parts.seal.storeKey(partRow(known.row, number));
  return { storeKey, entry: await parts.ledger.entry(storeKey) };
}

function record(
  parts: BackupParts,
  { intent }: Draft,
  storeKey: string,
  before: LedgerEntry | undefined,
  after: LedgerEntry | undefined
): void {
  intent.digest = digestAfter(intent.digest, parts.seal.digestKey, storeKey, before, after);
  intent.keys += (after ? 1 : 0) - (before ? 1 : 0);
  intent.bytes += (after?.bytes ?? 0) - (before?.bytes ?? 0);
  intent.changes.push({ storeKey, after });
}

/** Rows in the order in which the disk created them, where that shows: among the new rows of one namespace that has an order. */
async function creationOrder(parts: BackupParts, rows: KnownRow[]): Promise<KnownRow[]> {
  const namespaces = new Map<string, KnownRow[]>();
  for (const known of rows) {
    if (known.entry !== undefined || known.value === undefined || !hasCreationOrder(known.row)) continue;
    const id = JSON.stringify([known.row.primary, known.row.secondary]);
    namespaces.set(id, [...(namespaces.get(id) ?? []), known]);
  }
  const age = new Map<KnownRow, number>();
  for (const group of namespaces.values()) {
    if (group.length < 2) continue;
    const position = await newestPositions(parts, group);
    for (const known of group) age.set(known, position.get(known.row.key) ?? 0);
  }
  return [...rows].sort((a, b) => (age.get(b) ?? 0) - (age.get(a) ?? 0));
}

/** Where the keys of a group stand when the newest come first. New rows are the newest, so the whole namespace is rarely read. */
async function newestPositions({ disk }: BackupParts, group: KnownRow[]): Promise<Map<string, number>> {
  const { primary, secondary } = group[0]?.row ?? { primary: '', secondary: '' };
  for (let limit = group.length * 2 + 30; ; limit *= 4) {
    const keys = await disk.listPage(primary, secondary, limit);
    const position = new Map(keys.map((key, index) => [key, index]));
    if (keys.length < limit || group.every(({ row }) => position.has(row.key))) return position;
  }
}
