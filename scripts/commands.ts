// Owns child processes: none is left running when this one ends, and each line they print is passed on as it comes.
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TernError } from '../src/wire/errors.js';

/** The directory of the checkout, absolute. */
export const repositoryRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The Rust workspace, absolute. */
export const wasmDirectory = path.join(repositoryRoot, 'wasm');

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Gets every line of standard output and standard error. Absent: they go to our standard error as they are. */
  onLine?: (line: string) => void;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/**
 * Runs a command to its end, without standard input.
 * @returns its exit code; 1 when a signal ended it
 * @throws TernError `internal` when it cannot be started
 */
export function runCommand(command: string[], options: CommandOptions = {}): Promise<number> {
  const [program = '', ...args] = command;
  const { onLine } = options;
  const child = spawn(program, args, {
    cwd: options.cwd ?? repositoryRoot,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', onLine ? 'pipe' : 2, onLine ? 'pipe' : 2]
  });
  running.add(child);
  if (onLine) {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', onLine);
    }
  }
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      running.delete(child);
      reject(
        new TernError(
          'internal',
          `${program} could not be started: ${error.message}`,
          `Check that ${program} is on the PATH.`
        )
      );
    });
    child.on('close', (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
  });
}

/** The command line of a program that an npm package brings, run by this very Node. */
export function nodeProgram(file: string, ...args: string[]): string[] {
  return [process.execPath, path.join(repositoryRoot, 'node_modules', file), ...args];
}

/** One line of progress. Standard output is left to results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `75` seconds as `1:15`. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
