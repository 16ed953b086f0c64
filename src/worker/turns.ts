// Owns the turn: cut, commit, deliver, in that order and never otherwise. Nothing leaves the worker before the commit of the turn that made it (invariants 1, 4 and 5).
import type { Output } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { Clock } from './clock.js';
import type { RowKey } from './disk.js';
import { isMonitorRow } from './rows.js';
import type { Commit, Store } from './store.js';

/** What a turn needs of the node: stage what belongs to the turn, hand out what it wants to send. */
export interface TurnNode {
  /** `isAnswering`: somebody waits for the turn to be durable. */
  cut(isAnswering: boolean): Output[];
}

/** The backup's hold on a turn (acknowledged mode). A rejection halts the node with its code. */
export interface Replicate {
  /** Called for every commit of rows, before the two below. Holds nothing. */
  committed(commit: Commit): void;
  /** Called for a commit with a new monitor, before its outputs and all later ones go out. */
  beforeOutputs(commit: Commit): Promise<void>;
  /** Called for a commit with monitor rows, before LDK hears that they are persisted. Covers every commit up to this one. */
  beforePersisted(commit: Commit): Promise<void>;
}

export interface TurnsOptions {
  store: Store;
  clock: Clock;
  /** Sends a turn's outputs into the world. Must not throw: that halts the node. */
  deliver: (outputs: Output[]) => void;
  /** Called once. Nothing is committed, delivered or resolved afterwards. */
  onHalt: (error: TernError) => void;
  replicate?: Replicate;
}

interface Flush {
  resolve: () => void;
  reject: (error: TernError) => void;
}

/** One turn after its commit. */
interface Turn {
  outputs: Output[];
  /** Absent: nothing was staged, and no write waited. */
  commit: Commit | undefined;
  /** Resolve the monitor writes of this commit. */
  writes: (() => void)[];
  flushes: Flush[];
}

const NO_HOLD = Promise.resolve();

/**
 * The commit driver. It runs in tasks of its own, so it also cuts and commits while LDK waits for a write in the middle of its work.
 * One commit runs at a time; what is staged meanwhile goes together into the next.
 */
export class Turns {
  /** Absent: no backup holds anything. May change while the node runs. */
  replicate: Replicate | undefined;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #deliver: (outputs: Output[]) => void;
  readonly #onHalt: (error: TernError) => void;
  #node: TurnNode | undefined;
  #isScheduled = false;
  #isRunning = false;
  /** Woken since the last cut. */
  #isWanted = false;
  #writes: (() => void)[] = [];
  readonly #flushes = new Set<Flush>();
  #delivered: Promise<void> = Promise.resolve();
  #persisted: Promise<void> = Promise.resolve();
  #halted: TernError | undefined;

  constructor(options: TurnsOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#deliver = options.deliver;
    this.#onHalt = options.onHalt;
    this.replicate = options.replicate;
  }

  /** From now on turns cut this node. Before, while the node loads, they only commit what it writes. */
  attach(node: TurnNode): void {
    this.#node = node;
    this.wake();
  }

  /** The node is stopped and about to be freed: turns only commit again. */
  detach(): void {
    this.#node = undefined;
  }

  /** Asks for a turn as soon as the executor is idle. Any number of calls make one. */
  wake(): void {
    this.#isWanted = true;
    if (this.#isScheduled || this.#isRunning || this.#isOver) return;
    this.#isScheduled = true;
    this.#clock.macrotask(() => void this.#run());
  }

  /** `NodeHost.write`: stages at once; resolves then, or for a monitor row when it is durable. Never rejects. */
  write(row: RowKey, value: Uint8Array): Promise<void> {
    this.#store.stage(row, value);
    this.wake();
    if (!isMonitorRow(row)) return Promise.resolve();
    return new Promise((resolve) => this.#writes.push(resolve));
  }

  /** `NodeHost.remove`: stages at once and resolves. Never rejects. */
  remove(row: RowKey): Promise<void> {
    this.#store.stageRemove(row);
    this.wake();
    return Promise.resolve();
  }

  /**
   * Resolves when all that was staged or waiting to go out is committed and delivered: answers of the API wait for it before they leave the
   * worker. Rejects with the error that halted the node.
   */
  flush(): Promise<void> {
    if (this.#halted) return Promise.reject(this.#halted);
    return new Promise((resolve, reject) => {
      this.#flushes.add({ resolve, reject });
      this.wake();
    });
  }

  /** Stops for good: nothing is cut, committed, delivered or resolved any more. */
  halt(error: TernError): void {
    if (this.#halted) return;
    this.#halted = error;
    for (const flush of this.#flushes) flush.reject(error);
    this.#flushes.clear();
    this.#writes = [];
    this.#onHalt(error);
  }

  /** Halted, or dead at a crash point. */
  get #isOver(): boolean {
    return this.#halted !== undefined || this.#store.state.kind === 'crashed';
  }

  async #run(): Promise<void> {
    this.#isScheduled = false;
    if (this.#isOver) return;
    this.#isRunning = true;
    try {
      const outputs = this.#cut();
      const writes = this.#writes.splice(0);
      const flushes = [...this.#flushes];
      const commit = this.#store.hasStaged() || writes.length > 0 ? await this.#store.commit() : undefined;
      if (!this.#isOver) this.#release({ outputs, commit, writes, flushes });
    } catch (thrown) {
      this.halt(TernError.from(thrown));
    }
    this.#isRunning = false;
    if (this.#isWanted) this.wake();
  }

  #cut(): Output[] {
    try {
      const outputs = this.#node?.cut(this.#flushes.size > 0) ?? [];
      // What the cut itself staged is in this turn's commit: it needs no turn of its own.
      this.#isWanted = false;
      return outputs;
    } catch (thrown) {
      throw haltedBy(thrown);
    }
  }

  /** The turn is durable: its outputs follow those of all turns before, its writes resolve after its outputs. */
  #release(turn: Turn): void {
    const { commit } = turn;
    if (commit && commit.rows.length > 0) this.replicate?.committed(commit);
    // Both holds start now, so that the backup works while earlier turns still wait.
    const outputsHold = (commit?.stagedNewMonitor && this.replicate?.beforeOutputs(commit)) || NO_HOLD;
    const writesHold = (commit && turn.writes.length > 0 && this.replicate?.beforePersisted(commit)) || NO_HOLD;
    this.#delivered = this.#after([this.#delivered, outputsHold], () => {
      if (turn.outputs.length > 0) this.#deliverOrHalt(turn.outputs);
      for (const flush of turn.flushes) this.#settle(flush);
    });
    if (turn.writes.length === 0) return;
    this.#persisted = this.#after([this.#persisted, this.#delivered, writesHold], () => {
      for (const resolve of turn.writes) resolve();
    });
  }

  /** Runs `step` once all are done, unless it is all over by then; one that fails halts. Never rejects. */
  async #after(all: Promise<void>[], step: () => void): Promise<void> {
    try {
      await Promise.all(all);
      if (!this.#isOver) step();
    } catch (thrown) {
      this.halt(TernError.from(thrown));
    }
  }

  #deliverOrHalt(outputs: Output[]): void {
    try {
      this.#deliver(outputs);
    } catch (thrown) {
      throw haltedBy(thrown);
    }
  }

  #settle(flush: Flush): void {
    this.#flushes.delete(flush);
    flush.resolve();
  }
}

function haltedBy(thrown: unknown): TernError {
  const { cause } = TernError.from(thrown);
  return new TernError(
    'node_halted',
    `The node stopped itself: ${cause}`,
    'Reload the wallet; your money is as it was after the last complete step.'
  );
}
