// Owns the backup of one wallet on one device: it starts from the server's record, holds the node's turns in acknowledged mode, and says truly how far the server is.
import { TernError } from '../../wire/errors.js';
import type { BackupInfo, BackupMode, BackupVerification } from '../api.js';
import type { BackupStart, Backup as SessionBackup } from '../backup-seam.js';
import { notClaimed } from './claim-errors.js';
import { Committer } from './commit.js';
import { drill } from './drill.js';
import { Gate } from './gate.js';
import { stateRow, type LedgerState, type QuarantineReason } from './ledger.js';
import { claimLater, claimWhenever, storeFirst, type Opening } from './opening.js';
import { makeParts, type BackupOptions } from './options.js';
import type { BackupParts } from './parts.js';
import { Pending } from './pending.js';
import { Replicator } from './replicator.js';
import { Waker } from './retry.js';

/** What a peer's dial in local-first mode, or a refusal, waits for the server's word: with the server there it takes a round trip. */
const MOMENT_MS = 2_000;

/** See the seam. */
export type StartOptions = BackupStart;

/** The backup; `start` before the node loads, `release` after it stopped. */
export class Backup implements SessionBackup {
  readonly #options: BackupOptions;
  readonly #parts: BackupParts;
  readonly #gate = new Gate();
  readonly #waker: Waker;
  readonly #pending: Pending;
  #mode: BackupMode;
  #committer: Committer | undefined;
  #replicator: Replicator | undefined;
  #booked: LedgerState | undefined;
  /** Every peer agreed before the store was claimed: the claimed state is not in doubt. */
  #isAgreed = false;
  #error: TernError | undefined;
  #notice: TernError | undefined;
  #takenOver: TernError | undefined;
  #isClosed = false;
  #lastShown = '';

  /** Throws `insecure_url` or `invalid_url`. No request is made yet. */
  constructor(options: BackupOptions) {
    this.#options = options;
    this.#mode = options.mode;
    this.#waker = new Waker(options.clock);
    this.#pending = new Pending(options.disk, options.clock);
    this.#parts = makeParts(options, () => this.#mode);
  }

  /**
   * Resolves when the node may load: the store is ours, an empty device restored, and in acknowledged mode everything on disk on the server.
   * While the server is away that takes as long as it is away; `setMode('local-first')` ends the wait. Rejects with what a user must decide:
   * `owned_elsewhere`, `backup_incomplete`, `backup_stale`, `backup_seal_broken`, `backup_conflict`, `backup_schema_too_new`, or with what
   * only settings can mend.
   */
  async start(options: StartOptions = {}): Promise<void> {
    options.signal?.addEventListener('abort', () => this.#waker.wake(), { once: true });
    this.#booked = await this.#parts.ledger.state();
    await this.#pending.count(this.#booked?.committedAtMs);
    const opening = this.#opening(options);
    const claimed = await claimWhenever(opening);
    if (claimed === undefined) return this.#startUnclaimed(opening);
    const replicator = this.#run(claimed);
    await storeFirst(opening, () => replicator.drain());
    replicator.wake();
  }

  /** Asks the server for the owner record and leaves it as it is. Rejects where this server could not be used. */
  async probe(): Promise<void> {
    await this.#parts.desk.read();
  }

  /** The node's turns: in acknowledged mode they wait until the server has everything that is on disk now. */
  beforeOutputs(): Promise<void> {
    return this.#untilStored();
  }

  beforePersisted(): Promise<void> {
    return this.#untilStored();
  }

  /** Rows were committed, whether or not anybody waits for them. */
  committed(): void {
    this.#pending.grew();
    this.#replicator?.wake();
  }

  /** Why the node must neither broadcast nor sign until its peers agree (invariant 8). */
  get quarantine(): QuarantineReason | undefined {
    return this.#state?.quarantine;
  }

  /** Every peer agreed with the state that was restored. */
  async endQuarantine(): Promise<void> {
    const committer = this.#committer;
    this.#isAgreed = true;
    if (committer) await this.#replicator?.hold(() => committer.endQuarantine());
    else this.#booked &&= { ...this.#booked, quarantine: undefined };
    this.#changed();
  }

  /** Acknowledged mode, and the server does not answer as it should: what is begun now would wait for it. */
  get isPaused(): boolean {
    const isFailing = this.#error !== undefined || this.#replicator?.lastError !== undefined;
    return this.#mode === 'acknowledged' && (isFailing || !this.#committer);
  }

  /** See the seam. */
  async looked(): Promise<void> {
    await Promise.race([this.#replicator?.ended(), this.#options.clock.sleep(MOMENT_MS)]);
  }

  /** How far the server is. */
  info(): BackupInfo {
    const state = this.#state;
    const lastError =
      this.#takenOver ?? this.#error ?? this.#replicator?.lastError ?? (state?.refill ? this.#notice : undefined);
    return {
      state: this.#stateShown(),
      mode: this.#mode,
      vssUrl: this.#options.url,
      deviceName: this.#options.deviceName,
      deviceId: this.#options.deviceId,
      commitId: state?.commitId,
      committedAtMs: state?.committedAtMs,
      pendingKeys: this.#pending.keys,
      pendingBytes: this.#pending.bytes,
      behindSinceMs: this.#pending.sinceMs,
      storedKeys: state?.keys ?? 0,
      storedBytes: state?.bytes ?? 0,
      lastError: lastError?.toShape()
    };
  }

  /** Backs up now: resolves when the server has everything, rejects with why not. */
  async now(): Promise<void> {
    if (this.#takenOver) throw this.#takenOver;
    if (this.#replicator === undefined) {
      this.#waker.wake();
      throw this.#error ?? notClaimed();
    }
    await this.#replicator.drain();
    // With nothing to send, only a put shows that the server is there and we are its owner.
    await this.#replicator.renew();
    await this.#pending.count();
  }

  /** Downloads and checks everything, touches nothing. */
  verify(): Promise<BackupVerification> {
    return drill(this.#parts, (run) => this.#replicator?.hold(run) ?? run());
  }

  /** To `acknowledged`: resolves when the server has everything; until then turns wait. To `local-first`: nobody waits any more. */
  async setMode(mode: BackupMode): Promise<void> {
    this.#mode = mode;
    if (mode === 'local-first') this.#gate.open();
    this.#waker.wake();
    this.#changed();
    if (mode === 'acknowledged') return this.#untilStored();
    // The record says how far its owner can be trusted; should the server be away, the next renewal says it.
    void this.#replicator?.renew().catch(() => undefined);
  }

  /**
   * Are we still the owner? A device that takes over pushes the former out of its peers' connections: were that one to dial again, it would
   * show them old state. Acknowledged mode waits for the answer, local-first for a moment.
   */
  async confirmOwner(): Promise<void> {
    const answer = this.#replicator?.confirm();
    if (answer === undefined || this.#mode === 'acknowledged') return answer;
    await Promise.race([answer.catch(() => undefined), this.#options.clock.sleep(MOMENT_MS)]);
  }

  /** The user is there, or not: paces the heartbeat. */
  touch(visible: boolean): void {
    this.#replicator?.setVisible(visible);
  }

  /** The network is back: try at once. */
  wake(): void {
    this.#waker.wake();
    this.#replicator?.hurry();
  }

  /** Says goodbye to the server, as far as it can be reached within seconds, and ends. Call it after the node's last commit. */
  async release(): Promise<void> {
    await this.#replicator?.release();
    this.close();
  }

  /** Ends at once, without a word to the server. */
  close(): void {
    this.#isClosed = true;
    this.#replicator?.stop();
    this.#gate.close(closed());
    this.#committer?.abandon();
    this.#waker.wake();
    this.#parts.client.close();
  }

  get #state(): LedgerState | undefined {
    return this.#committer?.state ?? this.#booked;
  }

  #stateShown(): BackupInfo['state'] {
    const state = this.#state;
    if (this.#takenOver || (state?.supersededBy !== undefined && !this.#committer)) return 'taken_over';
    if (state?.quarantine !== undefined) return 'quarantined';
    if (this.isPaused) return 'paused';
    return this.#pending.keys > 0 || !this.#committer || state?.refill ? 'behind' : 'up_to_date';
  }

  #untilStored(): Promise<void> {
    this.committed();
    return this.#mode === 'local-first' ? Promise.resolve() : this.#gate.pass();
  }

  #opening(options: StartOptions): Opening {
    const { choice, onProgress, signal } = options;
    return {
      parts: this.#parts,
      waker: this.#waker,
      claim: { choice, onProgress, signal, onServerBehind: (error) => this.#noticed(error) },
      isNewWallet: this.#options.isNewWallet === true,
      onError: (error) => {
        this.#error = error;
        this.#changed();
      },
      throwIfOver: () => this.#throwIfOver(signal)
    };
  }

  /** Somebody may have taken over while this device was away: until the claim is made the state is in doubt. */
  async #startUnclaimed(opening: Opening): Promise<void> {
    // The attempt to claim may have booked a commit that had landed.
    const state = await this.#parts.ledger.state();
    if (state) {
      this.#booked = { ...state, quarantine: state.quarantine ?? 'unclaimed' };
      await this.#parts.disk.commit({ puts: [], removes: [], local: [stateRow(this.#booked)] });
    }
    claimLater(opening).then(
      (claimed) => this.#run(this.#isAgreed ? { ...claimed, quarantine: undefined } : claimed).wake(),
      (thrown: unknown) => this.#isClosed || this.#lost(TernError.from(thrown))
    );
  }

  #run(state: LedgerState): Replicator {
    this.#committer = new Committer(this.#parts, state, {
      gate: this.#gate,
      onServerBehind: (error) => this.#noticed(error)
    });
    this.#replicator = new Replicator(this.#committer, {
      clock: this.#options.clock,
      random: this.#options.random,
      gate: this.#gate,
      waker: this.#waker,
      onChange: () => this.#changed(),
      onTakenOver: (error) => this.#lost(error)
    });
    return this.#replicator;
  }

  #throwIfOver(signal: AbortSignal | undefined): void {
    if (!signal?.aborted && !this.#isClosed) return;
    this.close();
    throw closed();
  }

  #noticed(error: TernError): void {
    this.#notice = error;
    this.#options.onNotice?.(error);
  }

  #lost(error: TernError): void {
    this.#takenOver = error;
    this.#options.onTakenOver?.(error);
    this.#gate.close(error);
    this.#changed();
  }

  /** Tells what is shown, when it differs from what was told last. */
  #changed(): void {
    // A disk that cannot be read now is told of by whoever needs it; the rest is told all the same.
    const counted = this.#pending.count(this.#state?.committedAtMs).catch(() => undefined);
    void counted.then(() => {
      const info = this.info();
      const shown = JSON.stringify(info, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
      if (shown === this.#lastShown || this.#isClosed) return;
      this.#lastShown = shown;
      this.#options.onChange?.(info);
    });
  }
}

function closed(): TernError {
  return new TernError('wallet_locked', 'The wallet was locked.', 'Unlock it to continue.');
}
