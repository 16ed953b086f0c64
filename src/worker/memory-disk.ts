// Owns a disk in memory: nothing outlives the process, but a clone of it can be opened as a new process would.
import type { Disk, DiskBatch, OutboxEntry, RowKey } from './disk.js';
import { DiskContent, type ContentSnapshot } from './disk-content.js';

/** A `Disk` in memory. Every commit is durable at once. */
export class MemoryDisk implements Disk {
  readonly #content: DiskContent;

  constructor(content = new DiskContent()) {
    this.#content = content;
  }

  /** A disk with what is durable now, as a new process would find it; the two have nothing in common afterwards. */
  clone(): MemoryDisk {
    return new MemoryDisk(DiskContent.fromSnapshot(this.#content.toSnapshot()));
  }

  /** All that is durable, as plain data. */
  toSnapshot(): ContentSnapshot {
    return this.#content.toSnapshot();
  }

  async read(row: RowKey): Promise<Uint8Array | undefined> {
    return this.#content.read(row);
  }

  async list(primary: string, secondary: string): Promise<string[]> {
    return this.#content.list(primary, secondary);
  }

  async listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]> {
    return this.#content.listPage(primary, secondary, limit, before);
  }

  async commit(batch: DiskBatch): Promise<void> {
    this.#content.apply(batch);
  }

  async outbox(): Promise<OutboxEntry[]> {
    return this.#content.outbox();
  }

  async readMany(rows: RowKey[]): Promise<(Uint8Array | undefined)[]> {
    return rows.map((row) => this.#content.read(row));
  }

  async allRows(): Promise<RowKey[]> {
    return this.#content.allRows();
  }

  async readLocal(name: string): Promise<Uint8Array | undefined> {
    return this.#content.readLocal(name);
  }

  async listLocal(prefix: string): Promise<string[]> {
    return this.#content.listLocal(prefix);
  }

  async isEmpty(): Promise<boolean> {
    return this.#content.isEmpty();
  }

  async close(): Promise<void> {
    // Memory holds nothing that would have to be given back.
  }
}
