// Owns the pace of the backup: it follows the outbox, repeats what failed, renews the owner record, and stops for good when another device took over.
import { TernError } from '../../wire/errors.js';
import type { Clock } from '../clock.js';
import type { Committer } from './commit.js';
import type { Gate } from './gate.js';
import { retryDelayMs, type Waker } from './retry.js';

/** How often the record is read again, or renewed, while there is nothing else to write. */
const BEAT_MS = 30_000;
/** *Last seen* in the record is never older than five minutes. */
const RENEW_MS = 5 * 60_000 - BEAT_MS;
/** How long a goodbye may take. */
const RELEASE_MS = 5_000;

export interface ReplicatorOptions {
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  gate: Gate;
  waker: Waker;
  /** Something that is shown changed. */
  onChange: () => void;
  /** Called once: nothing is written any more. */
  onTakenOver: (error: TernError) => void;
}

/** Drives a committer from its claim to its release. */
export class Replicator {
  readonly #options: ReplicatorOptions;
  readonly #committer: Committer;
  #turn: Promise<unknown> = Promise.resolve();
  #isWanted = false;
  #isLooping = false;
  #isOver = false;
  #isVisible = true;
  #failures = 0;
  #failedAt: bigint | undefined;
  #lastError: TernError | undefined;
  #cancelBeat: () => void = () => undefined;

  constructor(committer: Committer, options: ReplicatorOptions) {
    this.#committer = committer;
    this.#options = options;
    this.#beatLater();
  }

  /** The last failure, until the next success. */
  get lastError(): TernError | undefined {
    return this.#lastError;
  }

  /** Rows were committed: the server should have them. */
  wake(): void {
    this.#isWanted = true;
    if (!this.#isLooping && !this.#isOver) void this.#loop();
  }

  /** The network is back or the user is: whatever waits for its time need not, and later pauses begin short again. */
  hurry(): void {
    this.#failedAt = undefined;
    this.#options.waker.wake();
    this.wake();
  }

  setVisible(isVisible: boolean): void {
    const cameBack = isVisible && !this.#isVisible;
    this.#isVisible = isVisible;
    if (!cameBack) return;
    this.#options.waker.wake();
    void this.#beat();
  }

  /** One attempt, now: resolves when everything on disk is on the server. */
  async drain(): Promise<void> {
    this.#options.waker.endSleep();
    await this.#attempt(true, () => this.#drainOnce());
  }

  /** Puts the owner record anew. */
  renew(): Promise<void> {
    return this.#attempt(false, () => this.#committer.renew(true));
  }

  /** Resolves when what is under way has ended, well or not. */
  ended(): Promise<void> {
    return this.hold(() => Promise.resolve());
  }

  /** Reads the owner record anew: are we still the owner? */
  confirm(): Promise<void> {
    return this.#attempt(false, () => this.#committer.check());
  }

  /** Runs something while no commit does. */
  hold<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run, run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Last commit, then goodbye, as far as the server can be reached in time. Nothing is written afterwards. */
  async release(): Promise<void> {
    if (this.#isOver) return;
    this.#options.waker.wake();
    const goodbye = this.hold(async () => {
      await this.#drainOnce();
      await this.#committer.renew(false);
    }).catch(() => undefined);
    await Promise.race([goodbye, this.#options.clock.sleep(RELEASE_MS)]);
    this.stop();
  }

  /** Ends the work here; what is under way comes to nothing. */
  stop(): void {
    this.#isOver = true;
    this.#cancelBeat();
    this.#options.waker.wake();
  }

  async #loop(): Promise<void> {
    this.#isLooping = true;
    while (this.#isWanted && !this.#isOver) {
      this.#isWanted = false;
      try {
        await this.#attempt(true, () => this.#drainOnce());
      } catch {
        this.#isWanted = true;
        if (!this.#isOver) await this.#options.waker.sleep(retryDelayMs(this.#failures, this.#options.random));
      }
    }
    this.#isLooping = false;
  }

  async #drainOnce(): Promise<void> {
    let isAnswered = false;
    while (!this.#isOver && (await this.#committer.step())) isAnswered = true;
    // With nothing to send, only a question shows that the server is there again.
    if (!this.#isOver && !isAnswered && this.#lastError) await this.#committer.check();
  }

  /** Runs in its turn, and notes how it went. */
  async #attempt(isDrain: boolean, run: () => Promise<void>): Promise<void> {
    try {
      await this.hold(run);
      if (isDrain || !this.#isLooping) {
        this.#failures = 0;
        this.#lastError = undefined;
      }
      this.#options.onChange();
    } catch (thrown) {
      const error = TernError.from(thrown);
      if (this.#isOver) throw error;
      // Failures are counted from the last commit that got through.
      const { commitId } = this.#committer.state;
      this.#failures = commitId === this.#failedAt ? this.#failures + 1 : 1;
      this.#failedAt = commitId;
      this.#lastError = error;
      if (error.code === 'taken_over') await this.#takenOver(error);
      this.#options.onChange();
      throw error;
    }
  }

  async #takenOver(error: TernError): Promise<void> {
    this.stop();
    // First the node: nobody may sign while the note is written.
    this.#options.onTakenOver(error);
    this.#options.gate.close(error);
    this.#committer.abandon();
    await this.#committer.markSuperseded(error.cause).catch(() => undefined);
  }

  #beatLater(): void {
    this.#cancelBeat();
    this.#cancelBeat = this.#options.clock.setTimer(BEAT_MS, () => void this.#beat());
  }

  /** Still the owner? While work is waiting to be repeated, that asks the same question. */
  async #beat(): Promise<void> {
    if (this.#isOver) return;
    const isDue = this.#options.clock.nowMs() - this.#committer.putAtMs >= RENEW_MS;
    try {
      if (isDue) await this.#attempt(false, () => this.#committer.renew(true));
      else if (this.#isVisible) await this.confirm();
    } catch {
      // Noted by the attempt; the next beat comes anyway.
    }
    if (this.#isOver) return;
    if (this.#committer.state.refill) this.wake();
    this.#beatLater();
  }
}
