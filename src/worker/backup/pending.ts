// Owns what is shown of the rows that the server does not have yet: how many, how large, since when. It is read from the outbox, never guessed.
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';

/** Sizes are read again only so often while rows keep coming. */
const MEASURE_EVERY_MS = 1_000;

/** What the outbox holds. */
export class Pending {
  keys = 0;
  bytes = 0;
  sinceMs: number | undefined;
  #measuredAtMs = -Infinity;
  #lastGeneration = -1;

  constructor(
    private readonly disk: Disk,
    private readonly clock: Clock
  ) {}

  /** Rows were committed that the outbox has marked. */
  grew(): void {
    this.keys = Math.max(1, this.keys);
    this.sinceMs ??= this.clock.nowMs();
  }

  /** Counts the outbox. `lastCommitMs`: since when rows of an earlier session may have waited. */
  async count(lastCommitMs?: number): Promise<void> {
    const outbox = await this.disk.outbox();
    this.keys = outbox.length;
    if (outbox.length === 0) {
      this.bytes = 0;
      this.sinceMs = undefined;
      this.#lastGeneration = -1;
      return;
    }
    this.sinceMs ??= lastCommitMs ?? this.clock.nowMs();
    const generation = outbox.at(-1)?.generation ?? 0;
    const nowMs = this.clock.nowMs();
    if (generation === this.#lastGeneration || nowMs - this.#measuredAtMs < MEASURE_EVERY_MS) return;
    this.#lastGeneration = generation;
    this.#measuredAtMs = nowMs;
    const values = await this.disk.readMany(outbox.map(({ row }) => row));
    this.bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
  }
}
