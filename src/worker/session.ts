// Owns one unlocked stretch of a wallet: seed, store, backup and node, started in that order and ended in the other. After `stop` nothing of it writes or speaks.
import type { NodeEvent } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { BackupInfo, BackupMode, PeerStatus, WalletStatus } from './api.js';
import type { Backup, OpenBackup } from './backup-seam.js';
import type { Disk } from './disk.js';
import type { Logs } from './logs.js';
import { NodeDriver } from './node.js';
import { dropNeedlessMarks } from './outbox.js';
import type { Platform } from './platform.js';
import { SessionDisk } from './session-disk.js';
import type { SettingsBook } from './settings.js';
import { Store, type StoreState } from './store.js';

const POLL_INTERVAL_SECONDS = { bitcoin: 60, testnet4: 60, signet: 60, regtest: 5 } as const;

export interface SessionOptions {
  platform: Platform;
  disk: Disk;
  logs: Logs;
  settings: SettingsBook;
  openBackup?: OpenBackup;
  isNewWallet: boolean;
  /** Aborted when the user locks while the session still starts. */
  signal: AbortSignal;
  onStep: (step: NonNullable<WalletStatus['step']>, progress?: number) => void;
  onEvent: (event: Exclude<NodeEvent, { type: 'halted' }>) => void;
  onPeer: (status: PeerStatus) => void;
  onBackup: (info: BackupInfo) => void;
  onStore: (state: StoreState) => void;
  /** Called at most once. */
  onHalt: (error: TernError) => void;
}

/** A running wallet. */
export class Session {
  readonly store: Store;
  readonly #options: SessionOptions;
  readonly #disk: SessionDisk;
  #driver: NodeDriver | undefined;
  #backup: Backup | undefined;
  #stopWaking: (() => void) | undefined;

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.#disk = new SessionDisk(options.disk);
    const { clock, crash } = options.platform;
    this.store = new Store(this.#disk, { clock, crashAt: crash?.at, onState: (state) => this.#storeChanged(state) });
  }

  /** Starts everything; the caller keeps and zeroes the seed. On failure nothing is left running. */
  static async start(options: SessionOptions, seed: Uint8Array): Promise<Session> {
    const session = new Session(options);
    try {
      await session.#openBackup(seed);
      options.signal.throwIfAborted();
      options.onStep('loading');
      await session.#startNode(seed);
      options.signal.throwIfAborted();
      return session;
    } catch (thrown) {
      await session.stop();
      throw thrown;
    }
  }

  /** The running node. */
  get node(): NodeDriver {
    if (!this.#driver) throw new TernError('wallet_locked', 'The wallet has not started yet.', 'Wait until it has.');
    return this.#driver;
  }

  /** Absent without a VSS URL. */
  get backup(): Backup | undefined {
    return this.#backup;
  }

  /** The network is back, or the page is seen: whoever waits tries now. */
  wake(): void {
    this.#driver?.wake();
    this.#backup?.wake();
  }

  /** The backup's mode was changed. It may take as long as the server is away, so nobody waits for it. */
  setBackupMode(mode: BackupMode): void {
    this.#backup?.setMode(mode).catch((thrown: unknown) => {
      this.#options.logs.write('warn', 'backup', TernError.from(thrown).message);
    });
  }

  /** Ends in order: node, backup, disk. */
  async stop(): Promise<void> {
    const { logs } = this.#options;
    this.#stopWaking?.();
    await this.#driver?.stop();
    await this.#backup?.stop().catch((thrown: unknown) => logs.write('warn', 'backup', TernError.from(thrown).message));
    await this.#disk.end();
  }

  async #openBackup(seed: Uint8Array): Promise<void> {
    const { platform, logs, settings, signal, openBackup, isNewWallet, onStep, onBackup } = this.#options;
    if (!openBackup || settings.current.vssUrl === undefined) return dropNeedlessMarks(this.store.disk);
    onStep('restoring');
    this.#backup = await openBackup({
      platform,
      store: this.store,
      seed,
      settings: settings.current,
      device: settings.device,
      isNewWallet,
      logs,
      signal,
      onProgress: (progress) => onStep('restoring', progress),
      onChange: onBackup,
      halt: (error) => this.#driver?.halt(error)
    });
  }

  async #startNode(seed: Uint8Array): Promise<void> {
    const { platform, logs, settings, onEvent, onPeer, onHalt } = this.#options;
    const settle = await settings.join(this.store);
    const { esploraUrl, rapidGossipUrl } = settings.current;
    const { network } = platform;
    const config = { network, esploraUrl, rapidGossipUrl, pollIntervalSeconds: POLL_INTERVAL_SECONDS[network] };
    const { store } = this;
    const dialOptions = (): { bridgeUrl: string; allowInsecure: boolean } => settings.current;
    const replicate = this.#backup;
    this.#driver = new NodeDriver({ platform, store, logs, config, replicate, dialOptions, onEvent, onPeer, onHalt });
    await this.#driver.start(seed);
    await settle();
    this.#stopWaking = platform.onWake?.(() => this.wake());
  }

  #storeChanged(state: StoreState): void {
    if (state.kind === 'crashed') {
      this.#driver?.kill();
      this.#options.platform.crash?.happened();
      return;
    }
    this.#driver?.setReading(state.kind === 'ready');
    this.#options.onStore(state);
  }
}
