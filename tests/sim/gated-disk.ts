// Owns the faults of a disk in tests: a commit can be held before it lands, or before its caller hears of it, and can be made to fail.
import type { DiskBatch, RowKey } from '../../src/worker/disk.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';

/** A memory disk whose commits wait while it is held. */
export class GatedDisk extends MemoryDisk {
  /** Every batch that landed, in order. */
  readonly landed: DiskBatch[] = [];
  #isHeld = false;
  #areReadsHeld = false;
  #waiting: (() => void)[] = [];
  #failures: Error[] = [];

  /** From now on each commit stops twice, before it lands and before it resolves, until `step` or `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** From now on each read sees the disk as it is, but answers only at the next `step` or `release`. */
  holdReads(): void {
    this.#areReadsHeld = true;
  }

  /** Lets whatever waits go one stop further. */
  step(): void {
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  release(): void {
    this.#isHeld = false;
    this.#areReadsHeld = false;
    this.step();
  }

  /** The next commits fail with these, one each, and land nowhere. */
  failNext(...errors: Error[]): void {
    this.#failures.push(...errors);
  }

  override async commit(batch: DiskBatch): Promise<void> {
    await this.#gate(this.#isHeld);
    const failure = this.#failures.shift();
    if (failure) throw failure;
    await super.commit(batch);
    this.landed.push(batch);
    await this.#gate(this.#isHeld);
  }

  override read(row: RowKey): Promise<Uint8Array | undefined> {
    return this.#answer(super.read(row));
  }

  override readMany(rows: RowKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#answer(super.readMany(rows));
  }

  override list(primary: string, secondary: string): Promise<string[]> {
    return this.#answer(super.list(primary, secondary));
  }

  override listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]> {
    return this.#answer(super.listPage(primary, secondary, limit, before));
  }

  async #answer<T>(read: Promise<T>): Promise<T> {
    await this.#gate(this.#areReadsHeld);
    return read;
  }

  async #gate(isHeld: boolean): Promise<void> {
    if (isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
