// Owns the phases of a wallet: empty, locked, starting, ready, halted. One change at a time; the seed is in memory only while the wallet is unlocked.
import { TernError } from '../wire/errors.js';
import type {
  BackupInfo,
  CreateRequest,
  RestoreRequest,
  ServerDefaults,
  Settings,
  StartChoice,
  WalletEvent,
  WalletStatus
} from './api.js';
import { quarantined } from './backup-answers.js';
import type { OpenBackup } from './backup-seam.js';
import { walletEventOf } from './events.js';
import { lockedMeanwhile, notRunning } from './halts.js';
import { Home } from './home.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';
import { openSafeMode, type SafeMode } from './safe-mode.js';
import { Session, type SessionOptions } from './session.js';
import { choicesAfter } from './start-choices.js';
import { walletExists, walletMissing, type Vault } from './vault.js';

/** After these a new try would end the same way, or could harm. */
const HALTING = new Set<string>(['state_unreadable', 'storage_corrupt', 'schema_too_new', 'node_halted', 'internal']);

export interface LifecycleOptions {
  platform: Platform;
  logs: Logs;
  defaults: ServerDefaults;
  openBackup?: OpenBackup;
  emit: (event: WalletEvent) => void;
}

type StartOptions = Partial<Pick<SessionOptions, 'isNewWallet' | 'choice'>> & Pick<WalletStatus, 'safeMode'>;

/** The life of one wallet on one device. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  #home: Home;
  #status: WalletStatus;
  #session: Session | undefined;
  #seed: Uint8Array | undefined;
  #backupInfo: BackupInfo | undefined;
  #starting: AbortController | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #cancelAutoLock = (): void => undefined;
  #wasVisible = true;

  private constructor(options: LifecycleOptions, home: Home, phase: 'empty' | 'locked') {
    this.#options = options;
    this.#home = home;
    this.#status = { phase, network: options.platform.network };
  }

  /** Opens the disk and looks whether a wallet is there. Throws what the disk says. */
  static async open(options: LifecycleOptions): Promise<Lifecycle> {
    const home = await Home.open(options.platform, options.defaults);
    return new Lifecycle(options, home, (await home.vault.exists()) ? 'locked' : 'empty');
  }

  get status(): WalletStatus {
    return this.#status;
  }

  /** What is open whether the wallet is locked or not. A wipe replaces it. */
  get home(): Home {
    return this.#home;
  }

  /** The running session. Throws `wallet_missing`, `wallet_locked`, or what halted it. */
  get session(): Session {
    const { phase, error } = this.#status;
    if (phase === 'ready' && this.#session) return this.#session;
    if (phase === 'halted' && error) throw TernError.fromShape(error);
    if (phase === 'empty') throw walletMissing();
    throw notRunning();
  }

  /** The running session, if there is one. */
  get runningSession(): Session | undefined {
    return this.#status.phase === 'ready' ? this.#session : undefined;
  }

  /** The session that runs or still starts. */
  get openSession(): Session | undefined {
    return this.#session;
  }

  /** What the backup said last, also after it has stopped the wallet. */
  get backupInfo(): BackupInfo | undefined {
    return this.#session?.backup?.info() ?? (this.#status.phase === 'halted' ? this.#backupInfo : undefined);
  }

  /** Creates and starts a wallet. A start that fails shows in the status: the words are answered all the same. */
  create(request: CreateRequest): Promise<{ mnemonic: string }> {
    return this.#exclusively(async () => {
      const { mnemonic, seed } = await this.#unsealing(() =>
        this.#home.vault.create(request.password, request.words, request.bip39Passphrase)
      );
      await this.#start(seed, { isNewWallet: true }).catch(() => undefined);
      return { mnemonic };
    });
  }

  /** Starts a wallet from its words. */
  restore({ password, mnemonic, bip39Passphrase }: RestoreRequest): Promise<void> {
    return this.#exclusively(async () => {
      const seed = await this.#unsealing(() => this.#home.vault.restore(password, mnemonic, bip39Passphrase));
      await this.#home.markMnemonicBackedUp();
      await this.#start(seed);
    });
  }

  /** Opens the vault and starts the node; does nothing but open the vault when it runs already. */
  unlock(open: (vault: Vault) => Promise<Uint8Array>, choice?: StartChoice): Promise<void> {
    return this.#exclusively(async () => {
      if (this.#status.phase === 'ready') return void (await open(this.#home.vault)).fill(0);
      const { error: cause } = this.#status;
      await this.#end();
      const seed = await this.#unsealing(() => open(this.#home.vault));
      await this.#start(seed, choice === 'safe_mode' ? { safeMode: { cause } } : { choice });
    });
  }

  /** Stops the node and forgets the seed, also in the middle of a start. */
  lock(): Promise<void> {
    this.#starting?.abort(lockedMeanwhile());
    return this.#exclusively(async () => {
      if (this.#status.phase === 'empty') return;
      const waits = this.#session?.backup?.quarantine === undefined ? undefined : quarantined();
      // A goodbye to a server that is away takes seconds; nobody need look at an open wallet meanwhile.
      this.#enter({ phase: 'locked', error: waits?.toShape(), choices: waits && choicesAfter(waits.code) });
      await this.#end();
    });
  }

  /** Locks, once the backup has everything, and leaves the wallet to any device. Throws why the backup has not. */
  async release(): Promise<void> {
    await this.session.backup?.now();
    await this.lock();
  }

  /** Asks the backup's server of these settings whether it can be used. Throws why not. */
  async probeBackup(settings: Settings): Promise<void> {
    const backup = this.#seed && (await this.session.openBackup(this.#seed, settings));
    await backup?.probe().finally(() => backup.close());
  }

  /** Stops and starts the node with the settings as they are now. `endsStart`: a start under way may wait for ever for a server that is no longer set. */
  restart(endsStart = false): Promise<void> {
    if (endsStart) this.#starting?.abort(lockedMeanwhile());
    return this.#exclusively(async () => {
      const seed = this.#seed?.slice();
      const { phase, safeMode } = this.#status;
      if (phase !== 'ready' || !seed) return;
      const opened = this.#session?.safeMode;
      this.#enter({ phase: 'starting', step: 'opening', safeMode });
      await this.#end();
      await this.#start(seed, { safeMode }, opened);
    });
  }

  /** Deletes the wallet from this device. A vault that is damaged asks for no password: it could not be checked. */
  wipe(password: string): Promise<void> {
    return this.#exclusively(async () => {
      await this.#home.vault.seed(password).then(
        (seed) => seed.fill(0),
        (thrown: unknown) => {
          if (TernError.from(thrown).code !== 'vault_corrupt') throw thrown;
        }
      );
      await this.#end();
      await this.#home.disk.close();
      await this.#options.platform.eraseDisk();
      this.#home = await Home.open(this.#options.platform, this.#options.defaults);
      this.#enter({ phase: 'empty' });
    });
  }

  /** The user is there: the auto-lock begins anew, and a page that is seen again wakes the peers. */
  touch(visible: boolean): void {
    const session = this.#session;
    if (!session) return;
    if (this.#status.phase === 'ready') this.armAutoLock();
    session.backup?.touch(visible);
    if (visible && !this.#wasVisible) session.wake();
    this.#wasVisible = visible;
  }

  /** Counts the auto-lock from now, with the setting as it is. */
  armAutoLock(): void {
    this.#cancelAutoLock();
    const { autoLockMinutes } = this.#home.settings.current;
    if (autoLockMinutes === 0) return;
    this.#cancelAutoLock = this.#options.platform.clock.setTimer(autoLockMinutes * 60_000, () => void this.lock());
  }

  async #unsealing<T>(open: () => Promise<T>): Promise<T> {
    const before = this.#status;
    if (before.phase === 'ready') throw walletExists();
    this.#enter({ phase: 'starting', step: 'unsealing' });
    try {
      return await open();
    } catch (thrown) {
      this.#enter(before.phase === 'starting' ? { phase: 'locked' } : before);
      throw thrown;
    }
  }

  async #start(seed: Uint8Array, options: StartOptions = {}, opened?: SafeMode): Promise<void> {
    const starting = new AbortController();
    this.#starting = starting;
    this.#seed = seed;
    const { safeMode } = options;
    try {
      if (safeMode) opened ??= await openSafeMode(this.#home.disk, this.#options.logs);
      this.#session = this.#newSession(options, opened, starting.signal);
      await this.#session.start(seed);
      this.#enter({ phase: 'ready', safeMode });
      this.armAutoLock();
    } catch (thrown) {
      this.#session = undefined;
      this.#forgetSeed();
      this.#failed(TernError.from(thrown), starting.signal.aborted);
      throw thrown;
    } finally {
      this.#starting = undefined;
    }
  }

  #newSession(options: StartOptions, opened: SafeMode | undefined, signal: AbortSignal): Session {
    const { isNewWallet = false, choice, safeMode } = options;
    const { platform, logs, openBackup, emit } = this.#options;
    return new Session({
      platform,
      logs,
      openBackup,
      isNewWallet,
      choice,
      safeMode: opened,
      disk: opened?.disk ?? this.#home.disk,
      settings: this.#home.settings,
      signal,
      onStep: (step, progress) => this.#enter({ phase: 'starting', step, progress, safeMode }),
      onEvent: (event) => [walletEventOf(event)].forEach((told) => told && emit(told)),
      onPeer: (peer) => emit({ type: 'peerChanged', peer }),
      onUnsent: (txids) => emit({ type: 'unsentChanged', txids }),
      onBackup: (backup) => this.#backupTold(backup),
      onStore: (state) => this.#enter({ ...this.#status, error: 'error' in state ? state.error.toShape() : undefined }),
      onHalt: (error) => this.#halted(error)
    });
  }

  #failed(error: TernError, wasLocked: boolean): void {
    this.#options.logs.write('error', 'wallet', `The wallet did not start. ${error.message}`);
    if (wasLocked) return this.#enter({ phase: 'locked' });
    if (this.#status.phase === 'halted') return;
    const phase = HALTING.has(error.code) ? 'halted' : 'locked';
    this.#enter({ phase, error: error.toShape(), choices: choicesAfter(error.code) });
  }

  /** The node stopped itself. */
  #halted(error: TernError): void {
    const backup = this.#session?.backup?.info();
    if (backup) this.#backupTold(backup);
    this.#enter({ phase: 'halted', error: error.toShape(), choices: choicesAfter(error.code) });
    if (this.#session) void this.#exclusively(() => this.#end());
  }

  #backupTold(backup: BackupInfo): void {
    this.#backupInfo = backup;
    this.#options.emit({ type: 'backupChanged', backup });
  }

  async #end(): Promise<void> {
    this.#cancelAutoLock();
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
    this.#forgetSeed();
  }

  #forgetSeed(): void {
    this.#seed?.fill(0);
    this.#seed = undefined;
  }

  #enter(status: Omit<WalletStatus, 'network'>): void {
    this.#status = { ...status, network: this.#options.platform.network };
    this.#options.emit({ type: 'status', status: this.#status });
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(run);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}
