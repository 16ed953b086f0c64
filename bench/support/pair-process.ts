// Owns a pair of nodes in a process of its own, native or WASM: all talk alike, are led through the same steps, and pay only when told to.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { repositoryRoot, runCommand, wasmDirectory } from '../../scripts/commands.js';
import { TernError } from '../../src/wire/errors.js';
import type { Stand } from '../../tests/regtest/stand.js';
import { waitFor } from '../../tests/regtest/wait.js';

const FUNDS_SAT = 20_000_000n;
const CONFIRMATIONS = 6;

/** What a round of payments took. */
export interface PaidRound {
  /** Of the one thread that both nodes live on, the rests after the payments included. */
  cpuNs: number;
  /** From the first invoice until the last payment succeeded on both sides, without the rests. */
  elapsedNs: number;
  /** Of both nodes together: pairs that do the same work have as many. */
  commits: number;
  messages: number;
}

/** A program that takes an Esplora URL, and then commands. */
export interface PairProgram {
  /** For people. */
  name: string;
  command: string[];
  cwd: string;
}

/** Two nodes in WebAssembly: under the wallet's own worker code, or with as little around them as the native ones have. */
export function wasmPair(host: 'plain' | 'worker'): PairProgram {
  const command = [process.execPath, '--import', 'tsx', 'bench/support/wasm-pair-program.ts', host];
  return { name: `WebAssembly, ${host}`, command, cwd: repositoryRoot };
}

/** The same nodes compiled for this machine. Builds them, which takes minutes the first time; throws `internal` when that fails. */
export async function nativePair(): Promise<PairProgram> {
  const options = ['--release', '--manifest-path', 'bench/Cargo.toml'];
  const steps = [
    ['cargo', 'xtask', 'prepare'],
    ['cargo', 'build', ...options]
  ];
  for (const step of steps) {
    const code = await runCommand(step, { cwd: wasmDirectory });
    if (code !== 0) throw new TernError('internal', `${step.join(' ')} failed`, 'Its messages are above.');
  }
  return { name: 'native', command: ['cargo', 'run', '--quiet', ...options, '--'], cwd: wasmDirectory };
}

/** Two nodes whose channel is ready. */
export class PairProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  private constructor({ name, command, cwd }: PairProgram, esploraUrl: string) {
    this.name = name;
    const [file = '', ...args] = command;
    const child = spawn(file, [...args, esploraUrl], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    process.once('exit', this.#kill);
  }

  /** Starts the program, funds both nodes and opens the channel. */
  static async start(stand: Stand, program: PairProgram): Promise<PairProcess> {
    const pair = new PairProcess(program, stand.esplora.url);
    try {
      await pair.#open(stand);
      return pair;
    } catch (thrown) {
      await pair.stop();
      throw thrown;
    }
  }

  /** Pays `count` invoices, `width` at once; every time both nodes rest before the next. */
  async pay(count: number, width = 1): Promise<PaidRound> {
    return (await this.#ask(`pay ${count} ${width}`)) as PaidRound;
  }

  /** Ends the process: its money is play money. */
  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#kill();
    await gone;
  }

  async #open(stand: Stand): Promise<void> {
    const { addresses } = (await this.#hear()) as { addresses: string[] };
    for (const address of addresses) await stand.chain.fund(address, FUNDS_SAT);
    await stand.mine(1);
    const { fundingTxid } = (await this.#ask('open')) as { fundingTxid: string };
    await waitFor(async () => (await stand.chain.mempool()).includes(fundingTxid), { what: 'the funding' });
    await stand.mine(CONFIRMATIONS);
    await this.#ask('confirm');
  }

  #ask(command: string): Promise<unknown> {
    this.#child.stdin?.write(`${command}\n`);
    return this.#hear();
  }

  async #hear(): Promise<unknown> {
    const answer = await this.#answers.next();
    if (answer.done) throw new TernError('internal', 'A pair of nodes ended by itself.', 'Its messages are above.');
    return JSON.parse(answer.value);
  }
}
