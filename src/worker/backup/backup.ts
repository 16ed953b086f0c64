// Owns the backup of one wallet on one device: it starts from the server's record, holds the node's turns in acknowledged mode, and says truly how far the server is.
import { TernError } from '../../wire/errors.js';
import type { BackupInfo, BackupMode, BackupVerification, VssAuth } from '../api.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { Replicate } from '../turns.js';
import { claim, claimRunning, isWalletOnDisk, type ClaimChoice, type ClaimOptions } from './claim.js';
import { Committer } from './commit.js';
import { drill } from './drill.js';
import { Gate } from './gate.js';
import { Ledger, stateRow, type LedgerState, type QuarantineReason } from './ledger.js';
import { OwnerDesk } from './owner.js';
import { DEFAULT_LIMITS, type BackupParts, type CommitLimits } from './parts.js';
import { Pending } from './pending.js';
import { Replicator } from './replicator.js';
import { isPassing, retryDelayMs, Waker } from './retry.js';
import { deriveBackupSecrets, Seal, systemRandom, type RandomBytes } from './seal.js';
import { VssClient } from './vss.js';

export interface BackupOptions {
  disk: Disk;
  /** BIP39 seed, 64 bytes; used in the constructor only, and not kept. */
  seed: Uint8Array;
  /** One seed has one store a network. */
  network: string;
  url: string;
  auth: VssAuth;
  allowInsecure: boolean;
  mode: BackupMode;
  deviceId: string;
  deviceName: string;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  /** In [0, 1), for jitter. */
  random: () => number;
  randomBytes?: RandomBytes;
  limits?: CommitLimits;
  /** The words were made on this device just now: no server can know them. */
  isNewWallet?: boolean;
  onChange?: (info: BackupInfo) => void;
  /** Stop the node before it signs anything more. */
  onTakenOver?: (error: TernError) => void;
  /** Worth a line in the log: the server lost state. */
  onNotice?: (error: TernError) => void;
}

export interface StartOptions {
  choice?: ClaimChoice;
  /** 0 to 1, while a store is downloaded. */
  onProgress?: (progress: number) => void;
  /** Aborted when the user locks. */
  signal?: AbortSignal;
}

/** The backup; `start` before the node loads, `release` after it stopped. */
export class Backup implements Replicate {
  readonly #options: BackupOptions;
  readonly #parts: BackupParts;
  readonly #gate = new Gate();
  readonly #waker: Waker;
  readonly #pending: Pending;
  #mode: BackupMode;
  #committer: Committer | undefined;
  #replicator: Replicator | undefined;
  #booked: LedgerState | undefined;
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
    const { disk, clock, random, deviceId, deviceName } = options;
    const { vssSeed, authSecretKey } = deriveBackupSecrets(options.seed);
    const randomBytes = options.randomBytes ?? systemRandom;
    const seal = new Seal(vssSeed, randomBytes);
    const storeId = seal.storeId(options.network);
    const client = new VssClient({ ...options, storeId, authSecretKey });
    this.#parts = {
      disk,
      clock,
      random,
      randomBytes,
      client,
      seal,
      desk: new OwnerDesk(client, seal, storeId),
      ledger: new Ledger(disk),
      deviceId,
      deviceName,
      limits: options.limits ?? DEFAULT_LIMITS,
      mode: () => this.#mode
    };
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
    const claimed = await this.#claimWhenever(options);
    if (claimed === undefined) return this.#startUnclaimed(options);
    this.#run(claimed);
    await this.#fillAcknowledged(options);
    this.#replicator?.wake();
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
    if (committer === undefined) return this.#book({ quarantine: undefined });
    await this.#replicator?.hold(() => committer.endQuarantine());
    this.#changed();
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
    await this.#replicator?.renew().catch(() => undefined);
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
    const isFailing = this.#error !== undefined || this.#replicator?.lastError !== undefined;
    if (this.#mode === 'acknowledged' && (isFailing || !this.#committer)) return 'paused';
    return this.#pending.keys > 0 || !this.#committer || state?.refill ? 'behind' : 'up_to_date';
  }

  #untilStored(): Promise<void> {
    this.committed();
    return this.#mode === 'local-first' ? Promise.resolve() : this.#gate.pass();
  }

  /** Claims as soon as the server can be reached. Undefined: in local-first mode the wallet on this disk starts without it. */
  async #claimWhenever(options: StartOptions): Promise<LedgerState | undefined> {
    for (let failures = 1; ; failures += 1) {
      try {
        const state = await claim(this.#parts, this.#claimOptions(options));
        this.#error = undefined;
        return state;
      } catch (thrown) {
        this.#error = TernError.from(thrown);
        this.#changed();
        this.#throwIfOver(options);
        if (!isPassing(this.#error)) throw this.#error;
        if (this.#mode === 'local-first' && (await this.#canStartAlone())) return undefined;
        await this.#waker.sleep(retryDelayMs(failures, this.#options.random));
        this.#throwIfOver(options);
      }
    }
  }

  #claimOptions({ choice, onProgress, signal }: StartOptions): ClaimOptions {
    return { choice, onProgress, signal, onServerBehind: (error) => this.#noticed(error) };
  }

  async #canStartAlone(): Promise<boolean> {
    return this.#options.isNewWallet === true || (await isWalletOnDisk(this.#parts));
  }

  /** Somebody may have taken over while this device was away: until the claim is made the state is in doubt. */
  async #startUnclaimed(options: StartOptions): Promise<void> {
    if (this.#booked) await this.#book({ quarantine: this.#booked.quarantine ?? 'unclaimed' });
    void this.#claimLater(options);
  }

  async #claimLater(options: StartOptions): Promise<void> {
    for (let failures = 1; !this.#isClosed; failures += 1) {
      await this.#waker.sleep(retryDelayMs(failures, this.#options.random));
      if (this.#isClosed) return;
      try {
        const state = await claimRunning(this.#parts, this.#claimOptions({ signal: options.signal }));
        this.#error = undefined;
        this.#run(state);
        this.#replicator?.wake();
        return;
      } catch (thrown) {
        this.#error = TernError.from(thrown);
        if (this.#error.code === 'taken_over' || this.#error.code === 'owned_elsewhere') return this.#lost(this.#error);
        this.#changed();
      }
    }
  }

  #run(state: LedgerState): void {
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
  }

  /** What is on disk counts as complete when the node loads: so the server gets all of it first. */
  async #fillAcknowledged(options: StartOptions): Promise<void> {
    for (let failures = 1; this.#mode === 'acknowledged'; failures += 1) {
      try {
        await this.#replicator?.drain();
        return;
      } catch (thrown) {
        this.#throwIfOver(options);
        if (this.#takenOver) throw TernError.from(thrown);
        await this.#waker.sleep(retryDelayMs(failures, this.#options.random));
        this.#throwIfOver(options);
      }
    }
  }

  #throwIfOver({ signal }: StartOptions): void {
    if (!signal?.aborted && !this.#isClosed) return;
    this.close();
    throw closed();
  }

  async #book(change: Partial<LedgerState>): Promise<void> {
    if (!this.#booked) return;
    this.#booked = { ...this.#booked, ...change };
    await this.#parts.disk.commit({ puts: [], removes: [], local: [stateRow(this.#booked)] });
    this.#changed();
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
    void this.#pending.count(this.#state?.committedAtMs).then(() => {
      const info = this.info();
      const shown = JSON.stringify(info, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
      if (shown === this.#lastShown || this.#isClosed) return;
      this.#lastShown = shown;
      this.#options.onChange?.(info);
    });
  }
}

function notClaimed(): TernError {
  return new TernError(
    'backup_unavailable',
    'The backup server was not reached yet.',
    'Check the connection; the wallet tries again by itself.'
  );
}

function closed(): TernError {
  return new TernError('wallet_locked', 'The wallet was locked.', 'Unlock it to continue.');
}
