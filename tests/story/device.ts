// Owns one life of a wallet on a device: it can die at any commit, and the next life finds exactly what its disk held.
import { nodePlatform } from '../../src/worker/platform-node.js';
import type { CrashPoint } from '../../src/worker/crash.js';
import { Wallet } from '../../src/worker/wallet.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import type { Stand } from '../regtest/stand.js';

const password = 'correct horse battery';

/** A crash point that nothing reaches, until it is moved. */
const nowhere = (): CrashPoint => ({ commit: Number.MAX_SAFE_INTEGER, when: 'before' });

/** A process with a wallet in it. After a crash it does nothing any more; `reopen` is the next process on the same disk. */
export class Device {
  readonly #stand: Stand;
  readonly #disk: MemoryDisk;
  readonly #crashAt = nowhere();
  readonly #wallet: Promise<Wallet>;
  #opened: Wallet | undefined;
  #isDead = false;
  #happened = (): void => undefined;
  /** Resolves when the crash happens. */
  readonly crashed = new Promise<void>((resolve) => (this.#happened = resolve));
  mnemonic = '';

  private constructor(stand: Stand, disk: MemoryDisk) {
    this.#stand = stand;
    this.#disk = disk;
    this.#wallet = this.#open();
  }

  /** A device with a new wallet, or with the wallet of these words. */
  static async start(stand: Stand, mnemonic?: string): Promise<Device> {
    const device = new Device(stand, new MemoryDisk());
    const wallet = await device.#wallet;
    if (mnemonic) await wallet.restore({ password, mnemonic });
    device.mnemonic = mnemonic ?? (await wallet.create({ password, words: 12 })).mnemonic;
    return device;
  }

  /** The wallet. Throws after the crash: a dead process acts no more, whatever a test still asks of it. */
  get wallet(): Wallet {
    if (this.#isDead || !this.#opened) throw new Error('this device is dead');
    return this.#opened;
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
  async reopen(): Promise<Device> {
    const next = new Device(this.#stand, this.#disk.clone());
    next.mnemonic = this.mnemonic;
    await (await next.#wallet).unlock(password);
    return next;
  }

  /** Locks in order and opens again: what closing and opening the tab does. */
  async reload(): Promise<Device> {
    await this.off();
    return this.reopen();
  }

  /** Ends in order. */
  async off(): Promise<void> {
    if (!this.#isDead) await this.wallet.lock();
    this.#isDead = true;
  }

  async #open(): Promise<Wallet> {
    const platform = nodePlatform({
      network: 'regtest',
      deviceName: 'test device',
      openDisk: () => Promise.resolve(this.#disk),
      eraseDisk: () => Promise.resolve()
    });
    const crash = { at: this.#crashAt, happened: () => this.#die() };
    const defaults = { network: 'regtest' as const, esploraUrl: this.#stand.esplora.url, bridgeUrl: '' };
    this.#opened = await Wallet.open({ ...platform, crash }, defaults);
    return this.#opened;
  }

  #die(): void {
    this.#isDead = true;
    this.#happened();
  }
}
