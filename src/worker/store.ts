// Owns the rows on their way to the disk: what is staged is visible at once, goes down as one transaction, and is never dropped, whatever the disk says (invariants 2 to 4).
import { TernError } from '../wire/errors.js';
import { systemClock, type Clock } from './clock.js';
import { CrashableDisk, type CrashPoint } from './crash.js';
import type { Disk, DiskBatch, RowKey } from './disk.js';
import { changesOf, creationOf, mergeKeys, type KeyChanges, type StagedRows } from './overlay.js';
import { isFullMonitorRow, rowId } from './rows.js';

/** How the disk takes the commits. `full` and `unavailable`: the commit waits and is tried again. `crashed`: tests only, see `CrashPoint`. */
export type StoreState =
  | { kind: 'ready' }
  | { kind: 'full'; error: TernError }
  | { kind: 'unavailable'; error: TernError }
  | { kind: 'crashed' };

/** A transaction that is durable. */
export interface Commit {
  /** `commitCount` at the time: grows from commit to commit. */
  number: number;
  /** The rows it wrote or removed; empty when nothing was staged. */
  rows: RowKey[];
  /** It wrote a channel monitor that the disk did not have. */
  stagedNewMonitor: boolean;
}

export interface StoreOptions {
  crashAt?: CrashPoint;
  clock?: Clock;
  onState?: (state: StoreState) => void;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/**
 * Staged rows over a disk. Once a node runs, only `Turns` commits: a row must not reach the disk without the manager of its turn.
 * Reads answer with the state at the time of the call.
 */
export class Store {
  /** The disk underneath, for what bypasses the turns (outbox, local values). Its commits count, and it dies with the store. */
  readonly disk: Disk;
  readonly #disk: CrashableDisk;
  readonly #clock: Clock;
  readonly #onState: (state: StoreState) => void;
  #staged: StagedRows = new Map();
  #inFlight: StagedRows = new Map();
  #committing: Promise<unknown> | undefined;
  #state: StoreState = { kind: 'ready' };

  constructor(disk: Disk, options: StoreOptions = {}) {
    this.#disk = new CrashableDisk(disk, options.crashAt, () => this.#enter({ kind: 'crashed' }));
    this.disk = this.#disk;
    this.#clock = options.clock ?? systemClock;
    this.#onState = options.onState ?? (() => undefined);
  }

  /** Commits begun through this store's disk so far: a harness runs a story once to learn how many it has, then crashes at each. */
  get commitCount(): number {
    return this.#disk.commitCount;
  }

  /** Dies now, as at a crash point: tests only. */
  crash(): void {
    this.#disk.die();
  }

  get state(): StoreState {
    return this.#state;
  }

  /** The value of a row, as staged or else as on disk. */
  read(row: RowKey): Promise<Uint8Array | undefined> {
    const id = rowId(row);
    const staged = this.#staged.get(id) ?? this.#inFlight.get(id);
    if (staged) return this.#disk.whileAlive(Promise.resolve(staged.value && new Uint8Array(staged.value)));
    return this.#disk.read(row);
  }

  /** Keys of a namespace, ascending. */
  async list(primary: string, secondary: string): Promise<string[]> {
    const changes = this.#changesOf(primary, secondary);
    return mergeKeys(await this.#disk.list(primary, secondary), changes);
  }

  /** A page of keys as `Disk.listPage` gives it, staged rows included. Keys that were first staged in one turn count as created in that order. */
  async listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]> {
    const changes = this.#changesOf(primary, secondary);
    if (changes.length === 0) return this.#disk.listPage(primary, secondary, limit, before);
    const changed = [...new Set(changes.flat().map(({ key }) => key))];
    const enough = limit + changed.length;
    // The three reads start in one task, so that they see the same state.
    const [values, top, rest] = await Promise.all([
      this.#disk.readMany(changed.map((key) => ({ primary, secondary, key }))),
      this.#disk.listPage(primary, secondary, enough),
      this.#disk.listPage(primary, secondary, enough, before)
    ]);
    const { created, gone } = creationOf(changes, new Set(changed.filter((_, index) => values[index] !== undefined)));
    const stays = (key: string) => !gone.has(key);
    if (before === undefined) return [...created, ...top.filter(stays)].slice(0, limit);
    const cursor = created.indexOf(before);
    if (cursor >= 0) return [...created.slice(cursor + 1), ...top.filter(stays)].slice(0, limit);
    return gone.has(before) ? [] : rest.filter(stays).slice(0, limit);
  }

  /** Stages a row for the next commit; the last write of a row wins. The bytes are copied. */
  stage(row: RowKey, value: Uint8Array): void {
    this.#staged.set(rowId(row), { row, value: new Uint8Array(value) });
  }

  /** Stages the removal of a row. */
  stageRemove(row: RowKey): void {
    this.#staged.set(rowId(row), { row, value: undefined });
  }

  /** True when rows wait for a commit that has not begun. */
  hasStaged(): boolean {
    return this.#staged.size > 0;
  }

  /**
   * Takes all that is staged, at once if no commit is under way, and commits it as one transaction. A fault that may pass (`storage_full`,
   * `storage_unavailable`) shows in the state and is retried without end; any other rejects, and the rows stay staged.
   * Resolves when every row staged before the call is durable.
   */
  async commit(): Promise<Commit> {
    while (this.#committing) await this.#committing.catch(() => undefined);
    if (!this.hasStaged()) {
      return this.#disk.whileAlive(Promise.resolve({ number: this.commitCount, rows: [], stagedNewMonitor: false }));
    }
    const committing = this.#commitStaged();
    this.#committing = committing;
    try {
      return await committing;
    } finally {
      this.#committing = undefined;
    }
  }

  async #commitStaged(): Promise<Commit> {
    this.#inFlight = this.#staged;
    this.#staged = new Map();
    try {
      const batch = toBatch(this.#inFlight);
      const commit = await this.#untilItHolds(batch);
      this.#inFlight = new Map();
      return commit;
    } catch (thrown) {
      // Whatever was staged meanwhile is newer, so it lies on top.
      this.#staged = new Map([...this.#inFlight, ...this.#staged]);
      this.#inFlight = new Map();
      throw TernError.from(thrown);
    }
  }

  async #untilItHolds(batch: DiskBatch): Promise<Commit> {
    let stagedNewMonitor: boolean | undefined;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      try {
        // Asked once: should a failed attempt have landed after all, the monitor is still new to everybody else.
        stagedNewMonitor ??= await this.#hasNewMonitor(batch);
        await this.#disk.commit(batch);
        this.#enter({ kind: 'ready' });
        const rows = [...batch.puts.map(({ row }) => row), ...batch.removes];
        return { number: this.commitCount, rows, stagedNewMonitor };
      } catch (thrown) {
        const error = TernError.from(thrown);
        if (error.code === 'storage_full') this.#enter({ kind: 'full', error });
        else if (error.code === 'storage_unavailable') this.#enter({ kind: 'unavailable', error });
        else throw error;
        await this.#clock.sleep(retryMs);
      }
    }
  }

  async #hasNewMonitor(batch: DiskBatch): Promise<boolean> {
    const monitors = batch.puts.map(({ row }) => row).filter(isFullMonitorRow);
    if (monitors.length === 0) return false;
    const known = new Set(await this.#disk.list('monitors', ''));
    return monitors.some(({ key }) => !known.has(key));
  }

  #changesOf(primary: string, secondary: string): KeyChanges[] {
    return changesOf([this.#inFlight, this.#staged], primary, secondary);
  }

  #enter(state: StoreState): void {
    if (state.kind === this.#state.kind) return;
    this.#state = state;
    this.#onState(state);
  }
}

function toBatch(staged: StagedRows): DiskBatch {
  const batch: DiskBatch = { puts: [], removes: [] };
  for (const { row, value } of staged.values()) {
    if (value) batch.puts.push({ row, value });
    else batch.removes.push(row);
  }
  return batch;
}
