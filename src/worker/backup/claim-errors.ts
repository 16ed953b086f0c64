// Owns the words of a claim that is refused: who has the wallet, and which decision would go on.
import { TernError } from '../../wire/errors.js';
import type { OwnerRecord } from './owner.js';

/** Before the first answer of the server. */
export function notClaimed(): TernError {
  return new TernError(
    'backup_unavailable',
    'The backup server was not reached yet.',
    'Check the connection; the wallet tries again by itself.'
  );
}

/** Another device says that it runs. */
export function ownedElsewhere(record: OwnerRecord): TernError {
  return new TernError(
    'owned_elsewhere',
    `The wallet is running on ${record.deviceName}, last seen ${new Date(record.lastSeenMs).toISOString().slice(0, 16).replace('T', ' at ')} UTC.`,
    'Close it there, or take over: the other device then stops.'
  );
}

/** Under a running node nothing can be handed over: it must stop first. */
export function ahead(record: OwnerRecord): TernError {
  return new TernError(
    'taken_over',
    `The wallet was used on ${record.deviceName} while this device could not reach the backup.`,
    'Lock and unlock the wallet to continue from the newest state.'
  );
}

/** Others wrote between every read and write of ours. */
export function crowded(): TernError {
  return new TernError(
    'backup_unavailable',
    'Every attempt to claim the backup was overtaken by another write.',
    'Close the wallet on other devices; this one tries again by itself.'
  );
}

/** This disk and the server hold two states, and nothing tells which is the newer. */
export function otherState(): TernError {
  return new TernError(
    'backup_conflict',
    'The backup server holds another state of this wallet than this device.',
    "Take over to continue with the server's state, or start from this device's, which overwrites the server's."
  );
}
