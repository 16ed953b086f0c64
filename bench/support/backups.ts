// Owns backups of the benchmarks: the wallet's own, on a disk in memory, against a real server.
import { Backup, type StartOptions } from '../../src/worker/backup/backup.js';
import { systemClock } from '../../src/worker/clock.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';

/** One device with its backup. `start` it, `release` it. */
export interface BenchDevice {
  disk: MemoryDisk;
  backup: Backup;
  start(options?: StartOptions): Promise<void>;
}

/** A device of the wallet of this seed. */
export function benchDevice(url: string, seed: Uint8Array, deviceName: string): BenchDevice {
  const disk = new MemoryDisk();
  const backup = new Backup({
    disk,
    seed,
    network: 'regtest',
    url,
    auth: { type: 'signature' },
    allowInsecure: false,
    mode: 'acknowledged',
    deviceId: deviceName,
    deviceName,
    clock: systemClock,
    fetch: globalThis.fetch,
    random: Math.random
  });
  return { disk, backup, start: (options) => backup.start(options) };
}
