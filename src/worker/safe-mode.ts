// Owns safe mode: on chain only, on a disk in memory that the scan of the chain fills, so that nothing it does can touch the state that could not be loaded.
import { TernError } from '../wire/errors.js';
import type { Disk } from './disk.js';
import type { Session } from './session.js';

/** What the user has decided about coins and payments holds there too. */
const TAKEN_ALONG = [
  ['bdk_wallet', 'frozen'],
  ['labels', '']
] as const;

/** A disk in memory with what safe mode takes along of the wallet's own, which is only read. Throws what that disk says. */
export async function safeModeDisk(own: Disk): Promise<Disk> {
  const { MemoryDisk } = await import('./memory-disk.js');
  const disk = new MemoryDisk();
  for (const [primary, secondary] of TAKEN_ALONG) {
    const rows = (await own.list(primary, secondary)).map((key) => ({ primary, secondary, key }));
    const values = await own.readMany(rows);
    const puts = rows.flatMap((row, index) => {
      const value = values[index];
      return value ? [{ row, value }] : [];
    });
    await disk.commit({ puts, removes: [], markDirty: false });
  }
  return disk;
}

/** Throws `safe_mode` where channels are needed, or a change would have to be kept. */
export function refuseInSafeMode({ isSafeMode }: Session): void {
  if (!isSafeMode) return;
  throw new TernError(
    'safe_mode',
    'The wallet runs on chain only: its channels were not loaded, and nothing of this would be kept.',
    'Lock it and unlock it again to try with everything.'
  );
}
