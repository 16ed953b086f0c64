// Owns a small world for backup tests: one clock, one VSS server in memory, any number of devices of one wallet.
import type { BackupInfo, BackupMode } from '../../src/worker/api.js';
import { Backup, type StartOptions } from '../../src/worker/backup/backup.js';
import type { BackupOptions } from '../../src/worker/backup/options.js';
import type { Disk, RowKey } from '../../src/worker/disk.js';
import type { TernError } from '../../src/wire/errors.js';
import { rowId } from '../../src/worker/rows.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { MemoryVss } from './memory-vss.js';
import { VirtualClock } from './virtual-clock.js';

/** One wallet's seed; nothing about it is special. */
export const SEED: Uint8Array = new Uint8Array(64).map((_, index) => (index * 7 + 1) % 256);

export const row = (primary: string, key: string, secondary = ''): RowKey => ({ primary, secondary, key });
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const MANAGER = row('', 'manager');
export const MONITOR = row('monitors', '00aa_0');

/** One device: a disk, and the backup of its session. */
export class SimDevice {
  readonly disk: Disk;
  readonly backup: Backup;
  readonly infos: BackupInfo[] = [];
  readonly notices: TernError[] = [];
  halted: TernError | undefined;

  constructor(
    readonly world: BackupWorld,
    name: string,
    change: Partial<BackupOptions> = {}
  ) {
    this.disk = change.disk ?? new MemoryDisk();
    this.backup = new Backup({
      disk: this.disk,
      seed: SEED,
      network: 'regtest',
      url: 'https://vss.example/vss',
      auth: { type: 'signature' },
      allowInsecure: false,
      mode: 'acknowledged',
      deviceId: name,
      deviceName: name,
      clock: world.clock,
      fetch: world.server.fetch,
      random: () => 0.5,
      onChange: (info) => this.infos.push(info),
      onTakenOver: (error) => (this.halted = error),
      onNotice: (error) => this.notices.push(error),
      ...change
    });
  }

  /** Starts, as far as virtual time must pass for it. */
  start(options: StartOptions = {}): Promise<void> {
    return this.world.clock.during(this.backup.start(options));
  }

  /** One turn: a local transaction, of which the backup is told. An undefined value removes the row. */
  async write(...rows: [RowKey, string | Uint8Array | undefined][]): Promise<void> {
    await this.disk.commit({
      puts: rows.flatMap(([key, value]) =>
        value === undefined ? [] : [{ row: key, value: typeof value === 'string' ? bytes(value) : value }]
      ),
      removes: rows.flatMap(([key, value]) => (value === undefined ? [key] : []))
    });
    this.backup.committed();
  }

  /** A turn that waits for the server. */
  async writeAcknowledged(...rows: [RowKey, string | Uint8Array | undefined][]): Promise<void> {
    await this.write(...rows);
    await this.world.clock.during(this.backup.beforePersisted());
  }

  /** Every replicated row with its value, as text. */
  async content(): Promise<Record<string, string>> {
    return contentOf(this.disk);
  }

  /** Dies without a word; what is on its disk stays. */
  kill(): void {
    this.backup.close();
  }
}

/** A server, a clock, and devices. */
export class BackupWorld {
  readonly clock = new VirtualClock();
  readonly server = new MemoryVss();

  device(name: string, change: Partial<BackupOptions> = {}): SimDevice {
    return new SimDevice(this, name, change);
  }

  /** A device that has started. */
  async started(name: string, change: Partial<BackupOptions> = {}, options: StartOptions = {}): Promise<SimDevice> {
    const device = this.device(name, change);
    await device.start(options);
    return device;
  }

  /** What a device with nothing but the words would have after a restore; it takes over whoever runs. */
  async restored(mode: BackupMode = 'acknowledged'): Promise<Record<string, string>> {
    const device = await this.started(`probe-${Math.floor(this.clock.nowMs())}`, { mode }, { choice: 'take_over' });
    const content = await device.content();
    await this.clock.during(device.backup.release());
    return content;
  }
}

/** Every row of a disk with its value, as text. */
export async function contentOf(disk: Disk): Promise<Record<string, string>> {
  const rows = await disk.allRows();
  const values = await disk.readMany(rows);
  return Object.fromEntries(rows.map((key, index) => [rowId(key), new TextDecoder().decode(values[index])]));
}
