// Owns the disk as a process sees it: commits take time and land in order, and once the process is dead none of them lands or answers.
import type { Disk, DiskBatch, OutboxEntry, RowKey } from '../../src/worker/disk.js';
import type { MemoryDisk } from '../../src/worker/memory-disk.js';

export interface DiskSeam {
  /** Runs a commit later, in the order of the calls. */
  land: (commit: () => void) => void;
  /** False: the process is dead, or died here. */
  point: (when: 'commit' | 'committed', batch: DiskBatch) => boolean;
  landed: (batch: DiskBatch) => void;
}

const never = new Promise<never>(() => undefined);

/** A disk that outlives the process on it. */
export class SeamDisk implements Disk {
  readonly #disk: MemoryDisk;
  readonly #seam: DiskSeam;

  constructor(disk: MemoryDisk, seam: DiskSeam) {
    this.#disk = disk;
    this.#seam = seam;
  }

  async commit(batch: DiskBatch): Promise<void> {
    await new Promise<void>((resolve) => this.#seam.land(resolve));
    if (!this.#seam.point('commit', batch)) return never;
    await this.#disk.commit(batch);
    this.#seam.landed(batch);
    if (!this.#seam.point('committed', batch)) return never;
  }

  read(row: RowKey): Promise<Uint8Array | undefined> {
    return this.#disk.read(row);
  }

  list(primary: string, secondary: string): Promise<string[]> {
    return this.#disk.list(primary, secondary);
  }

  listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]> {
    return this.#disk.listPage(primary, secondary, limit, before);
  }

  outbox(): Promise<OutboxEntry[]> {
    return this.#disk.outbox();
  }

  readMany(rows: RowKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#disk.readMany(rows);
  }

  allRows(): Promise<RowKey[]> {
    return this.#disk.allRows();
  }

  readLocal(name: string): Promise<Uint8Array | undefined> {
    return this.#disk.readLocal(name);
  }

  listLocal(prefix: string): Promise<string[]> {
    return this.#disk.listLocal(prefix);
  }

  isEmpty(): Promise<boolean> {
    return this.#disk.isEmpty();
  }

  async close(): Promise<void> {
    // The disk is the device's, not the process's.
  }
}
