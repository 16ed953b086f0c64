// Owns the way from the server to the disk: restore onto an empty device and hand-over onto one that knows an older state. One local transaction, after the proof.
import type { Disk, RowKey } from '../disk.js';
import { isReplicated } from '../replication.js';
import { FetchCache } from './fetch-cache.js';
import { fetchStore, type FetchedStore } from './fetch-store.js';
import { entryRow, intentsRow, stateRow, type LedgerEntry, type LedgerState, type QuarantineReason } from './ledger.js';
import type { Owner } from './owner.js';
import type { BackupParts } from './parts.js';
import { verifyStore, type VerifiedStore } from './verify.js';

export interface TakeOptions {
  /** Reuse rows of this device whose versions are still those of the server. */
  isHandOver: boolean;
  /** Take what is sound although the store as a whole is not; the rest is put right by a refill. */
  startAnyway: boolean;
  quarantine: QuarantineReason | undefined;
  onProgress?: (progress: number) => void;
  signal?: AbortSignal;
}

/**
 * Brings the store as `owner` describes it onto this disk: checked first, then in one transaction. The state that it answers is not claimed
 * yet. Undefined: somebody wrote meanwhile, so read the record again. Rejects with `backup_incomplete`, `backup_stale` or
 * `backup_seal_broken` when the store must not be trusted; then nothing was changed.
 */
export async function takeStore(
  parts: BackupParts,
  owner: Owner,
  options: TakeOptions
): Promise<LedgerState | undefined> {
  const cache = await FetchCache.open(parts.disk, parts.clock);
  const verified = await download(parts, owner, options, cache).catch(async (thrown: unknown) => {
    await cache.keep();
    throw thrown;
  });
  const [problem] = verified.problems;
  if (problem !== undefined) {
    if ((await parts.desk.version()) !== owner.version) {
      await cache.keep();
      return undefined;
    }
    if (!options.startAnyway) {
      await cache.drop();
      throw problem;
    }
  }
  return apply(parts, owner, verified, options, cache);
}

async function download(
  parts: BackupParts,
  owner: Owner,
  options: TakeOptions,
  cache: FetchCache
): Promise<VerifiedStore> {
  if (!options.isHandOver) return takeAll(parts, owner, options, cache);
  const verified = await takeDifference(parts, owner, options, cache);
  return verified.problems.length > 0 ? takeAll(parts, owner, options, cache) : verified;
}

async function takeAll(
  parts: BackupParts,
  owner: Owner,
  options: TakeOptions,
  cache: FetchCache
): Promise<VerifiedStore> {
  const fetched = await fetchStore(parts, {
    cache,
    expectedKeys: owner.record.keys,
    onProgress: options.onProgress,
    signal: options.signal
  });
  return verifyStore(parts, owner.record, fetched);
}

/** Fetches only what changed on the server, and what changed here. The digest tells whether that was enough. */
async function takeDifference(
  parts: BackupParts,
  owner: Owner,
  options: TakeOptions,
  cache: FetchCache
): Promise<VerifiedStore> {
  const known = await knownEntries(parts);
  const fetched: FetchedStore = await fetchStore(parts, {
    cache,
    skip: ({ key, version }) => known.get(key)?.version === version,
    onProgress: options.onProgress,
    signal: options.signal
  });
  return verifyStore(parts, owner.record, fetched, known);
}

/** Entries whose rows on this disk are what the server has under them: not changed here since, and not in parts. */
async function knownEntries({ disk, ledger, seal }: BackupParts): Promise<Map<string, LedgerEntry>> {
  const known = await ledger.entries();
  for (const { row } of await disk.outbox()) known.delete(seal.storeKey(row));
  for (const [storeKey, entry] of known) if (entry.redo || entry.parts !== 1) known.delete(storeKey);
  return known;
}

async function apply(
  parts: BackupParts,
  owner: Owner,
  verified: VerifiedStore,
  options: TakeOptions,
  cache: FetchCache
): Promise<LedgerState> {
  const { disk, ledger } = parts;
  const before = await ledger.entries();
  const state: LedgerState = {
    ownerVersion: owner.version,
    sessionId: owner.record.sessionId,
    commitId: owner.record.commitId,
    digest: verified.digest,
    keys: verified.entries.size,
    bytes: verified.bytes,
    committedAtMs: owner.record.lastSeenMs,
    nextCreated: verified.nextCreated,
    refill: verified.problems.length > 0,
    quarantine: verified.problems.length > 0 ? 'start_anyway' : options.quarantine
  };
  const gone = [...before.keys()].filter((storeKey) => !verified.entries.has(storeKey));
  await disk.commit({
    puts: verified.rows,
    removes: await rowsNotIn(parts, disk, verified),
    local: [
      ...gone.map((storeKey) => entryRow(storeKey, undefined)),
      ...[...verified.entries].map(([storeKey, entry]) => entryRow(storeKey, entry)),
      ...cache.clearRows(),
      stateRow(state),
      intentsRow([])
    ],
    clearOutbox: await disk.outbox(),
    markDirty: false
  });
  return state;
}

/** Rows of this disk that the server does not have. */
async function rowsNotIn({ seal }: BackupParts, disk: Disk, { entries }: VerifiedStore): Promise<RowKey[]> {
  const rows = (await disk.allRows()).filter(isReplicated);
  return rows.filter((row) => !entries.has(seal.storeKey(row)));
}
