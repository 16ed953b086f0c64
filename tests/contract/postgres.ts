// Owns a PostgreSQL of the tests' own: a fresh cluster on a free port, gone without a trace afterwards. None to be had is a failure, never a skip.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort } from '../regtest/free-port.js';

const run = promisify(execFile);
const DEBIAN_ROOT = '/usr/lib/postgresql';
/** Accounts that Debian has and that may run a server, which root may not. */
const ACCOUNTS = ['postgres', 'nobody'];

/** A running cluster with one empty database. */
export interface Postgres {
  /** A connection string for `DATABASE_URL`. */
  url: string;
  /** Stops the server and keeps its data. */
  pause(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

interface Account {
  uid: number;
  gid: number;
}

/** Starts a cluster of its own; installs Debian's package first where there is none and that is allowed. */
export async function startPostgres(): Promise<Postgres> {
  const binaries = (await findBinaries()) ?? (await install());
  const account = await unprivilegedAccount();
  const directory = await mkdtemp(join(tmpdir(), 'tern-postgres-'));
  const cluster: Cluster = { binaries, account, directory };
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await initialize(cluster);
    const port = await freePort();
    let server = await startServer(cluster, port);
    return {
      url: `postgresql://tern@127.0.0.1:${port}/postgres`,
      pause: () => stopServer(server),
      resume: async () => {
        server = await startServer(cluster, port);
      },
      stop: async () => {
        await stopServer(server);
        await remove();
      }
    };
  } catch (fault) {
    await remove();
    throw fault;
  }
}

interface Cluster {
  binaries: string;
  account: Account | undefined;
  directory: string;
}

async function initialize({ binaries, account, directory }: Cluster): Promise<void> {
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  const settings = ['-D', 'data', '-U', 'tern', '-E', 'UTF8', '--locale=C', '-A', 'trust', '--no-sync'];
  await run(join(binaries, 'initdb'), settings, { ...account, cwd: directory });
}

function startServer({ binaries, account, directory }: Cluster, port: number): Promise<ChildProcess> {
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'max_connections=200'];
  const args = ['-D', 'data', '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  const server = spawn(join(binaries, 'postgres'), args, { ...account, cwd: directory, stdio: [...stdio] });
  const quit = (): void => void server.kill('SIGQUIT');
  process.once('exit', quit);
  server.once('exit', () => process.off('exit', quit));
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (): void => reject(new Error(`PostgreSQL does not start:\n${said.join('\n')}`));
    server.once('exit', fail);
    server.once('error', reject);
    if (server.stderr === null) return fail();
    createInterface(server.stderr).on('line', (line) => {
      said.push(line);
      if (line.includes('ready to accept connections')) resolve(server);
    });
  });
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  // Fast shutdown: ends sessions instead of waiting for them.
  server.kill('SIGINT');
  await gone;
}

async function findBinaries(): Promise<string | undefined> {
  const versions = existsSync(DEBIAN_ROOT) ? await readdir(DEBIAN_ROOT) : [];
  const debian = versions
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => join(DEBIAN_ROOT, version, 'bin'));
  const path = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return [...debian, ...path].find((directory) =>
    ['postgres', 'initdb'].every((name) => existsSync(join(directory, name)))
  );
}

async function install(): Promise<string> {
  const command = ['apt-get', 'install', '--yes', '--no-install-recommends', 'postgresql'];
  const [program = '', ...args] = process.getuid?.() === 0 ? command : ['sudo', '--non-interactive', ...command];
  await run(program, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).catch((fault: Error) => {
    throw new Error(
      `The contract tests need PostgreSQL. Install it with: apt-get install postgresql (${fault.message})`
    );
  });
  const found = await findBinaries();
  if (found === undefined) throw new Error('PostgreSQL was installed but its server was not found.');
  return found;
}

/** Whom to run as: undefined for ourselves, unless we are root. */
async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ACCOUNTS) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is none of the accounts ${ACCOUNTS.join(', ')}.`);
}
