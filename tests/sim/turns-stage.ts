// Owns the stage on which the turns are tested: a scripted node, a disk and a backup that wait when told to, and what got out.
import type { Output } from '../../wasm/pkg/tern.js';
import type { CrashPoint } from '../../src/worker/crash.js';
import type { RowKey } from '../../src/worker/disk.js';
import { Store, type Commit } from '../../src/worker/store.js';
import { Turns, type Replicate } from '../../src/worker/turns.js';
import { TernError } from '../../src/wire/errors.js';
import { GatedDisk } from './gated-disk.js';
import { idle, VirtualClock } from './virtual-clock.js';

/** Any value. */
export const value = Uint8Array.of(1);
/** A monitor update: LDK waits for it. */
export const update = (key: string): RowKey => ({ primary: 'monitor_updates', secondary: 'm', key });
/** A whole monitor. */
export const monitor = (key: string): RowKey => ({ primary: 'monitors', secondary: '', key });
/** A row that LDK does not wait for. */
export const payment = (key: string): RowKey => ({ primary: 'payments', secondary: '', key });
/** An output that can be told from others. */
export const output = (socket: number): Output => ({ type: 'socketClose', socket });

/** A node that hands out what a test puts into it. */
export class ScriptedNode {
  outputs: Output[] = [];
  cutCount = 0;
  onCut: () => void = () => undefined;

  cut(): Output[] {
    this.cutCount += 1;
    this.onCut();
    return this.outputs.splice(0);
  }
}

/** Turns over a disk that can be held, with what they let out. */
export function world({ replicate, crashAt }: { replicate?: Replicate; crashAt?: CrashPoint } = {}) {
  const disk = new GatedDisk();
  const clock = new VirtualClock();
  const store = new Store(disk, { clock, crashAt });
  const sent: number[] = [];
  const halts: TernError[] = [];
  const deliver = (outputs: Output[]): number =>
    sent.push(...outputs.map((sentOutput) => ('socket' in sentOutput ? sentOutput.socket : -1)));
  const turns = new Turns({
    store,
    clock,
    deliver,
    onHalt: (error) => halts.push(error),
    replicate
  });
  const node = new ScriptedNode();
  turns.attach(node);
  return { disk, clock, store, sent, halts, turns, node };
}

/** A promise and how it stands. */
export function watch(promise: Promise<unknown>): { state: string } {
  const watched = { state: 'pending' };
  promise.then(
    () => (watched.state = 'resolved'),
    (thrown: unknown) => (watched.state = TernError.from(thrown).code)
  );
  return watched;
}

/** A hold of the backup that a test opens. */
export function backup() {
  const calls: string[] = [];
  const opens = new Map<string, () => void>();
  const hold = (kind: string) => (commit: Commit) => {
    const call = `${kind} ${commit.number}`;
    calls.push(call);
    return new Promise<void>((resolve) => opens.set(call, resolve));
  };
  const open = async (call: string) => {
    opens.get(call)?.();
    await idle();
  };
  const committed = (commit: Commit): void => void calls.push(`committed ${commit.number}`);
  return { replicate: { committed, beforeOutputs: hold('outputs'), beforePersisted: hold('persisted') }, calls, open };
}
