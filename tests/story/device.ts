// Owns a wallet on a device that can die at any commit and be opened again with exactly what its disk held.
import { nodePlatform } from '../../src/worker/platform-node.js';
import type { CrashPoint } from '../../src/worker/crash.js';
import { Wallet } from '../../src/worker/wallet.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import type { Stand } from '../regtest/stand.js';

const password = 'correct horse battery';

/** A crash point that nothing reaches, until it is moved. */
const nowhere = (): CrashPoint => ({ commit: Number.MAX_SAFE_INTEGER, when: 'before' });

/** One wallet and its disk. After a crash `wallet` is dead for ever; `reopen` starts a new process on the same disk. */
export class Device {
  readonly #stand: Stand;
  #disk = new MemoryDisk();
  #crashAt = nowhere();
  #wallet: Wallet | undefined;
  #crashed = new Promise<void>(() => undefined);
  mnemonic = '';

  private constructor(stand: Stand) {
    this.#stand = stand;
  }

  /** A device with a new wallet, or with the wallet of these words. */
  static async start(stand: Stand, mnemonic?: string): Promise<Device> {
    const device = new Device(stand);
    const wallet = await device.#open();
    if (mnemonic) {
      await wallet.restore({ password, mnemonic });
      device.mnemonic = mnemonic;
    } else {
      device.mnemonic = (await wallet.create({ password, words: 12 })).mnemonic;
    }
    return device;
  }

  get wallet(): Wallet {
    if (!this.#wallet) throw new Error('the device is off');
    return this.#wallet;
  }

  /** Resolves when the crash happens. */
  get crashed(): Promise<void> {
    return this.#crashed;
  }

  /** Commits of this session so far. */
  get commitCount(): number {
    return this.wallet.session.store.commitCount;
  }

  /** Dies before or after the `commits`-th commit from now on. */
  crashIn(commits: number, when: CrashPoint['when']): void {
    Object.assign(this.#crashAt, { commit: this.commitCount + commits, when });
  }

  /** No crash any more. */
  disarm(): void {
    Object.assign(this.#crashAt, nowhere());
  }

  /** A new process on what the disk holds: unlocked and running. */
  async reopen(): Promise<void> {
    this.#disk = this.#disk.clone();
    await (await this.#open()).unlock(password);
  }

  /** Locks in order and opens again: what closing and opening the tab does. */
  async reload(): Promise<void> {
    await this.wallet.lock();
    await this.reopen();
  }

  /** Ends in order. */
  async off(): Promise<void> {
    await this.#wallet?.lock();
    this.#wallet = undefined;
  }

  async #open(): Promise<Wallet> {
    const disk = this.#disk;
    this.#crashAt = nowhere();
    let happened = (): void => undefined;
    this.#crashed = new Promise((resolve) => (happened = resolve));
    const platform = nodePlatform({
      network: 'regtest',
      deviceName: 'test device',
      openDisk: () => Promise.resolve(disk),
      eraseDisk: () => Promise.resolve()
    });
    const crash = { at: this.#crashAt, happened };
    const defaults = { network: 'regtest' as const, esploraUrl: this.#stand.esplora.url, bridgeUrl: '' };
    this.#wallet = await Wallet.open({ ...platform, crash }, defaults);
    return this.#wallet;
  }
}
