// Owns the patience with other windows: a database is upgraded or deleted when their connections are gone, and one that hangs would hold that up without a word.
import { TernError } from '../wire/errors.js';
import { systemClock } from './clock.js';
import { deferred } from './deferred.js';

/** A window that lives lets go within a transaction. */
const PATIENCE_MS = 10_000;

/**
 * What `begin` begins. Throws `storage_unavailable` where another window holds it up for long; what still comes of it then goes to `late`.
 * `begin` calls its argument when it has to wait for another window.
 */
export async function unlessBlocked<T>(
  begin: (blocked: () => void) => Promise<T>,
  late: (value: T) => void
): Promise<T> {
  const held = deferred<never>();
  let isLate = false;
  let stopWaiting: () => void = () => undefined;
  const begun = begin(() => {
    stopWaiting = systemClock.setTimer(PATIENCE_MS, () => {
      isLate = true;
      held.reject(heldByWindow());
    });
  });
  void begun.then((value) => (isLate ? late(value) : stopWaiting()), stopWaiting);
  return Promise.race([begun, held.promise]);
}

function heldByWindow(): TernError {
  return new TernError(
    'storage_unavailable',
    "Another window of Tern holds on to this wallet's storage and does not answer.",
    'Close the other windows of Tern, or restart the browser, then try again.'
  );
}
