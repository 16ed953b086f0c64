// Owns one device of a persona: a disk that lasts, and the processes on it, one after the other. What a dead process still answers is heard by nobody.
import type { BackupMode, Payment, StartChoice, WalletEvent } from '../../src/worker/api.js';
import { openBackup } from '../../src/worker/backup/open.js';
import type { OutboxEntry } from '../../src/worker/disk.js';
import { rowId } from '../../src/worker/rows.js';
import { Wallet } from '../../src/worker/wallet.js';
import { TernError } from '../../src/wire/errors.js';
import type { Socket, SocketHandlers } from '../../src/worker/platform.js';
import type { MemoryVss } from './memory-vss.js';
import type { MemoryDisk } from '../../src/worker/memory-disk.js';
import { PASSWORD, type Persona } from './persona.js';
import { Process, type PointKind } from './process.js';
import type { World } from './world.js';

/** What a caller hears whose device died meanwhile. */
export class Died extends Error {}

export interface DeviceOptions {
  /** Absent: no backup. */
  backupMode?: BackupMode;
  /** Nobody can reach it and it reaches nobody: a look at what a restore would give. */
  isShadow?: boolean;
}

/** Halts that a world may cause without anything being wrong. */
const EXPECTED_HALTS = new Set(['taken_over', 'wallet_locked']);

/** What patches/0001 lets LDK say of a channel whose peer has newer state. */
const FELL_BEHIND = /our state of the channel is outdated/;

export class SimDevice {
  readonly world: World;
  readonly persona: Persona;
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly isShadow: boolean;
  mode: BackupMode | undefined;
  /** The server its backup is on. */
  vss: MemoryVss;
  isVssAway = false;
  /** Its owner uses it: it comes back after a crash. */
  isNeeded = true;
  /** Seams passed so far, over all processes. */
  pointCount = 0;
  /** What was passed, in order, while somebody wants to know. */
  pointLog: string[] | undefined;
  process: Process | undefined;
  /** The last error that a start or a halt gave. */
  error: TernError | undefined;
  #wallet: Wallet | undefined;
  #diesAt = Infinity;
  #generation = 0;

  constructor(world: World, persona: Persona, name: string, disk: MemoryDisk, options: DeviceOptions) {
    this.world = world;
    this.persona = persona;
    this.name = name;
    this.disk = disk;
    this.mode = options.backupMode;
    this.isShadow = options.isShadow ?? false;
    this.vss = world.vss;
  }

  /** Runs, unlocked and not halted. */
  get isRunning(): boolean {
    return this.#wallet !== undefined;
  }

  /** The wallet that runs. Throws `Died` where none does. */
  get wallet(): Wallet {
    if (!this.#wallet) throw new Died(`${this.name} does not run`);
    return this.#wallet;
  }

  /** Dies at the `points`-th seam from now. */
  dieIn(points: number): void {
    this.#diesAt = this.pointCount + points;
  }

  disarm(): void {
    this.#diesAt = Infinity;
  }

  /** Starts a process and unlocks the wallet in it. Throws what the wallet says, or `Died`. */
  async boot(choice?: StartChoice): Promise<void> {
    if (this.process && !this.process.isDead) throw new Error(`${this.name} runs already`);
    const process = await Process.start({
      world: this.world,
      name: `${this.name}/${(this.#generation += 1)}`,
      deviceName: this.name,
      disk: this.disk,
      vss: this.vss,
      isVssAway: () => this.isVssAway,
      isShadow: this.isShadow,
      diesAt: (kind, detail) => this.#passes(kind, detail)
    });
    this.process = process;
    this.error = undefined;
    this.world.tell(`${process.name} starts${choice ? ` (${choice})` : ''}`);
    this.world.register(process);
    await this.#orDead(process, this.#unlock(process, choice)).catch((thrown: unknown) => {
      if (!(thrown instanceof Died)) process.die('because it did not start');
      throw thrown;
    });
  }

  /** Pulls the plug. */
  crash(): void {
    this.process?.die('by a crash');
  }

  /** Locks in order and closes. */
  async off(): Promise<void> {
    const { process } = this;
    if (!process || process.isDead) return;
    await this.#orDead(process, this.wallet.lock());
    process.die('in order');
  }

  /** Runs something with the wallet; throws `Died` when the process ends first. */
  async ask<T>(question: (wallet: Wallet) => Promise<T>): Promise<T> {
    const { process } = this;
    if (!process || process.isDead) throw new Died(`${this.name} does not run`);
    return this.#orDead(process, question(this.wallet));
  }

  /** Changes the backup's mode. Until the next start no answer of the server is insisted on: the change takes as long as the server is away. */
  async changeMode(backupMode: BackupMode): Promise<void> {
    if (this.process) this.process.mode = 'local-first';
    await this.ask((wallet) => wallet.changeSettings({ backupMode }));
    this.mode = backupMode;
  }

  #passes(kind: PointKind, detail: string): boolean {
    this.pointCount += 1;
    this.pointLog?.push(`${kind} ${detail}`);
    if (this.pointCount < this.#diesAt) return false;
    this.disarm();
    return true;
  }

  async #unlock(process: Process, choice: StartChoice | undefined): Promise<void> {
    const vssUrl = this.mode && this.world.vssUrl;
    const defaults = {
      network: 'regtest',
      esploraUrl: this.world.esploraUrlOf(process),
      bridgeUrl: '',
      vssUrl
    } as const;
    const wallet = await Wallet.open(process.platform(), defaults, { openBackup });
    await wallet.subscribe((event) => process.isDead || this.#heard(process, event));
    process.onDeath = () => {
      this.world.unsealing.delete(process.name);
      this.#ended(wallet);
    };
    process.mode = this.mode;
    const waiting = await this.disk.outbox();
    await wallet.unlock(PASSWORD, choice);
    process.isStarting = false;
    if (process.isDead) return;
    await this.#checkStoredFirst(waiting);
    this.#wallet = wallet;
    const settings = await wallet.settings();
    if (settings.autoLockMinutes !== 0) await wallet.changeSettings({ autoLockMinutes: 0 });
    if (this.mode && settings.backupMode !== this.mode) await wallet.changeSettings({ backupMode: this.mode });
    const { nodeId } = await wallet.info();
    this.persona.nodeId = nodeId;
    if (!this.isShadow)
      this.world.network.listen(this.persona.host, process.name, (pipe) => accept(process, wallet, pipe));
  }

  /** What is on disk counts as complete when LDK loads, so in acknowledged mode the server has it first. */
  async #checkStoredFirst(before: OutboxEntry[]): Promise<void> {
    if (this.mode !== 'acknowledged') return;
    const left = new Map((await this.disk.outbox()).map(({ row, generation }) => [rowId(row), generation]));
    for (const { row, generation } of before) {
      if (left.get(rowId(row)) !== generation) continue;
      this.world.violated(`invariant 1: ${this.name} started before the server had ${rowId(row)}`);
    }
  }

  #ended(wallet: Wallet): void {
    if (this.#wallet === wallet) this.#wallet = undefined;
    try {
      wallet.session.node.kill();
    } catch {
      // It had not come so far, or has halted already.
    }
  }

  #heard(process: Process, event: WalletEvent): void {
    if (event.type === 'paymentChanged') this.#paymentChanged(process, event.payment);
    if (event.type === 'channelChanged') {
      this.world.tell(`${process.name} channel ${event.state}${event.reason ? `: ${event.reason}` : ''}`);
      // A server that follows may have missed the last while; one that is waited for has not.
      if (this.mode === 'acknowledged' && event.reason && FELL_BEHIND.test(event.reason))
        this.world.violated(`invariant 6: ${process.name} showed a peer an old state`);
    }
    if (event.type !== 'status') return;
    if (event.status.step === 'unsealing') this.world.unsealing.add(process.name);
    else this.world.unsealing.delete(process.name);
    if (!event.status.error) return;
    const error = TernError.fromShape(event.status.error);
    this.error = error;
    this.world.tell(`${process.name} is ${event.status.phase}: ${error.code}`);
    if (event.status.phase !== 'halted') return;
    if (!EXPECTED_HALTS.has(error.code)) this.world.violated(`${process.name} halted: ${error.message}`);
    process.die(`halted by ${error.code}`);
  }

  #paymentChanged(process: Process, payment: Payment): void {
    if (this.isShadow) return;
    this.world.tell(`${process.name} payment ${payment.id.slice(0, 8)} ${payment.direction} ${payment.status}`);
    const before = this.persona.finalPayments.get(payment.id);
    if (before?.status === 'succeeded' && payment.status !== 'succeeded' && payment.kind === 'bolt11') {
      this.world.violated(`${process.name}: payment ${payment.id} was succeeded and is ${payment.status} now`);
    }
    if (payment.status === 'succeeded' || payment.status === 'failed')
      this.persona.finalPayments.set(payment.id, payment);
  }

  async #orDead<T>(process: Process, answer: Promise<T>): Promise<T> {
    const dead = process.died.then(() => {
      throw new Died(process.name);
    });
    dead.catch(() => undefined);
    return Promise.race([answer, dead]);
  }
}

/** Hands a connection from outside to the wallet's node. */
function accept(process: Process, wallet: Wallet, pipe: Socket): SocketHandlers | undefined {
  const watched = {
    get bufferedBytes() {
      return pipe.bufferedBytes;
    },
    send: (bytes: Uint8Array) => {
      process.guard.sends(bytes);
      pipe.send(bytes);
    },
    close: () => pipe.close()
  };
  try {
    const { node } = wallet.session;
    const link = node.acceptPeer(watched);
    const whileUp = (tell: (links: typeof node.peers.links) => void): void => {
      if (!process.isDead) tell(node.peers.links);
    };
    return {
      opened: () => undefined,
      message: (bytes) => whileUp((links) => typeof bytes === 'string' || links.receive(link, bytes)),
      closed: (reason) => whileUp((links) => links.ended(link, TernError.from(new Error(reason))))
    };
  } catch {
    return undefined;
  }
}
