// Owns the comparison of the server's record with this device's books: the same, ahead, behind, or another's; and the booking of a commit that landed.
import { TernError } from '../../wire/errors.js';
import { entryRow, intentsRow, stateRow, type Intent, type LedgerState } from './ledger.js';
import type { Owner, OwnerRecord } from './owner.js';
import type { BackupParts } from './parts.js';

/** What a record says of the store's content. */
export type Totals = Pick<LedgerState, 'commitId' | 'digest' | 'keys' | 'bytes' | 'refill'>;

/** The record of this device for a store of this content. */
export function recordOf(parts: BackupParts, totals: Totals & { sessionId: string }, isRunning: boolean): OwnerRecord {
  const mode = parts.mode();
  return {
    deviceId: parts.deviceId,
    deviceName: parts.deviceName,
    sessionId: totals.sessionId,
    isRunning,
    mode,
    mayLag: mode === 'local-first',
    isComplete: !totals.refill,
    commitId: totals.commitId,
    lastSeenMs: parts.clock.nowMs(),
    digest: totals.digest,
    keys: totals.keys,
    bytes: totals.bytes
  };
}

/** The intent that the server's record shows to have landed. */
export function findLanded(intents: Intent[], { record }: Owner): Intent | undefined {
  return intents.find(
    (intent) =>
      intent.sessionId === record.sessionId && intent.commitId === record.commitId && intent.digest === record.digest
  );
}

/** Books a commit that the server has: entries, totals and outbox in one transaction. */
export async function bookIntent(parts: BackupParts, state: LedgerState, intent: Intent): Promise<LedgerState> {
  const next: LedgerState = {
    ...state,
    ownerVersion: intent.ownerVersion + 1n,
    commitId: intent.commitId,
    digest: intent.digest,
    keys: intent.keys,
    bytes: intent.bytes,
    nextCreated: intent.nextCreated,
    refill: intent.refill,
    committedAtMs: intent.atMs
  };
  await parts.disk.commit({
    puts: [],
    removes: [],
    local: [...intent.changes.map(({ storeKey, after }) => entryRow(storeKey, after)), stateRow(next), intentsRow([])],
    clearOutbox: intent.cleared
  });
  return next;
}

/** The record is ours, and names the commit that we booked last. */
export function isSame({ record }: Owner, state: LedgerState): boolean {
  return record.sessionId === state.sessionId && hasSameContent(record, state);
}

/** The store holds what we booked last, whoever owns it. */
export function hasSameContent(record: OwnerRecord, state: LedgerState): boolean {
  return record.commitId === state.commitId && record.digest === state.digest;
}

/** The server has less than we put there: no put makes a version or a commit number smaller. */
export function isBehind({ version, record }: Owner, state: LedgerState): boolean {
  return version < state.ownerVersion || record.commitId < state.commitId;
}

/** Another session writes this store now. */
export function takenOver(record: OwnerRecord): TernError {
  return new TernError(
    'taken_over',
    `The wallet was taken over by ${record.deviceName}.`,
    'Use it there, or take it back here. What is on this device is kept, but is no longer the newest.'
  );
}
