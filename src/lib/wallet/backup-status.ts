// Owns how the backup's state reads in one glance: an icon, a tone and a few words, never better than what the worker said.
import type { BackupInfo } from '../../worker/api.js';
import type { IconName } from '../ui/icons.js';
import { formatSince, formatWhen, plural, t } from './i18n.js';

/** What the indicator shows. */
export interface BackupStatus {
  icon: IconName;
  label: string;
  /** Since when, where that matters. */
  detail?: string;
  needsAttention: boolean;
}

/** The indicator of a backup at a time. */
export function backupStatus(info: BackupInfo, nowMs: number): BackupStatus {
  const since = info.behindSinceMs;
  const detail = since === undefined ? undefined : t('backup.since', { when: formatSince(since, nowMs) });
  switch (info.state) {
    case 'up_to_date': {
      const { committedAtMs } = info;
      const when = committedAtMs === undefined ? undefined : formatWhen(Math.min(committedAtMs, nowMs), nowMs);
      return { icon: 'backup', label: t('backup.up_to_date'), detail: when, needsAttention: false };
    }
    case 'behind': {
      const label = plural(info.pendingKeys, 'backup.behind_one', 'backup.behind_other');
      return { icon: 'backup-behind', label, detail, needsAttention: info.lastError !== undefined };
    }
    case 'off':
      return { icon: 'backup-off', label: t('backup.off'), needsAttention: true };
    case 'paused':
    case 'taken_over':
    case 'quarantined':
      return { icon: 'warning', label: t(`backup.${info.state}`), detail, needsAttention: true };
  }
}

/** A number of bytes for people. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
