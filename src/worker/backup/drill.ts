// Owns the drill: everything is downloaded and checked as a restore would, and nothing is touched.
import { TernError } from '../../wire/errors.js';
import type { BackupVerification } from '../api.js';
import { fetchStore } from './fetch-store.js';
import type { BackupParts } from './parts.js';
import { verifyStore } from './verify.js';

/** Commits go on meanwhile: a drill that saw the record change is done again, at most so often, before they are held up. */
const FREE_ATTEMPTS = 2;

/** `hold` runs something while no commit does. Problems are in the answer; it rejects only where the server could not be read. */
export async function drill(
  parts: BackupParts,
  hold: <T>(run: () => Promise<T>) => Promise<T>
): Promise<BackupVerification> {
  for (let attempt = 0; attempt < FREE_ATTEMPTS; attempt += 1) {
    const found = await drillOnce(parts);
    if (found !== undefined) return found;
  }
  const found = await hold(() => drillOnce(parts));
  if (found !== undefined) return found;
  throw new TernError(
    'taken_over',
    'Another device writes to this backup.',
    'Use the wallet there, or take it back here.'
  );
}

/** Undefined: the record changed meanwhile. */
async function drillOnce(parts: BackupParts): Promise<BackupVerification | undefined> {
  const startMs = parts.clock.nowMs();
  const owner = await parts.desk.read();
  if (owner === undefined) {
    const missing = new TernError(
      'backup_incomplete',
      'The owner record is missing.',
      'Back up now, then verify again.'
    );
    return { keys: 0, bytes: 0, tookMs: parts.clock.nowMs() - startMs, commitId: 0n, problems: [missing.toShape()] };
  }
  const fetched = await fetchStore(parts, { expectedKeys: owner.record.keys });
  const verified = verifyStore(parts, owner.record, fetched);
  const problems = [...verified.problems, ...(await differences(parts, verified.digest))];
  if (problems.length > 0 && (await parts.desk.version()) !== owner.version) return undefined;
  return {
    keys: verified.entries.size,
    bytes: verified.bytes,
    tookMs: parts.clock.nowMs() - startMs,
    commitId: owner.record.commitId,
    problems: problems.map((problem) => problem.toShape())
  };
}

/** A store can be whole and yet be an old one: only this device's own books tell. */
async function differences(parts: BackupParts, digest: bigint): Promise<TernError[]> {
  const state = await parts.ledger.state();
  if (state === undefined || state.digest === digest || (await parts.ledger.intents()).length > 0) return [];
  return [
    new TernError(
      'backup_stale',
      'The backup is whole, but not what this device stored last: the server was rolled back.',
      'Back up now: the wallet fills the server again.'
    )
  ];
}
