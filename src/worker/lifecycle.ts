// Owns the phases of a wallet: empty, locked, starting, ready, halted. One change at a time; the seed is in memory only while the wallet is unlocked.
import { TernError } from '../wire/errors.js';
import type { CreateRequest, RestoreRequest, ServerDefaults, WalletEvent, WalletStatus } from './api.js';
import type { OpenBackup } from './backup-seam.js';
import { walletEventOf } from './events.js';
import { Home } from './home.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';
import { Session } from './session.js';

/** After these a new try would end the same way, or could harm. */
const HALTING = new Set(['state_unreadable', 'storage_corrupt', 'schema_too_new', 'node_halted', 'internal']);

export interface LifecycleOptions {
  platform: Platform;
  logs: Logs;
  defaults: ServerDefaults;
  openBackup?: OpenBackup;
  emit: (event: WalletEvent) => void;
}

/** The life of one wallet on one device. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  #home: Home;
  #status: WalletStatus;
  #session: Session | undefined;
  #seed: Uint8Array | undefined;
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
    if (phase === 'empty')
      throw new TernError(
        'wallet_missing',
        'There is no wallet on this device.',
        'Create one, or restore one from its words.'
      );
    throw new TernError('wallet_locked', 'The wallet is locked.', 'Unlock it first.');
  }

  /** The running session, if there is one. */
  get runningSession(): Session | undefined {
    return this.#status.phase === 'ready' ? this.#session : undefined;
  }

  /** Creates and starts a wallet. A start that fails shows in the status: the words are answered all the same. */
  create(request: CreateRequest): Promise<{ mnemonic: string }> {
    return this.#exclusively(async () => {
      const { mnemonic, seed } = await this.#unsealing(() =>
        this.#home.vault.create(request.password, request.words, request.bip39Passphrase)
      );
      await this.#start(seed, true).catch(() => undefined);
      return { mnemonic };
    });
  }

  /** Starts a wallet from its words. */
  restore(request: RestoreRequest): Promise<void> {
    return this.#exclusively(async () => {
      const { password, mnemonic, bip39Passphrase } = request;
      const seed = await this.#unsealing(() => this.#home.vault.restore(password, mnemonic, bip39Passphrase));
      await this.#home.markMnemonicBackedUp();
      await this.#start(seed);
    });
  }

  /** Opens the vault and starts the node; does nothing but check the password when it runs already. */
  unlock(password: string): Promise<void> {
    return this.#exclusively(async () => {
      if (this.#status.phase === 'ready') {
        (await this.#home.vault.seed(password)).fill(0);
        return;
      }
      await this.#end();
      await this.#start(await this.#unsealing(() => this.#home.vault.seed(password)));
    });
  }

  /** Stops the node and forgets the seed, also in the middle of a start. */
  lock(): Promise<void> {
    this.#starting?.abort(locked());
    return this.#exclusively(async () => {
      if (this.#status.phase === 'empty') return;
      await this.#end();
      this.#enter({ phase: 'locked' });
    });
  }

  /** Stops and starts the node with the settings as they are now. */
  restart(): Promise<void> {
    return this.#exclusively(async () => {
      const seed = this.#seed?.slice();
      if (this.#status.phase !== 'ready' || !seed) return;
      this.#enter({ phase: 'starting', step: 'opening' });
      await this.#end();
      await this.#start(seed);
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
    const session = this.runningSession;
    if (!session) return;
    this.armAutoLock();
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
    this.#enter({ phase: 'starting', step: 'unsealing' });
    try {
      return await open();
    } catch (thrown) {
      this.#enter(before.phase === 'empty' || before.phase === 'locked' ? before : { phase: 'locked' });
      throw thrown;
    }
  }

  async #start(seed: Uint8Array, isNewWallet = false): Promise<void> {
    const { platform, logs, openBackup, emit } = this.#options;
    const starting = new AbortController();
    this.#starting = starting;
    this.#seed = seed;
    try {
      const session = await Session.start(
        {
          platform,
          logs,
          openBackup,
          isNewWallet,
          disk: this.#home.disk,
          settings: this.#home.settings,
          signal: starting.signal,
          onStep: (step, progress) => this.#enter({ phase: 'starting', step, progress }),
          onEvent: (event) => {
            const walletEvent = walletEventOf(event);
            if (walletEvent) emit(walletEvent);
          },
          onPeer: (peer) => emit({ type: 'peerChanged', peer }),
          onBackup: (backup) => emit({ type: 'backupChanged', backup }),
          onStore: (state) =>
            this.#enter({ ...this.#status, error: 'error' in state ? state.error.toShape() : undefined }),
          onHalt: (error) => this.#halted(error)
        },
        seed
      );
      this.#session = session;
      this.#enter({ phase: 'ready' });
      this.armAutoLock();
    } catch (thrown) {
      this.#forgetSeed();
      const error = TernError.from(thrown);
      logs.write('error', 'wallet', `The wallet did not start. ${error.message}`);
      if (starting.signal.aborted) this.#enter({ phase: 'locked' });
      else if (this.#status.phase !== 'halted')
        this.#enter({ phase: HALTING.has(error.code) ? 'halted' : 'locked', error: error.toShape() });
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  /** The node stopped itself. */
  #halted(error: TernError): void {
    this.#enter({ phase: 'halted', error: error.toShape() });
    if (this.#session) void this.#exclusively(() => this.#end());
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

function locked(): TernError {
  return new TernError('wallet_locked', 'The wallet was locked while it started.', 'Unlock it again.');
}
