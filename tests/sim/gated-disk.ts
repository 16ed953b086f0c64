// Owns the faults of a disk in tests: a commit can be held before it lands, or before its caller hears of it, and can be made to fail.
import type { DiskBatch } from '../../src/worker/disk.js';
import { MemoryDisk } from './memory-disk.js';

/** A memory disk whose commits wait while it is held. */
export class GatedDisk extends MemoryDisk {
  /** Every batch that landed, in order. */
  readonly landed: DiskBatch[] = [];
  #isHeld = false;
  #waiting: (() => void)[] = [];
  #failures: Error[] = [];

  /** From now on each commit stops twice, before it lands and before it resolves, until `step` or `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Lets whatever waits go one stop further. */
  step(): void {
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  release(): void {
    this.#isHeld = false;
    this.step();
  }

  /** The next commits fail with these, one each, and land nowhere. */
  failNext(...errors: Error[]): void {
    this.#failures.push(...errors);
  }

  override async commit(batch: DiskBatch): Promise<void> {
    await this.#gate();
    const failure = this.#failures.shift();
    if (failure) throw failure;
    await super.commit(batch);
    this.landed.push(batch);
    await this.#gate();
  }

  async #gate(): Promise<void> {
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
