// Owns what an IndexedDB failure means: which may pass and be retried, and which the wallet must stop for.
import { TernError } from '../wire/errors.js';

/** A failure of IndexedDB as a `TernError`: `storage_full`, `storage_unavailable`, `storage_corrupt`, `schema_too_new` or `internal`. */
export function toDiskError(thrown: unknown): TernError {
  if (thrown instanceof TernError || !(thrown instanceof Error)) return TernError.from(thrown);
  const cause = thrown.message || thrown.name;
  switch (thrown.name) {
    case 'QuotaExceededError':
      return new TernError(
        'storage_full',
        `The browser's storage is full: ${cause}`,
        'Free some disk space. Nothing is lost: a wallet that is open goes on by itself; what was refused, try again.'
      );
    case 'VersionError':
      return new TernError(
        'schema_too_new',
        'This wallet was last used with a newer version of Tern.',
        'Reload the page to get the new version. Nothing was changed.'
      );
    case 'NotFoundError':
    case 'NotReadableError':
      return storageCorrupt(`The browser's storage lost data: ${cause}`);
    case 'AbortError':
    case 'InvalidStateError':
    case 'SecurityError':
    case 'TimeoutError':
    case 'TransactionInactiveError':
    case 'UnknownError':
      return new TernError(
        'storage_unavailable',
        `The browser's storage does not answer: ${cause}`,
        'Keep this tab open: the wallet tries again by itself. If it lasts, restart the browser.'
      );
    default:
      return TernError.from(thrown);
  }
}

/** Data that was durable is gone or broken. */
export function storageCorrupt(cause: string): TernError {
  return new TernError(
    'storage_corrupt',
    cause,
    'Do not use this copy any more: restore the wallet from its backup or its words.'
  );
}
