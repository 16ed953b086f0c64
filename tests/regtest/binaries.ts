// Owns the cache of node binaries: a directory named after a version is complete or absent, never half built.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TernError } from '../../src/wire/errors.js';

/** Told one line at a time what is being downloaded or built. */
export type ReportProgress = (line: string) => void;

export interface BtcdBinaries {
  btcd: string;
  btcctl: string;
}

export interface LndBinaries {
  lnd: string;
  lncli: string;
}

interface GoProgram {
  name: string;
  module: string;
  version: string;
  packages: string[];
  tags: string[];
  executables: string[];
}

const btcdProgram: GoProgram = {
  name: 'btcd',
  module: 'github.com/btcsuite/btcd',
  version: 'v0.26.0',
  packages: ['.', './cmd/btcctl'],
  tags: [],
  executables: ['btcd', 'btcctl']
};

const lndProgram: GoProgram = {
  name: 'lnd',
  module: 'github.com/lightningnetwork/lnd',
  version: 'v0.21.0-beta',
  packages: ['./cmd/lnd', './cmd/lncli'],
  // `lowscrypt`, lnd's own tag for tests, saves three seconds of key stretching at every start.
  tags: [
    'autopilotrpc',
    'chainrpc',
    'invoicesrpc',
    'lowscrypt',
    'neutrinorpc',
    'peersrpc',
    'routerrpc',
    'signrpc',
    'walletrpc'
  ],
  executables: ['lnd', 'lncli']
};

/** Paths of btcd and btcctl, built from the Go module proxy unless the cache has them (26 s of CPU). Does not touch lnd. */
export async function obtainBtcd(report: ReportProgress = reportToStderr): Promise<BtcdBinaries> {
  const directory = await obtain(btcdProgram, report);
  return { btcd: path.join(directory, 'btcd'), btcctl: path.join(directory, 'btcctl') };
}

/** Paths of lnd and lncli, built from the Go module proxy unless the cache has them (6 min of CPU). */
export async function obtainLnd(report: ReportProgress = reportToStderr): Promise<LndBinaries> {
  const directory = await obtain(lndProgram, report);
  return { lnd: path.join(directory, 'lnd'), lncli: path.join(directory, 'lncli') };
}

/** Where what is built once is kept: `$TERN_CACHE`, else `$XDG_CACHE_HOME/tern`, else `~/.cache/tern`. */
export function cacheDirectory(): string {
  if (process.env.TERN_CACHE) return path.resolve(process.env.TERN_CACHE);
  if (process.env.XDG_CACHE_HOME) return path.join(process.env.XDG_CACHE_HOME, 'tern');
  return path.join(homedir(), '.cache', 'tern');
}

async function obtain(program: GoProgram, report: ReportProgress): Promise<string> {
  const root = cacheDirectory();
  const target = path.join(root, `${program.name}-${program.version}-${recipeOf(program)}`);
  if (await exists(target)) return target;
  await mkdir(root, { recursive: true });
  const release = await takeBuildLock(`${target}.lock`, target, report);
  if (!release) return target;
  const scratch = await mkdtemp(path.join(root, '.building-'));
  try {
    await build(program, scratch, report);
    await rename(scratch, target);
    return target;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await release();
  }
}

/** Changes with anything that changes what is built. */
function recipeOf(program: GoProgram): string {
  return createHash('sha256').update(JSON.stringify(program)).digest('hex').slice(0, 8);
}

async function build(program: GoProgram, output: string, report: ReportProgress): Promise<void> {
  const label = `${program.name} ${program.version}`;
  report(`${label}: downloading the source`);
  const answer = await runGo(['mod', 'download', '-json', `${program.module}@${program.version}`], homedir());
  const source = (JSON.parse(answer) as { Dir: string }).Dir;
  report(`${label}: counting packages`);
  const tags = program.tags.length > 0 ? ['-tags', program.tags.join(' ')] : [];
  const listed = await runGo(['list', '-deps', ...tags, ...program.packages], source);
  const total = listed.trim().split('\n').length;
  let compiled = 0;
  const started = Date.now();
  // Built where the module cache has it: the module's replace directives rule out `go install`.
  const flags = ['-v', '-trimpath', '-ldflags', '-s -w', ...tags, '-o', output + path.sep];
  await runGo(['build', ...flags, ...program.packages], source, (line) => {
    if (line.startsWith('go: downloading')) return report(`${label}: ${line.slice('go: '.length)}`);
    compiled += 1;
    if (compiled % 25 === 0) report(`${label}: compiled ${compiled} of at most ${total} packages`);
  });
  for (const executable of program.executables) await stat(path.join(output, executable));
  report(`${label}: built in ${Math.round((Date.now() - started) / 1000)} s`);
}

function runGo(args: string[], cwd: string, onErrorLine: (line: string) => void = () => undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const go = spawn('go', args, { cwd, env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let unfinished = '';
    const lastLines: string[] = [];
    go.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    go.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) {
        lastLines.push(line);
        if (lastLines.length > 20) lastLines.shift();
        onErrorLine(line);
      }
    });
    go.on('error', (error) => reject(goFailed(args, error.message)));
    go.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(goFailed(args, [...lastLines, unfinished].join('\n')));
    });
  });
}

function goFailed(args: string[], reason: string): TernError {
  const cause = `go ${args[0]} ${args[1]} failed: ${reason}`;
  return new TernError(
    'internal',
    cause,
    'Check that Go 1.25.10 or newer is on the PATH and that its module proxy answers.'
  );
}

/** Waits for whoever builds this already; undefined when they finished it. The lock saves work only: the rename is what keeps the cache whole. */
async function takeBuildLock(lock: string, target: string, report: ReportProgress) {
  for (let announced = false; ; announced = true) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      const release = () => rm(lock, { force: true });
      if (!(await exists(target))) return release;
      await release();
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw TernError.from(error);
    }
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
    if (!announced) report(`${path.basename(target)}: waiting for process ${holder}, which builds it`);
    await delay(250);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false
  );
}

function reportToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
