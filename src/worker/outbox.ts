// Owns what may leave the outbox without a backup: marks of removed rows that no server can hold. Everything else stays until it is replicated (invariant 3).
import { TernError } from '../wire/errors.js';
import type { Disk } from './disk.js';

/** Local values of the backup: while there are none, this device has never sent a row. */
const BACKUP_PREFIX = 'backup/';

/**
 * Drops the marks of removed rows on a device that never had a backup: nobody would ever have to delete them, and with every monitor update they
 * would grow. Call it before the node starts. Does nothing once a backup has kept books here.
 */
export async function dropNeedlessMarks(disk: Disk): Promise<void> {
  if ((await disk.listLocal(BACKUP_PREFIX)).length > 0) return;
  const clearOutbox = (await disk.outbox()).filter(({ removed }) => removed);
  if (clearOutbox.length === 0) return;
  // A wallet opens on a full disk too; the marks can stay until there is room again.
  await disk.commit({ puts: [], removes: [], clearOutbox }).catch(unlessFull);
}

/** For what a start can do without until there is room. Throws anything but `storage_full`. */
export function unlessFull(thrown: unknown): void {
  if (TernError.from(thrown).code !== 'storage_full') throw thrown;
}
