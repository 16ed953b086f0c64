// Owns the wiring of the backup into a session: what a session is given is turned into a backup, and nothing else happens here.
import { TernError } from '../../wire/errors.js';
import type { Backup as SessionBackup, BackupContext, OpenBackup } from '../backup-seam.js';
import { Backup } from './backup.js';

/** Makes the backup of a session without starting it: settings can already reach it while it opens. Throws `insecure_url`, `invalid_url`. */
export function createBackup(context: BackupContext, url: string): Backup {
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

/** See `OpenBackup`. Nobody calls it without a VSS URL. */
export const openBackup: OpenBackup = async (context) => {
  const { vssUrl } = context.settings;
  if (vssUrl === undefined) throw new TernError('invalid_url', 'No backup server is set.', 'Set one in the settings.');
  const backup = createBackup(context, vssUrl);
  try {
    await backup.start({ onProgress: context.onProgress, signal: context.signal });
  } catch (thrown) {
    backup.close();
    throw TernError.from(thrown);
  }
  return sessionBackup(backup);
};

/** A started backup as a session sees it. */
export function sessionBackup(backup: Backup): SessionBackup {
  return {
    info: () => backup.info(),
    committed: () => backup.committed(),
    setMode: (mode) => backup.setMode(mode),
    touch: (visible) => backup.touch(visible),
    wake: () => backup.wake(),
    stop: () => backup.release(),
    beforeOutputs: () => backup.beforeOutputs(),
    beforePersisted: () => backup.beforePersisted()
  };
}
