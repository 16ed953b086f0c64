// Owns the wallet's API: its life, its words, its backup; the node's part is inherited. Answers only what is durable. Values and thrown `TernError`s; `answering` makes `Answer`s of them.
import type { Network } from '../../wasm/pkg/tern.js';
import type { WalletMethods } from './answer.js';
import type {
  BackupInfo,
  BackupVerification,
  CreateRequest,
  LogLine,
  PasskeyHint,
  RestoreRequest,
  ServerDefaults,
  Settings,
  StartChoice,
  WalletStatus
} from './api.js';
import { backupInfoOf, runningBackup } from './backup-answers.js';
import type { OpenBackup } from './backup-seam.js';
import { DeadlineWatch } from './deadline.js';
import * as door from './door.js';
import { Events, type WalletListener } from './events.js';
import { Lifecycle } from './lifecycle.js';
import { Logs } from './logs.js';
import { NodeCommands } from './node-commands.js';
import type { Platform } from './platform.js';
import type { Session } from './session.js';
import { changeSettings } from './settings-change.js';

export interface WalletOptions {
  /** Absent: this wallet has no backup, whatever the settings say. */
  openBackup?: OpenBackup;
  logs?: Logs;
}

/** One wallet on one platform. */
export class Wallet extends NodeCommands implements WalletMethods {
  protected readonly network: Network;
  readonly #logs: Logs;
  readonly #events: Events;
  readonly #lifecycle: Lifecycle;

  private constructor(platform: Platform, logs: Logs, events: Events, lifecycle: Lifecycle) {
    super();
    this.network = platform.network;
    this.#logs = logs;
    this.#events = events;
    this.#lifecycle = lifecycle;
  }

  /** Opens the wallet of the platform's disk, locked or empty. Throws what the disk says. */
  static async open(platform: Platform, defaults: ServerDefaults, options: WalletOptions = {}): Promise<Wallet> {
    const { openBackup, logs = new Logs(platform.clock) } = options;
    const events = new Events();
    const lifecycle = await Lifecycle.open({ platform, logs, defaults, openBackup, emit: events.emit });
    new DeadlineWatch(platform, lifecycle, events, logs);
    return new Wallet(platform, logs, events, lifecycle);
  }

  /** The running session, for what stands beside the API: the backup's own methods, accepted peers, tests. Throws as every command does. */
  get session(): Session {
    return this.#lifecycle.session;
  }

  async status(): Promise<WalletStatus> {
    return Promise.resolve(this.#lifecycle.status);
  }

  async subscribe(listener: WalletListener): Promise<void> {
    this.#events.subscribe(listener);
    return Promise.resolve();
  }

  async create(request: CreateRequest): Promise<{ mnemonic: string }> {
    return this.#lifecycle.create(request);
  }

  async restore(request: RestoreRequest): Promise<void> {
    await this.#lifecycle.restore(request);
  }

  async unlock(password: string, choice?: StartChoice): Promise<void> {
    door.checkStartChoice(choice);
    await this.#lifecycle.unlock((vault) => vault.seed(password), choice);
  }

  async unlockWithPasskey(prf: Uint8Array, choice?: StartChoice): Promise<void> {
    door.checkStartChoice(choice);
    try {
      await this.#lifecycle.unlock((vault) => vault.seedByPasskey(prf), choice);
    } finally {
      prf.fill(0);
    }
  }

  async passkey(): Promise<PasskeyHint | undefined> {
    return this.#lifecycle.home.vault.passkey();
  }

  async addPasskey(password: string, hint: PasskeyHint, prf: Uint8Array): Promise<void> {
    try {
      await this.#lifecycle.home.vault.addPasskey(password, hint, prf);
    } finally {
      prf.fill(0);
    }
  }

  async removePasskey(): Promise<void> {
    await this.#lifecycle.home.vault.removePasskey();
  }

  async lock(): Promise<void> {
    await this.#lifecycle.lock();
  }

  async revealMnemonic(password: string): Promise<{ mnemonic: string; bip39Passphrase?: string }> {
    return this.#lifecycle.home.vault.revealMnemonic(password);
  }

  async markMnemonicBackedUp(): Promise<void> {
    await this.#lifecycle.home.markMnemonicBackedUp();
  }

  async isMnemonicBackedUp(): Promise<boolean> {
    return this.#lifecycle.home.isMnemonicBackedUp();
  }

  async touch(visible: boolean): Promise<void> {
    this.#lifecycle.touch(visible);
    return Promise.resolve();
  }

  async wipe(password: string): Promise<void> {
    await this.#lifecycle.wipe(password);
  }

  async backupInfo(): Promise<BackupInfo> {
    return Promise.resolve(backupInfoOf(this.#lifecycle));
  }

  async backupNow(): Promise<void> {
    await runningBackup(this.#lifecycle.session).now();
  }

  async verifyBackup(): Promise<BackupVerification> {
    return runningBackup(this.#lifecycle.session).verify();
  }

  async releaseDevice(): Promise<void> {
    runningBackup(this.#lifecycle.session);
    await this.#lifecycle.release();
  }

  async settings(): Promise<Settings> {
    return Promise.resolve(this.#lifecycle.home.settings.current);
  }

  async changeSettings(change: Partial<Settings>): Promise<Settings> {
    return changeSettings(this.#lifecycle, change, (settings) =>
      this.#events.emit({ type: 'settingsChanged', settings })
    );
  }

  async logs(): Promise<LogLine[]> {
    return Promise.resolve(this.#logs.lines());
  }

  async supportReport(): Promise<string> {
    const { supportReport } = await import('./support.js');
    const { status, home } = this.#lifecycle;
    return supportReport(status, home.disk, home.settings);
  }
}
