// Owns safe mode: on chain only, on a disk in memory that the scan of the chain fills, so that nothing it does can touch the state that could not be loaded.
import { TernError } from '../wire/errors.js';
import type { Disk, DiskBatch, RowKey } from './disk.js';
import type { Logs } from './logs.js';
import { unlessFull } from './outbox.js';
import type { Session } from './session.js';
import type { Store } from './store.js';

const FROZEN = { primary: 'bdk_wallet', secondary: 'frozen' };
const LABELS = { primary: 'labels', secondary: '' };
/** The on-chain wallet looks at all its addresses, not only at those it gave out, where this row is missing. */
const SCANNED: RowKey = { primary: 'bdk_wallet', secondary: '', key: 'scanned' };
/** On this device: safe mode may have given out addresses that the wallet's own state does not know. */
const RESCAN_ROW = 'rescan';

/** What a session in safe mode runs on; a new start with other settings goes on with it, for nothing else has what was sent and not taken yet. */
export interface SafeMode {
  /** In memory, with what the user decided about coins and payments. */
  disk: Disk;
  /** The next whole start has to scan the chain: nothing else is ever written to the wallet's own disk. Throws what that disk says. */
  rememberRescan(): Promise<void>;
}

/** Opens safe mode beside the wallet's own disk, which is only read: it may be full, or broken in part. */
export async function openSafeMode(own: Disk, logs: Logs): Promise<SafeMode> {
  const { MemoryDisk } = await import('./memory-disk.js');
  const disk = new MemoryDisk();
  // What is lost of these must not keep the coins from being spent.
  await takeFrozen(own, disk).catch((thrown: unknown) => {
    const { message } = TernError.from(thrown);
    logs.write('warn', 'wallet', `Which coins are frozen cannot be read: on chain only, any may be spent. ${message}`);
  });
  await takeLabels(own, disk).catch(() => undefined);
  const rescan = { name: RESCAN_ROW, value: Uint8Array.of(1) };
  return { disk, rememberRescan: () => own.commit({ puts: [], removes: [], local: [rescan] }) };
}

/** The keys say all: a value that cannot be read frees no coin, and a key that the node could not read either is left behind. */
async function takeFrozen(from: Disk, to: Disk): Promise<void> {
  const keys = (await from.list(FROZEN.primary, FROZEN.secondary)).filter(namesCoin);
  await putAll(
    to,
    keys.map((key) => ({ row: { ...FROZEN, key }, value: Uint8Array.of(1) }))
  );
}

/** `txid_vout`, as the node writes an outpoint. */
function namesCoin(key: string): boolean {
  const vout = /^[0-9a-f]{64}_(0|[1-9]\d{0,9})$/.exec(key)?.[1];
  return vout !== undefined && Number(vout) <= 0xffff_ffff;
}

async function takeLabels(from: Disk, to: Disk): Promise<void> {
  const rows = (await from.list(LABELS.primary, LABELS.secondary)).map((key) => ({ ...LABELS, key }));
  const values = await from.readMany(rows);
  await putAll(
    to,
    rows.flatMap((row, index) => {
      const value = values[index];
      return value ? [{ row, value }] : [];
    })
  );
}

function putAll(disk: Disk, puts: DiskBatch['puts']): Promise<void> {
  return disk.commit({ puts, removes: [], markDirty: false });
}

/**
 * Lets the node that loads from this store scan the whole chain: after safe mode, or where its state is doubtful, for one that lags behind
 * does not know the last addresses that were given out. Answers what to do once that is durable.
 */
export async function beginRescan(store: Store, isDoubtful: boolean): Promise<(() => Promise<void>) | undefined> {
  const isMarked = (await store.disk.readLocal(RESCAN_ROW)) !== undefined;
  if (isMarked || isDoubtful) store.stageRemove(SCANNED);
  if (!isMarked) return undefined;
  const unmark = { puts: [], removes: [], local: [{ name: RESCAN_ROW, value: undefined }] };
  // On a full disk the wallet opens too, and scans once more the next time.
  return () => store.disk.commit(unmark).catch(unlessFull);
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

/**
 * In safe mode: resolves when an address may be given out. The chain was read, for before that every address seems unused, and the next whole
 * start will look for what is paid there. Throws what the chain server or the disk says.
 */
export async function beforeAddress({ safeMode, node }: Session): Promise<void> {
  if (!safeMode) return;
  const { syncedAtMs } = await node.query((running) => running.info());
  if (syncedAtMs === undefined) await node.command((running) => running.sync());
  await safeMode.rememberRescan();
}

/** In safe mode: lets the next whole start look for the change. On a full disk too coins must move: change is found from the coin it came from. */
export async function beforeSend({ safeMode }: Session): Promise<void> {
  await safeMode?.rememberRescan().catch(() => undefined);
}

/**
 * In safe mode: resolves when the network knows what was sent, for no later session would send it again. Throws `broadcast_rejected`, and
 * `node_halted` where the session ends meanwhile. Where no server answers it waits in this session, which posts it with each look at the chain:
 * called failed, it would be paid twice.
 */
export async function untilSent({ isSafeMode, node }: Session): Promise<void> {
  if (!isSafeMode) return;
  await node.sent().catch((thrown: unknown) => {
    const { code } = TernError.from(thrown);
    if (code !== 'chain_unavailable' && code !== 'chain_invalid_answer') throw thrown;
  });
}
