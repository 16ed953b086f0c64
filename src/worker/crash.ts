// Owns the crash hook: it counts the commits of a disk and, at the one named, dies as a killed process does: from then on nothing is written and nobody gets an answer.
import type { Disk, DiskBatch, OutboxEntry, RowKey } from './disk.js';
import { isEmptyBatch } from './rows.js';

/** Where to die. `before`: nothing of that commit reached the disk; `after`: the disk has it, but nobody was told. */
export interface CrashPoint {
  /** Counted from 1 over every commit through this disk that changes something. */
  commit: number;
  when: 'before' | 'after';
}

/** A disk that counts its commits and can die at one of them. Without a crash point it only counts. */
export class CrashableDisk implements Disk {
  readonly #disk: Disk;
  readonly #crashAt: CrashPoint | undefined;
  readonly #onCrash: () => void;
  #commitCount = 0;
  #isDead = false;

  constructor(disk: Disk, crashAt: CrashPoint | undefined, onCrash: () => void) {
    this.#disk = disk;
    this.#crashAt = crashAt;
    this.#onCrash = onCrash;
  }

  /** Commits that were begun so far, the crashing one included. A retry counts again. */
  get commitCount(): number {
    return this.#commitCount;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Passes an answer on while the process lives; afterwards it stays pending for ever. */
  async whileAlive<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } finally {
      if (this.#isDead) await never;
    }
  }

  async commit(batch: DiskBatch): Promise<void> {
    if (this.#isDead) await never;
    if (isEmptyBatch(batch)) return;
    this.#commitCount += 1;
    const crashes = this.#crashAt?.commit === this.#commitCount ? this.#crashAt.when : undefined;
    if (crashes === 'before') this.die();
    else await this.whileAlive(this.#disk.commit(batch));
    if (crashes === 'after') this.die();
    if (this.#isDead) await never;
  }

  read(row: RowKey): Promise<Uint8Array | undefined> {
    return this.whileAlive(this.#disk.read(row));
  }

  list(primary: string, secondary: string): Promise<string[]> {
    return this.whileAlive(this.#disk.list(primary, secondary));
  }

  listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]> {
    return this.whileAlive(this.#disk.listPage(primary, secondary, limit, before));
  }

  outbox(): Promise<OutboxEntry[]> {
    return this.whileAlive(this.#disk.outbox());
  }

  readMany(rows: RowKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.whileAlive(this.#disk.readMany(rows));
  }

  allRows(): Promise<RowKey[]> {
    return this.whileAlive(this.#disk.allRows());
  }

  readLocal(name: string): Promise<Uint8Array | undefined> {
    return this.whileAlive(this.#disk.readLocal(name));
  }

  listLocal(prefix: string): Promise<string[]> {
    return this.whileAlive(this.#disk.listLocal(prefix));
  }

  isEmpty(): Promise<boolean> {
    return this.whileAlive(this.#disk.isEmpty());
  }

  /** Closes the disk underneath; works when dead too, so that a test can release it. */
  close(): Promise<void> {
    return this.#disk.close();
  }

  /** Dies now, between two commits. */
  die(): void {
    this.#isDead = true;
    this.#onCrash();
  }
}

/** What a dead process answers. */
const never = new Promise<never>(() => undefined);
