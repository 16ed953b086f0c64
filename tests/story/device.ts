// Owns one life of a wallet on a device: it can die at any commit and any request to its backup, and the next life finds exactly what its disk, or the server, held.
import { connect } from 'node:net';
import { TernError } from '../../src/wire/errors.js';
import { systemClock, type Clock } from '../../src/worker/clock.js';
import type { Platform } from '../../src/worker/platform.js';
import { nodePlatform } from '../../src/worker/platform-node.js';
import { fitTcpSocket } from '../../src/worker/platform-tcp.js';
import type { BackupState } from '../../src/worker/api.js';
import type { CrashPoint } from '../../src/worker/crash.js';
import { openBackup } from '../../src/worker/backup/open.js';
import { Wallet } from '../../src/worker/wallet.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Lines } from './lines.js';
import { Nap } from './nap.js';

const password = 'correct horse battery';

/** A crash point that nothing reaches, until it is moved. */
const nowhere = (): CrashPoint => ({ commit: Number.MAX_SAFE_INTEGER, when: 'before' });

/** What a dead process answers. */
const never = new Promise<never>(() => undefined);

/** How often LDK looks for outputs to sweep, and broadcasts its claims anew. */
const LDK_ROUND_MS = 30_000;
/** How often LDK pings its peers; one that has not answered by the next time is dropped. */
const LDK_PING_MS = 10_000;

export interface DeviceOptions {
  /** Of the wallet to restore; absent: a new wallet. */
  mnemonic?: string;
  /** Absent: no backup. */
  vssUrl?: string;
  /** LDK's rounds come this often instead of twice a minute, for stories that wait for sweeps. */
  ldkRoundMs?: number;
  /** LDK pings its peers this often instead of every ten seconds, for stories in which peers fall silent. */
  ldkPingMs?: number;
}

/** Where a crash comes: the disk's commits, or the requests to the backup server. `after` a request: it was answered, and nobody heard. */
export type CrashKind = 'commit' | 'request';

/** A process with a wallet in it. After a crash it does nothing any more; `reopen` is the next process on the same disk. */
export class Device {
  readonly #stand: Stand;
  readonly #disk: MemoryDisk;
  readonly #vssUrl: string | undefined;
  readonly #crashAt = nowhere();
  readonly #crashAtRequest = nowhere();
  #requestCount = 0;
  readonly #wallet: Promise<Wallet>;
  #opened: Wallet | undefined;
  #isDead = false;
  #happened = (): void => undefined;
  /** Resolves when the crash happens. */
  readonly crashed = new Promise<void>((resolve) => (this.#happened = resolve));
  mnemonic = '';
  /** How far this device's clock is ahead; below zero: behind. */
  clockAheadMs = 0;
  #ldkRoundMs = LDK_ROUND_MS;
  #ldkPingMs = LDK_PING_MS;
  /** Its connections to peers. */
  readonly lines = new Lines();
  readonly #nap = new Nap();
  readonly #wakers = new Set<() => void>();
  /** Stands between the wallet and its backup server: passes requests on, or does not. */
  vssFault: ((pass: () => Promise<Response>) => Promise<Response>) | undefined;

  private constructor(stand: Stand, disk: MemoryDisk, vssUrl: string | undefined) {
    this.#stand = stand;
    this.#disk = disk;
    this.#vssUrl = vssUrl;
    this.#wallet = this.#open();
  }

  /** A device with a new wallet, or with the wallet of these words; backed up where there is a URL. */
  static async start(
    stand: Stand,
    { mnemonic, vssUrl, ldkRoundMs = LDK_ROUND_MS, ldkPingMs = LDK_PING_MS }: DeviceOptions = {}
  ): Promise<Device> {
    const device = new Device(stand, new MemoryDisk(), vssUrl);
    device.#ldkRoundMs = ldkRoundMs;
    device.#ldkPingMs = ldkPingMs;
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

  /** What is durable. */
  get disk(): MemoryDisk {
    return this.#disk;
  }

  /** Commits of this session so far. */
  get commitCount(): number {
    return this.wallet.session.store.commitCount;
  }

  /** Dies before or after the `count`-th commit, or request, from now on. */
  crashIn(count: number, when: CrashPoint['when'], kind: CrashKind = 'commit'): void {
    if (kind === 'commit') Object.assign(this.#crashAt, { commit: this.commitCount + count, when });
    else Object.assign(this.#crashAtRequest, { commit: this.#requestCount + count, when });
  }

  /** No crash any more. */
  disarm(): void {
    Object.assign(this.#crashAt, nowhere());
    Object.assign(this.#crashAtRequest, nowhere());
  }

  /** The lid is closed: nothing runs, no byte comes or goes, and no connection is told. */
  sleep(): void {
    this.#nap.begin();
    this.lines.cut();
  }

  /** The lid is opened after so long by its clock: what was due runs, and the page is seen. */
  wake(sleptMs: number): void {
    this.clockAheadMs += sleptMs;
    this.#nap.end();
    for (const wake of this.#wakers) wake();
  }

  /** A new process on what the disk holds: unlocked and running. */
  async reopen(): Promise<Device> {
    const next = await this.boot();
    await next.wallet.unlock(password);
    return next;
  }

  /** A new process on what the disk holds, still locked. */
  async boot(): Promise<Device> {
    const next = this.#next(this.#disk.clone());
    await next.#wallet;
    return next;
  }

  /** Another device, with nothing but the words: takes over, restores from the server alone, and waits until all peers agreed. */
  async elsewhere(): Promise<Device> {
    const next = this.#next(new MemoryDisk());
    const wallet = await next.#wallet;
    await wallet.restore({ password, mnemonic: this.mnemonic }).catch(async (thrown: unknown) => {
      if (TernError.from(thrown).code !== 'owned_elsewhere') throw thrown;
      await wallet.unlock(password, 'take_over');
    });
    await next.awaitBackup('up_to_date');
    return next;
  }

  /** Resolves when the backup's indicator says so. */
  async awaitBackup(state: BackupState): Promise<void> {
    await waitFor(async () => (await this.wallet.backupInfo()).state === state, {
      what: `the backup to be ${state}`,
      timeoutMs: 90_000
    });
  }

  /** Dies now. */
  die(): void {
    this.wallet.session.store.crash();
  }

  /** Locks in order and opens again: what closing and opening the tab does. */
  async reload(): Promise<Device> {
    await this.off();
    return this.reopen();
  }

  /** Ends in order. */
  async off(): Promise<void> {
    // An orderly stop has as long as LDK has between two pings.
    this.#ldkPingMs = LDK_PING_MS;
    if (!this.#isDead) await this.wallet.lock();
    this.#isDead = true;
    this.lines.end();
  }

  #next(disk: MemoryDisk): Device {
    const next = new Device(this.#stand, disk, this.#vssUrl);
    next.mnemonic = this.mnemonic;
    next.clockAheadMs = this.clockAheadMs;
    next.#ldkRoundMs = this.#ldkRoundMs;
    next.#ldkPingMs = this.#ldkPingMs;
    return next;
  }

  #clock(): Clock {
    const delayMs = (ms: number): number => {
      if (ms === LDK_ROUND_MS) return this.#ldkRoundMs;
      return ms === LDK_PING_MS ? this.#ldkPingMs : ms;
    };
    return this.#nap.clock({
      ...systemClock,
      nowMs: () => systemClock.nowMs() + this.clockAheadMs,
      setTimer: (ms, run) => systemClock.setTimer(delayMs(ms), run)
    });
  }

  async #open(): Promise<Wallet> {
    const platform = nodePlatform({
      network: 'regtest',
      deviceName: 'test device',
      openDisk: () => Promise.resolve(this.#disk),
      eraseDisk: () => Promise.resolve()
    });
    const crash = { at: this.#crashAt, happened: () => this.#died() };
    const vssUrl = this.#vssUrl;
    const defaults = { network: 'regtest' as const, esploraUrl: this.#stand.esplora.url, bridgeUrl: '', vssUrl };
    const surroundings: Platform = {
      ...platform,
      crash,
      clock: this.#clock(),
      fetch: (input, init) => this.#nap.request(() => this.#fetch(input, init)),
      openTcp: (host, port, handlers) => this.lines.dial((own) => fitTcpSocket(connect({ host, port }), own), handlers),
      onWake: (wake) => {
        this.#wakers.add(wake);
        return () => this.#wakers.delete(wake);
      }
    };
    this.#opened = await Wallet.open(surroundings, defaults, { openBackup });
    return this.#opened;
  }

  /** Requests to the backup server are counted, and one of them can be the last. */
  async #fetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    if (this.#vssUrl === undefined || !String(input).startsWith(this.#vssUrl)) return fetch(input, init);
    if (this.#isDead) return never;
    this.#requestCount += 1;
    const { commit, when } = this.#crashAtRequest;
    const isLast = commit === this.#requestCount;
    if (isLast && when === 'before') return this.#crash();
    const pass = (): Promise<Response> => fetch(input, init);
    const response = await (this.vssFault ? this.vssFault(pass) : pass());
    return isLast ? this.#crash() : response;
  }

  #crash(): Promise<never> {
    this.die();
    return never;
  }

  #died(): void {
    this.#isDead = true;
    this.#happened();
  }
}
