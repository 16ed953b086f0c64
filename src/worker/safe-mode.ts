// Owns safe mode: on chain only, on a disk in memory that the scan of the chain fills, so that nothing it does can touch the state that could not be loaded.
import { TernError } from '../wire/errors.js';
import type { Disk, RowKey } from './disk.js';
import type { Session } from './session.js';
import type { Store } from './store.js';

const FROZEN = { primary: 'bdk_wallet', secondary: 'frozen' };
const LABELS = { primary: 'labels', secondary: '' };
/** The on-chain wallet looks at all its addresses, not only at those it gave out, where this row is missing. */
const SCANNED: RowKey = { primary: 'bdk_wallet', secondary: '', key: 'scanned' };
/** On this device: safe mode may have given out addresses that the wallet's own state does not know. */
const RESCAN_ROW = 'rescan';

/**
 * A disk in memory, with what the user decided about coins and payments. Of the wallet's own disk nothing is changed but a mark that
 * the next whole start has to scan the chain. Throws what that disk says.
 */
export async function safeModeDisk(own: Disk): Promise<Disk> {
  await own.commit({ puts: [], removes: [], local: [{ name: RESCAN_ROW, value: Uint8Array.of(1) }] });
  const { MemoryDisk } = await import('./memory-disk.js');
  const disk = new MemoryDisk();
  await take(own, disk, FROZEN);
  // A label that is lost must not keep the coins from being spent.
  await take(own, disk, LABELS).catch(() => undefined);
  return disk;
}

async function take(from: Disk, to: Disk, { primary, secondary }: Omit<RowKey, 'key'>): Promise<void> {
  const rows = (await from.list(primary, secondary)).map((key) => ({ primary, secondary, key }));
  const values = await from.readMany(rows);
  const puts = rows.flatMap((row, index) => {
    const value = values[index];
    return value ? [{ row, value }] : [];
  });
  await to.commit({ puts, removes: [], markDirty: false });
}

/**
 * Lets the node that loads from this store scan the whole chain: after safe mode, or where its state is doubtful, for one that lags behind
 * does not know the last addresses that were given out. Answers what to do once that is durable.
 */
export async function beginRescan(store: Store, isDoubtful: boolean): Promise<(() => Promise<void>) | undefined> {
  const isMarked = (await store.disk.readLocal(RESCAN_ROW)) !== undefined;
  if (isMarked || isDoubtful) store.stageRemove(SCANNED);
  if (!isMarked) return undefined;
  return () => store.disk.commit({ puts: [], removes: [], local: [{ name: RESCAN_ROW, value: undefined }] });
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

/** In safe mode: resolves when the chain was read, for before that every address seems unused. Throws what the chain server says. */
export async function untilScanned({ isSafeMode, node }: Session): Promise<void> {
  if (!isSafeMode) return;
  const { syncedAtMs } = await node.query((running) => running.info());
  if (syncedAtMs === undefined) await node.command((running) => running.sync());
}

/** In safe mode: resolves when the network knows what was sent, for nothing here would send it again. Throws why it does not. */
export async function untilSent({ isSafeMode, node }: Session): Promise<void> {
  if (isSafeMode) await node.sent();
}
