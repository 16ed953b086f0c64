// Owns this tab's hold on the wallet: the lock that one tab has at a time, the worker behind it, and the end of both when another tab asks or the worker dies.
import type { ServerDefaults, WalletEvent } from '../../worker/api.js';
import { TernError, type ErrorShape } from '../../wire/errors.js';
import { fetchServerDefaults, startWorker, type Connection, type WalletClient } from './client.js';
import { takeOverTabLock, takeTabLock, type TabLock } from './tab-lock.js';

/** Where this tab stands. `elsewhere`: another tab runs the wallet; `failed`: the worker is not there. */
export type TabStage = 'connecting' | 'elsewhere' | 'switching' | 'running' | 'failed';

/** The worker as this tab has it, or not. */
export abstract class TabConnection {
  stage = $state<TabStage>('connecting');
  failure = $state.raw<ErrorShape>();
  defaults = $state.raw<ServerDefaults>();

  #connection: Connection | undefined;
  #lock: TabLock | undefined;

  /** Called for every event of the worker. */
  protected abstract receive(event: WalletEvent): void;
  /** Called when the worker is there, before the tab calls itself running. */
  protected abstract opened(): Promise<void>;
  /** Called when the worker is gone. */
  protected abstract closed(): void;

  /** The worker. Only screens that show while `stage` is `running` may ask for it. */
  get client(): WalletClient {
    if (this.#connection === undefined) {
      throw new TernError('wallet_locked', 'The wallet is not running in this tab.', 'Reload the page.');
    }
    return this.#connection.client;
  }

  /** Opens the wallet in this tab if no other tab has it. */
  async connect(): Promise<void> {
    await this.#enter(async () => takeTabLock((await this.#loadDefaults()).network, this.#holder));
  }

  /** Makes the other tab stop, then opens the wallet here. */
  async takeOver(): Promise<void> {
    this.stage = 'switching';
    await this.#enter(async () => takeOverTabLock((await this.#loadDefaults()).network, this.#holder));
  }

  /** Tells the worker that somebody is there; without a running wallet nobody needs to know. */
  touch(visible: boolean): void {
    this.#connection?.client.touch(visible).catch(() => undefined);
  }

  readonly #holder = {
    stop: async () => {
      this.stage = 'elsewhere';
      this.#lock = undefined;
      await this.#connection?.client.lock().catch(() => undefined);
      this.#disconnect();
    },
    lost: () => {
      this.stage = 'elsewhere';
      this.#lock = undefined;
      this.#disconnect();
    }
  };

  async #loadDefaults(): Promise<ServerDefaults> {
    return (this.defaults ??= await fetchServerDefaults());
  }

  async #enter(takeLock: () => Promise<TabLock | undefined>): Promise<void> {
    let lock: TabLock | undefined;
    // Another tab may ask for the wallet while this one has hardly begun.
    const isGivenUp = (): boolean => lock !== undefined && this.#lock !== lock;
    try {
      lock = this.#lock = await takeLock();
      if (lock === undefined) {
        this.stage = 'elsewhere';
        return;
      }
      const connection = await startWorker(await this.#loadDefaults(), this.#told, this.#crashed);
      if (isGivenUp()) {
        connection.terminate();
        return;
      }
      this.#connection = connection;
      await this.opened();
      if (!isGivenUp()) this.stage = 'running';
    } catch (thrown) {
      if (!isGivenUp()) this.#crashed(TernError.from(thrown).toShape());
    }
  }

  readonly #told = (event: WalletEvent): void => {
    if (this.#connection || this.stage === 'connecting' || this.stage === 'switching') this.receive(event);
  };

  readonly #crashed = (error: ErrorShape): void => {
    this.failure = error;
    this.stage = 'failed';
    this.#disconnect();
    this.#lock?.release();
  };

  #disconnect(): void {
    this.#connection?.terminate();
    this.#connection = undefined;
    this.closed();
  }
}
