// Owns one unlocked stretch of a wallet: seed, store, backup and node, started in that order and ended in the other. After `stop` nothing of it writes or speaks.
import type { NodeEvent } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { BackupChoice, BackupInfo, BackupMode, PeerStatus, Settings, WalletStatus } from './api.js';
import type { Backup, BackupContext, OpenBackup } from './backup-seam.js';
import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import type { Logs } from './logs.js';
import { NodeDriver, type NodeDriverOptions } from './node.js';
import { dropNeedlessMarks } from './outbox.js';
import type { Platform } from './platform.js';
import { beginRescan, refuseInSafeMode, type SafeMode } from './safe-mode.js';
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
  choice?: BackupChoice;
  /** On chain only: no backup, no peers, nothing kept. `disk` is then this one's. */
  safeMode?: SafeMode;
  /** Aborted when the user locks while the session still starts. */
  signal: AbortSignal;
  onStep: (step: NonNullable<WalletStatus['step']>, progress?: number) => void;
  onEvent: (event: Exclude<NodeEvent, { type: 'halted' }>) => void;
  onPeer: (status: PeerStatus) => void;
  onUnsent: (txids: string[]) => void;
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
  #haltedBy: TernError | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#disk = new SessionDisk(options.disk);
    const { clock, crash } = options.platform;
    this.store = new Store(this.#disk, { clock, crashAt: crash?.at, onState: (state) => this.#storeChanged(state) });
  }

  /** Starts everything, once; the caller keeps and zeroes the seed. On failure nothing is left running. */
  async start(seed: Uint8Array): Promise<void> {
    const { platform, signal } = this.#options;
    this.#stopWaking = platform.onWake?.(() => this.wake());
    try {
      if (this.isSafeMode) await this.#startNode(seed);
      else await this.#startWhole(seed);
      this.#throwIfOver();
    } catch (thrown) {
      await this.stop();
      throw signal.aborted ? signal.reason : thrown;
    }
  }

  /** It runs on chain only. */
  get isSafeMode(): boolean {
    return this.safeMode !== undefined;
  }

  /** What it has of the wallet's own disk while it runs on chain only. */
  get safeMode(): SafeMode | undefined {
    return this.#options.safeMode;
  }

  /** The time that everything of this session goes by. */
  get clock(): Clock {
    return this.#options.platform.clock;
  }

  /** The running node. */
  get node(): NodeDriver {
    if (!this.#driver) throw new TernError('wallet_locked', 'The wallet has not started yet.', 'Wait until it has.');
    return this.#driver;
  }

  /** The running node with its channels. Throws `safe_mode` where they were not loaded. */
  get lightning(): NodeDriver {
    refuseInSafeMode(this);
    return this.node;
  }

  /** Absent without a VSS URL. It can be reached while the session still starts. */
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
    // Dials that waited for the server's word need not any more.
    if (mode === 'local-first') this.#driver?.wake();
  }

  /** Ends in order: node, backup, disk. */
  async stop(): Promise<void> {
    const { logs } = this.#options;
    this.#stopWaking?.();
    await this.#driver?.stop();
    await this.#backup
      ?.release()
      .catch((thrown: unknown) => logs.write('warn', 'backup', TernError.from(thrown).message));
    await this.#disk.end();
  }

  /** A backup on the side, not started: to ask a server something before it is used. Throws `insecure_url`, `invalid_url`. */
  async openBackup(
    seed: Uint8Array,
    wanted: Settings,
    change: Partial<BackupContext> = {}
  ): Promise<Backup | undefined> {
    const { platform, logs, settings, openBackup, isNewWallet } = this.#options;
    if (!openBackup || wanted.vssUrl === undefined) return undefined;
    const { store } = this;
    const { device } = settings;
    const silent = { onChange: () => undefined, halt: () => undefined };
    return openBackup({ platform, store, seed, settings: wanted, device, isNewWallet, logs, ...silent, ...change });
  }

  /** With backup and channels. Of all this, safe mode does nothing but start the node. */
  async #startWhole(seed: Uint8Array): Promise<void> {
    const { settings } = this.#options;
    await this.#startBackup(seed);
    this.#throwIfOver();
    const settle = await settings.join(this.store);
    const endRescan = await beginRescan(this.store, this.#backup?.quarantine !== undefined);
    const { backupMode, rapidGossipUrl } = settings.current;
    // A restore may have brought another mode along.
    if (this.#backup && this.#backup.info().mode !== backupMode) this.setBackupMode(backupMode);
    await this.#startNode(seed, rapidGossipUrl);
    await settle();
    await endRescan?.();
  }

  async #startBackup(seed: Uint8Array): Promise<void> {
    const { settings, signal, choice, onStep, onBackup } = this.#options;
    const halt = (error: TernError): void => {
      this.#haltedBy ??= error;
      this.#driver?.halt(error);
    };
    this.#backup = await this.openBackup(seed, settings.current, { onChange: onBackup, halt });
    if (!this.#backup) return dropNeedlessMarks(this.store.disk);
    onStep('restoring');
    await this.#backup.start({ choice, signal, onProgress: (progress) => onStep('restoring', progress) });
  }

  async #startNode(seed: Uint8Array, rapidGossipUrl?: string): Promise<void> {
    this.#throwIfOver();
    const { platform, logs, settings, onStep, onPeer, onUnsent } = this.#options;
    onStep('loading');
    const { esploraUrl } = settings.current;
    const { network } = platform;
    const pollIntervalSeconds = POLL_INTERVAL_SECONDS[network];
    const isQuarantined = this.#backup?.quarantine !== undefined;
    const config = { network, esploraUrl, rapidGossipUrl, pollIntervalSeconds, isQuarantined };
    const onEvent: NodeDriverOptions['onEvent'] = (event) => this.#happened(event);
    const { store } = this;
    const dialOptions = (): { bridgeUrl: string; allowInsecure: boolean } => settings.current;
    const replicate = this.#backup;
    const beforeDial = replicate && (() => replicate.confirmOwner());
    const onHalt = (error: TernError): void => {
      this.#haltedBy ??= error;
      this.#options.onHalt(error);
    };
    const hooks = { replicate, dialOptions, beforeDial, onEvent, onPeer, onUnsent, onHalt };
    this.#driver = new NodeDriver({ platform, store, logs, config, ...hooks });
    await this.#driver.start(seed);
  }

  #happened(event: Parameters<NodeDriverOptions['onEvent']>[0]): void {
    if (event.type === 'quarantineEnded') {
      this.#backup?.endQuarantine().catch((thrown: unknown) => {
        this.#options.logs.write('warn', 'backup', TernError.from(thrown).message);
      });
    }
    this.#options.onEvent(event);
  }

  #throwIfOver(): void {
    this.#options.signal.throwIfAborted();
    if (this.#haltedBy) throw this.#haltedBy;
  }

  #storeChanged(state: StoreState): void {
    if (state.kind === 'crashed') {
      this.#driver?.kill();
      this.#backup?.close();
      this.#options.platform.crash?.happened();
      return;
    }
    this.#driver?.setReading(state.kind === 'ready');
    this.#options.onStore(state);
  }
}
