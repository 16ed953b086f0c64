// Owns the end of a session's writes: once ended, no commit that the session still holds or retries ever reaches the disk of the next one.
import type { Disk, DiskBatch, OutboxEntry, RowKey } from './disk.js';

const never = new Promise<never>(() => undefined);

/** A disk lent to one session. Without this a commit that waited for space could land late, over newer channel state. */
export class SessionDisk implements Disk {
  readonly #disk: Disk;
  readonly #underWay = new Set<Promise<void>>();
  #isEnded = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async commit(batch: DiskBatch): Promise<void> {
    if (this.#isEnded) await never;
    const commit = this.#disk.commit(batch);
    this.#underWay.add(commit);
    try {
      await commit;
    } finally {
      this.#underWay.delete(commit);
    }
  }

  /** Resolves when the commits under way are done. Later ones stay pending for ever. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await Promise.allSettled(this.#underWay);
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

  /** The disk stays open: it is the next session's too. */
  close(): Promise<void> {
    return this.end();
  }
}
