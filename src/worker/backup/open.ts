// Owns the wiring of the backup into a session: what a session is given is turned into a backup, and nothing else happens here.
import { TernError } from '../../wire/errors.js';
import type { BackupContext, OpenBackup } from '../backup-seam.js';
import { Backup } from './backup.js';

/** See `OpenBackup`. Nobody calls it without a VSS URL. */
export const openBackup: OpenBackup = (context) => {
  const { vssUrl } = context.settings;
  if (vssUrl === undefined)
    return Promise.reject(new TernError('invalid_url', 'No backup server is set.', 'Set one in the settings.'));
  return new Promise((resolve) => resolve(createBackup(context, vssUrl)));
};

function createBackup(context: BackupContext, url: string): Backup {
  const { platform, store, seed, settings, device, logs } = context;
  return new Backup({
    disk: store.disk,
    seed,
    network: platform.network,
    url,
    auth: settings.vssAuth,
    allowInsecure: settings.allowInsecure,
    mode: settings.backupMode,
    deviceId: device.deviceId,
    deviceName: device.deviceName,
    clock: platform.clock,
    fetch: platform.fetch,
    random: () => platform.random(),
    isNewWallet: context.isNewWallet,
    onChange: context.onChange,
    onTakenOver: context.halt,
    onNotice: (error) => logs.write('warn', 'backup', error.message)
  });
}
