// Owns the life of one node's process: when we end, however we end, the process ends and its temporary directory goes.
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TernError } from '../../src/wire/errors.js';
import { withDeadline } from './wait.js';

/** Where a node keeps its data; a temporary one is removed when the node stops. */
export interface NodeDirectory {
  path: string;
  temporary: boolean;
}

/** The given directory, to be kept, or else a new one under the system's temporary directory. */
export async function openDirectory(name: string, kept?: string): Promise<NodeDirectory> {
  if (kept === undefined) return { path: await mkdtemp(path.join(tmpdir(), `tern-${name}-`)), temporary: true };
  await mkdir(kept, { recursive: true });
  return { path: kept, temporary: false };
}

/** Removes the directory if it is temporary. */
export async function closeDirectory(directory: NodeDirectory): Promise<void> {
  if (directory.temporary) await rm(directory.path, { recursive: true, force: true });
}

export class NodeProcess {
  /** Resolves when the process has ended, by whatever cause. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #watchdog: ChildProcess;
  readonly #outputFile: string;
  readonly #name: string;
  #running = true;
  #startFailure = '';

  private constructor(name: string, command: string, args: string[], directory: NodeDirectory) {
    this.#name = name;
    this.#outputFile = path.join(directory.path, `${name}.out`);
    const output = openSync(this.#outputFile, 'a');
    // A session of its own: Ctrl-C reaches us alone, and we end the node in order.
    this.#child = spawn(command, args, { stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    this.#watchdog = startWatchdog(this.#child.pid ?? 0, directory);
    this.exited = new Promise((resolve) => {
      const ended = (): void => {
        this.#running = false;
        this.#watchdog.kill('SIGKILL');
        resolve();
      };
      this.#child.once('exit', ended);
      this.#child.once('error', (error) => {
        this.#startFailure = error.message;
        ended();
      });
    });
  }

  /** Starts `command`; its output goes to `<name>.out` in the directory. */
  static start(name: string, command: string, args: string[], directory: NodeDirectory): NodeProcess {
    return new NodeProcess(name, command, args, directory);
  }

  get running(): boolean {
    return this.#running;
  }

  /** Asks the process to end and waits until it has; after 30 s it is killed. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill('SIGTERM');
    await withDeadline(this.exited, 30_000, `${this.#name} to stop`).catch(() => this.kill());
  }

  /** Ends the process as a power cut would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#running) this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** `promise`, unless the process ends first: then an error with the last lines of its output. */
  async orExit<T>(promise: Promise<T>): Promise<T> {
    const ended = this.exited.then(async (): Promise<never> => {
      const output = await readFile(this.#outputFile, 'utf8').catch(() => '');
      const lastLines = (output + this.#startFailure).trimEnd().split('\n').slice(-15).join('\n');
      throw new TernError('internal', `${this.#name} ended unexpectedly:\n${lastLines}`, 'Read its output above.');
    });
    promise.catch(() => undefined);
    ended.catch(() => undefined);
    return Promise.race([promise, ended]);
  }
}

/** `promise`; if it or the process fails, the process is ended and its temporary directory removed before the error goes on. */
export async function whenReady<T>(promise: Promise<T>, process: NodeProcess, directory: NodeDirectory): Promise<T> {
  try {
    return await process.orExit(promise);
  } catch (error) {
    await process.kill();
    await closeDirectory(directory);
    throw error;
  }
}

/** A shell that outlives us by a moment: its standard input ends when we do, even by SIGKILL, and then it cleans up. */
function startWatchdog(pid: number, directory: NodeDirectory): ChildProcess {
  const script = directory.temporary
    ? 'read -r _; kill -KILL "$0"; while kill -0 "$0"; do sleep 0.1; done; rm -rf "$1"'
    : 'read -r _; kill -TERM "$0"';
  const watchdog = spawn('sh', ['-c', script, String(pid), directory.path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true
  });
  watchdog.on('error', () => undefined);
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}
