// Owns what the wallet answers about its backup where the backup itself does not: off, or not now. Nothing is begun that would wait for a server that is away.
import { TernError } from '../wire/errors.js';
import type { BackupInfo } from './api.js';
import type { Backup } from './backup-seam.js';
import type { Lifecycle } from './lifecycle.js';
import { refuseInSafeMode } from './safe-mode.js';
import type { Session } from './session.js';
import type { SettingsBook } from './settings.js';

/** How far the backup is, also while the wallet starts and after it was taken over. Throws `wallet_locked` and the like. */
export function backupInfoOf(lifecycle: Lifecycle): BackupInfo {
  return lifecycle.backupInfo ?? lifecycle.session.backup?.info() ?? off(lifecycle.home.settings);
}

function off({ current, device }: SettingsBook): BackupInfo {
  return {
    state: 'off',
    mode: current.backupMode,
    ...device,
    pendingKeys: 0,
    pendingBytes: 0,
    storedKeys: 0,
    storedBytes: 0
  };
}

/** The backup. Throws `backup_unavailable` where none is set, `safe_mode` where it does not run. */
export function runningBackup(session: Session): Backup {
  refuseInSafeMode(session);
  if (session.backup) return session.backup;
  throw new TernError(
    'backup_unavailable',
    'This wallet has no backup server.',
    'Set one in the settings: every change is then backed up there.'
  );
}

/**
 * Throws `quarantined` or `payments_paused` where money would be sent, or a channel changed, that waits for peers or for the backup. A network
 * that is just back makes the backup look at its server: nothing is refused before it had a moment for that.
 */
export async function refuseWhilePaused({ backup }: Session): Promise<void> {
  if (backup === undefined) return;
  if (backup.quarantine === undefined && backup.isPaused) await backup.looked();
  if (backup.quarantine !== undefined) throw quarantined();
  if (!backup.isPaused) return;
  throw new TernError(
    'payments_paused',
    `Payments wait for the backup server. ${backup.info().lastError?.cause ?? 'It was not reached yet.'}`,
    'They go on when it answers. To go on without waiting, choose local-first in the backup settings.'
  );
}

/** Of a wallet that peers have to agree to before anything leaves it. */
export function quarantined(): TernError {
  return new TernError(
    'quarantined',
    'What was restored may be old, and not every channel partner has agreed to it yet.',
    'Wait until all of them are connected; then it goes on by itself. Locked, it can be opened on chain only.'
  );
}
