// Owns the proof of invariants 1, 2 and 5 from outside: it sees what the node staged and what the disk and the server have, and judges every output and every read.
import type { NodeHost, Output, TernNode } from '../../wasm/pkg/tern.js';
import type { DiskBatch, RowKey } from '../../src/worker/disk.js';
import type { BackupMode } from '../../src/worker/api.js';
import { isFullMonitorRow, isMonitorRow, rowId } from '../../src/worker/rows.js';

interface Staged {
  number: number;
  value: Uint8Array | undefined;
}

export interface GuardOptions {
  /** The mode that holds now; undefined: there is no backup. */
  mode: () => BackupMode | undefined;
  /** Rows the disk had when the process began. */
  knownMonitors: ReadonlySet<string>;
  violated: (what: string) => void;
}

/** Watches one node of one process. */
export class OutputGuard {
  readonly #options: GuardOptions;
  readonly #knownMonitors: Set<string>;
  #staged = 0;
  /** Rows on their way to the disk, oldest value first. */
  readonly #pending = new Map<string, Staged[]>();
  /** Commits that reached the disk, and the last that a successful put to the server came after. */
  #landed = 0;
  #stored = 0;
  /** The newest commit each row's writes landed in, by the number they were staged under. */
  readonly #landedIn = new Map<number, number>();
  /** New monitors: staged under this number, and the server does not have them. */
  readonly #newMonitors = new Map<string, number>();
  /** The last number staged when a cut made these bytes. */
  readonly #cutOf = new WeakMap<ArrayBufferLike, number>();
  readonly #cutOfTransaction = new Map<string, number>();

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#knownMonitors = new Set(options.knownMonitors);
  }

  /** The host as the node sees it, watched. */
  watchHost(host: NodeHost): NodeHost {
    return {
      ...host,
      write: (primary, secondary, key, value) => {
        const row = { primary, secondary, key };
        const number = this.#stage(row, new Uint8Array(value));
        return host.write(primary, secondary, key, value).then(() => this.#persisted(row, number));
      },
      remove: (primary, secondary, key) => {
        this.#stage({ primary, secondary, key }, undefined);
        return host.remove(primary, secondary, key);
      },
      read: async (primary, secondary, key) => {
        const id = rowId({ primary, secondary, key });
        const newest = this.#pending.get(id)?.at(-1);
        const value = await host.read(primary, secondary, key);
        if (newest && !isSame(newest.value, value)) {
          this.#options.violated(`invariant 2: a read of ${id} did not see what was staged`);
        }
        return value;
      }
    };
  }

  /** Notes of every output which cut it came from. */
  watchNode(node: TernNode): TernNode {
    const cut = node.cut.bind(node);
    node.cut = (isAnswering) => {
      const outputs = cut(isAnswering);
      for (const output of outputs) this.#remember(output);
      return outputs;
    };
    return node;
  }

  /** A batch is durable. */
  landed(batch: DiskBatch): void {
    this.#landed += 1;
    for (const { row, value } of batch.puts) {
      // A restore brings monitors that the server has.
      if (isFullMonitorRow(row)) this.#knownMonitors.add(rowId(row));
      this.#settle(row, value);
    }
    for (const row of batch.removes) this.#settle(row, undefined);
  }

  /** How many commits had landed; give it to `stored` when the put that begins now was accepted. */
  get mark(): number {
    return this.#landed;
  }

  /** The server accepted a put that began when `mark` commits had landed. */
  stored(mark: number): void {
    this.#stored = Math.max(this.#stored, mark);
    for (const [id, number] of this.#newMonitors) {
      if ((this.#landedIn.get(number) ?? Infinity) <= this.#stored) this.#newMonitors.delete(id);
    }
  }

  /** Bytes leave for a peer. */
  sends(bytes: Uint8Array): void {
    const cut = this.#cutOf.get(bytes.buffer);
    if (cut === undefined) return this.#options.violated('bytes left that no cut had made');
    this.#judge(cut, 'bytes to a peer');
  }

  /** A transaction leaves for the chain. */
  broadcasts(rawHex: string): void {
    const cut = this.#cutOfTransaction.get(rawHex);
    if (cut !== undefined) this.#judge(cut, 'a transaction');
  }

  #stage(row: RowKey, value: Uint8Array | undefined): number {
    const number = (this.#staged += 1);
    const id = rowId(row);
    const waiting = this.#pending.get(id);
    if (waiting) waiting.push({ number, value });
    else this.#pending.set(id, [{ number, value }]);
    if (value && isFullMonitorRow(row) && !this.#knownMonitors.has(id)) {
      this.#knownMonitors.add(id);
      this.#newMonitors.set(id, number);
    }
    return number;
  }

  #settle(row: RowKey, value: Uint8Array | undefined): void {
    const id = rowId(row);
    const waiting = this.#pending.get(id);
    const at = waiting?.findLastIndex((staged) => isSame(staged.value, value)) ?? -1;
    if (!waiting || at < 0) return;
    for (const { number } of waiting.splice(0, at + 1)) this.#landedIn.set(number, this.#landed);
    if (waiting.length === 0) this.#pending.delete(id);
  }

  #persisted(row: RowKey, number: number): void {
    if (!isMonitorRow(row)) return;
    const landedIn = this.#landedIn.get(number);
    if (landedIn === undefined) {
      this.#options.violated(`invariant 1: LDK heard that ${rowId(row)} is persisted before the disk had it`);
    } else if (this.#options.mode() === 'acknowledged' && landedIn > this.#stored) {
      this.#options.violated(`invariant 1: LDK heard that ${rowId(row)} is persisted before the server had it`);
    }
  }

  #remember(output: Output): void {
    if (output.type === 'socketBytes') this.#cutOf.set(output.bytes.buffer, this.#staged);
    if (output.type === 'broadcast') {
      for (const transaction of output.transactions) {
        this.#cutOfTransaction.set(Buffer.from(transaction).toString('hex'), this.#staged);
      }
    }
  }

  #judge(cut: number, what: string): void {
    for (const [id, waiting] of this.#pending) {
      const first = waiting[0];
      if (first && first.number <= cut) {
        this.#options.violated(`invariant 5: ${what} left before ${id} was on disk`);
      }
    }
    if (this.#options.mode() !== 'acknowledged') return;
    for (const [id, number] of this.#newMonitors) {
      if (number <= cut)
        this.#options.violated(`invariant 5: ${what} left before the server had the new monitor ${id}`);
    }
  }
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (!left || !right) return left === right;
  return left.length === right.length && Buffer.compare(left, right) === 0;
}
