// Proves what holds of a VSS server beyond one request: crashes, restarts, several instances, a store in use, an upstream that is away.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/wire/gen/vss_pb.js';
import { openPostgres } from '../../src/server/vss/database-postgres.js';
import { migrate } from '../../src/server/vss/migrations.js';
import { startServer } from '../../src/server/server.js';
import { freePort } from '../regtest/free-port.js';
import { describeAnswer, expectFailure, VssClient } from './client.js';
import { startPostgres } from './postgres.js';
import { BODY_LIMIT_BYTES, startVssServer } from './targets.js';

const TIMEOUT_MS = 180_000;
const log = pino({ level: 'silent' });

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tern-vss-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The server as a process of its own, as `npm run serve` starts it. */
async function spawnServer(args: string[]): Promise<{ process: ChildProcess; url: string }> {
  const command = [
    '--import',
    'tsx',
    'src/server/main.ts',
    'serve',
    '--port',
    '0',
    '--no-static',
    '--log-level',
    'error',
    ...args
  ];
  const server = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => end(server, 'SIGKILL'));
  for await (const line of createInterface(server.stdout)) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) return { process: server, url };
  }
  throw new Error('the server ended before it listened');
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (server.exitCode !== null || server.signalCode !== null) return server.exitCode;
  const gone = once(server, 'exit');
  server.kill(signal);
  await gone;
  return server.exitCode;
}

describe('the embedded store', { timeout: TIMEOUT_MS }, () => {
  it('keeps every acknowledged put when its process is killed in the middle of others', async () => {
    const data = await temporaryDirectory();
    const first = await spawnServer(['--data', data]);
    const store = new VssClient(`${first.url}/vss`);
    await store.put([{ key: 'counter', value: '1' }], { globalVersion: 0n });
    let acknowledged = 1n;
    const writer = (async () => {
      for (;;) {
        const put = store.tryPut([{ key: 'counter', version: acknowledged, value: `${acknowledged + 1n}` }], {
          globalVersion: acknowledged
        });
        if ((await put).status !== 200) return;
        acknowledged++;
        if (acknowledged === 30n) void end(first.process, 'SIGKILL');
      }
    })();
    await writer.catch(() => undefined);
    const second = await spawnServer(['--data', data]);
    const again = new VssClient(`${second.url}/vss`, store.secretKey, store.storeId);
    const { version, value } = await again.get('counter');
    // The put in flight may have been committed without its answer.
    expect([acknowledged, acknowledged + 1n]).toContain(version);
    expect(value).toBe(String(version));
    expect((await again.list()).globalVersion).toBe(version);
    await again.put([{ key: 'counter', version, value: 'on' }]);
    expect(await end(second.process, 'SIGTERM')).toBe(0);
  });

  it('is used by one server at a time, and free again after it', async () => {
    const dir = await temporaryDirectory();
    const options = { type: 'store', database: { type: 'pglite', dir }, auth: 'signature' } as const;
    const server = await startVssServer(options);
    const store = new VssClient(`${server.url}/vss`);
    await store.put([{ key: 'k', value: 'kept' }]);
    await expect(startVssServer(options)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await server.close();
    const again = await startVssServer(options);
    cleanups.push(() => again.close());
    expect((await new VssClient(`${again.url}/vss`, store.secretKey, store.storeId).get('k')).value).toBe('kept');
  });
});

describe('PostgreSQL', { timeout: TIMEOUT_MS }, () => {
  it('serves many instances that start at once over one database, and the fence holds across them', async () => {
    const cluster = await startPostgres();
    cleanups.push(() => cluster.stop());
    const options = { type: 'store', database: { type: 'postgres', url: cluster.url }, auth: 'signature' } as const;
    const servers = await Promise.all(Array.from({ length: 4 }, () => startVssServer(options)));
    cleanups.push(() => Promise.all(servers.map((server) => server.close())));
    const first = new VssClient(`${servers[0]?.url}/vss`);
    await first.put([{ key: 'owner' }]);
    const clients = servers.map((server) => new VssClient(`${server.url}/vss`, first.secretKey, first.storeId));
    const puts = Array.from({ length: 8 }, (_, i) =>
      clients.map((client, of) => client.tryPut([{ key: 'owner', version: 1n }, { key: `from-${of}-${i}` }]))
    );
    const outcomes = (await Promise.all(puts.flat())).map(describeAnswer);
    expect(outcomes.filter((outcome) => outcome === '200').length).toBe(1);
    expect(outcomes.filter((outcome) => outcome === '409 CONFLICT_EXCEPTION').length).toBe(31);
    expect((await first.list({ keyPrefix: 'from-' })).keyVersions.length).toBe(1);
  });

  it('that goes away makes requests fail in the protocol’s terms, and is used again when it is back', async () => {
    const cluster = await startPostgres();
    cleanups.push(() => cluster.stop());
    const server = await startVssServer({
      type: 'store',
      database: { type: 'postgres', url: cluster.url },
      auth: 'signature'
    });
    cleanups.push(() => server.close());
    const store = new VssClient(`${server.url}/vss`);
    await store.put([{ key: 'k' }]);
    await cluster.pause();
    expectFailure(await store.tryGet('k'), 503, ErrorCode.INTERNAL_SERVER_EXCEPTION);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(503);
    await cluster.resume();
    expect((await store.get('k')).version).toBe(1n);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('with a newer schema is refused, and one that is not there, too', async () => {
    const cluster = await startPostgres();
    cleanups.push(() => cluster.stop());
    const database = await openPostgres(cluster.url, log);
    await migrate(database);
    await database.script('UPDATE vss_schema SET version = version + 1');
    await database.close();
    const options = { type: 'store', auth: 'signature' } as const;
    await expect(
      startVssServer({ ...options, database: { type: 'postgres', url: cluster.url } })
    ).rejects.toMatchObject({ code: 'schema_too_new' });
    const nowhere = { type: 'postgres', url: `postgresql://tern@127.0.0.1:${await freePort()}/x` } as const;
    await expect(startVssServer({ ...options, database: nowhere })).rejects.toMatchObject({
      code: 'storage_unavailable'
    });
  });
});

describe('without proof', { timeout: TIMEOUT_MS }, () => {
  it('a server listens on loopback only, and serves no page from elsewhere', async () => {
    const dir = await temporaryDirectory();
    const vss = { type: 'store', database: { type: 'pglite', dir }, auth: 'none' } as const;
    const everywhere = {
      host: '0.0.0.0',
      port: 0,
      network: 'regtest',
      esploraUrl: 'http://127.0.0.1:1',
      allowInsecure: false,
      vss
    } as const;
    await expect(startServer(everywhere)).rejects.toMatchObject({ code: 'invalid_argument' });
    const server = await startVssServer(vss);
    cleanups.push(() => server.close());
    const store = new VssClient(`${server.url}/vss`);
    await store.put([{ key: 'k' }]);
    const list = (origin: string) =>
      store.sendBytes('/listKeyVersions', Buffer.alloc(0), { headers: { origin, authorization: '' } });
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
      const answer = await list(origin);
      expectFailure(answer, 401, ErrorCode.AUTH_EXCEPTION);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    const local = await list('http://localhost:5173');
    expect(describeAnswer(local)).toBe('200');
    expect(local.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  });
});

describe('an upstream', { timeout: TIMEOUT_MS }, () => {
  it('that is away or redirects is a failure of the server', async () => {
    const away = await startVssServer({ type: 'upstream', url: `http://127.0.0.1:${await freePort()}/vss` });
    cleanups.push(() => away.close());
    expectFailure(await new VssClient(`${away.url}/vss`).tryGet('k'), 502, ErrorCode.INTERNAL_SERVER_EXCEPTION);
    const oversized = await new VssClient(`${away.url}/vss`).sendBytes(
      '/putObjects',
      Buffer.alloc(BODY_LIMIT_BYTES + 1)
    );
    expectFailure(oversized, 413, ErrorCode.INVALID_REQUEST_EXCEPTION);
    const redirecting = createServer((_request, response) =>
      response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
    );
    cleanups.push(() => new Promise((resolve) => redirecting.close(resolve)));
    redirecting.listen(0, '127.0.0.1');
    await once(redirecting, 'listening');
    const { port } = redirecting.address() as AddressInfo;
    const redirected = await startVssServer({ type: 'upstream', url: `http://127.0.0.1:${port}` });
    cleanups.push(() => redirected.close());
    expectFailure(await new VssClient(`${redirected.url}/vss`).tryGet('k'), 502, ErrorCode.INTERNAL_SERVER_EXCEPTION);
  });
});
