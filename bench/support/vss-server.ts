// Owns the companion server of the benchmarks: a process of its own, as users run it, on PGlite or on a PostgreSQL of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../../scripts/commands.js';
import { TernError } from '../../src/wire/errors.js';
import { startPostgres } from '../../tests/contract/postgres.js';
import { Stops } from '../../tests/regtest/stops.js';

export type StoreKind = 'pglite' | 'pg';

/** Runs `use` against the base URL of a server with an empty store, which takes signatures; afterwards nothing of it is left. */
export async function withVssServer<T>(kind: StoreKind, use: (url: string) => Promise<T>): Promise<T> {
  const stops = new Stops();
  try {
    return await use(await start(kind, stops));
  } finally {
    await stops.run();
  }
}

async function start(kind: StoreKind, stops: Stops): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tern-bench-'));
  stops.add(() => rm(directory, { recursive: true, force: true }));
  let database = '';
  if (kind === 'pg') {
    const postgres = await startPostgres();
    stops.add(() => postgres.stop());
    database = postgres.url;
  }
  const flags = [
    '--port',
    '0',
    '--network',
    'regtest',
    '--esplora',
    'http://127.0.0.1:9',
    '--no-static',
    '--no-bridge'
  ];
  const args = [
    '--import',
    'tsx',
    'src/server/main.ts',
    'serve',
    ...flags,
    '--log-level',
    'error',
    '--data',
    directory
  ];
  const env = { ...process.env, DATABASE_URL: database };
  const server = spawn(process.execPath, args, { cwd: repositoryRoot, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  stops.add(async () => {
    process.off('exit', kill);
    if (server.exitCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGTERM');
    await gone;
  });
  for await (const line of createInterface(server.stdout)) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) return `${url}/vss`;
  }
  throw new TernError('internal', 'The server ended before it listened.', 'Its messages are above.');
}
