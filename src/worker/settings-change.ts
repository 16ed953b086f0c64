// Owns what a change of settings sets in motion: it is stored, told, and in force when the answer comes; a backup server that cannot be used changes nothing.
import { TernError } from '../wire/errors.js';
import type { Settings } from './api.js';
import { Ledger } from './backup/ledger.js';
import type { Lifecycle } from './lifecycle.js';

const BACKUP: (keyof Settings)[] = ['vssUrl', 'vssAuth'];
/** A change of these takes effect by a new start of the node. */
const RESTARTING: (keyof Settings)[] = ['esploraUrl', 'rapidGossipUrl', ...BACKUP];

/** Answers the settings as they are then. Throws what the door says of a value, or a new backup server of itself. */
export async function changeSettings(
  lifecycle: Lifecycle,
  change: Partial<Settings>,
  onChanged: (settings: Settings) => void
): Promise<Settings> {
  const book = lifecycle.home.settings;
  const before = book.current;
  const session = lifecycle.runningSession;
  const wanted = book.preview(change);
  if (before.vssUrl !== undefined && wanted.vssUrl === undefined) await refuseWhileInDoubt(lifecycle);
  if (session && differs(before, wanted, BACKUP)) await lifecycle.probeBackup(wanted);
  // Safe mode keeps nothing: its changes wait on the device for the next whole start.
  await book.change(change, session?.isSafeMode ? undefined : session?.store);
  await session?.node.flush();
  const after = book.current;
  onChanged(after);
  if (session) lifecycle.armAutoLock();
  if (differs(before, after, ['backupMode'])) lifecycle.openSession?.setBackupMode(after.backupMode);
  if (differs(before, after, RESTARTING)) await lifecycle.restart(differs(before, after, BACKUP));
  return after;
}

/**
 * The backup's books say that the state may be old: without them the node would start as if it were the newest (invariant 8). A state that
 * only waits for a server that is away is this device's own.
 */
async function refuseWhileInDoubt({ runningSession, home }: Lifecycle): Promise<void> {
  const backup = runningSession?.backup;
  const reason = backup ? backup.quarantine : (await new Ledger(home.disk).state())?.quarantine;
  if (reason === undefined || reason === 'unclaimed') return;
  throw new TernError(
    'quarantined',
    'What was restored may be old, and not every channel partner has agreed to it yet.',
    'Wait until all of them were connected; the backup can be turned off then.'
  );
}

function differs(before: Settings, after: Settings, names: (keyof Settings)[]): boolean {
  return names.some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
