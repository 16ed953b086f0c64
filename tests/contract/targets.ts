// Owns what the contract is run against: our server over each of its stores, and any server named by TERN_VSS_URL.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type RunningServer } from '../../src/server/server.js';
import type { VssOptions } from '../../src/server/vss/service.js';
import { startPostgres } from './postgres.js';

/** A VSS server to be tested. */
export interface Target {
  name: string;
  /** Ours keep also the promises that the reference server does not. */
  isOurs: boolean;
  /** Checks signatures itself. */
  isAuthorizing: boolean;
  /** Starts it; `url` is the base, without a slash at the end. */
  start(): Promise<{ url: string; stop(): Promise<void> }>;
}

/** A body limit that a test can reach quickly. */
export const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** Starts a companion on a free port of loopback that offers only VSS. */
export function startVssServer(vss: VssOptions): Promise<RunningServer> {
  return startServer({
    host: '127.0.0.1',
    port: 0,
    network: 'regtest',
    esploraUrl: 'http://127.0.0.1:1',
    allowInsecure: false,
    vss: { ...vss, bodyLimitBytes: BODY_LIMIT_BYTES }
  });
}

/** Ours on a directory of its own. */
export const pglite: Target = {
  name: 'our server on PGlite',
  isOurs: true,
  isAuthorizing: true,
  start: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tern-pglite-'));
    const server = await startVssServer({ type: 'store', database: { type: 'pglite', dir }, auth: 'signature' });
    const stop = async (): Promise<void> => {
      await server.close();
      await rm(dir, { recursive: true });
    };
    return { url: `${server.url}/vss`, stop };
  }
};

const postgres: Target = {
  name: 'our server on PostgreSQL',
  isOurs: true,
  isAuthorizing: true,
  start: async () => {
    const cluster = await startPostgres();
    const server = await startVssServer({
      type: 'store',
      database: { type: 'postgres', url: cluster.url },
      auth: 'signature'
    });
    const stop = async (): Promise<void> => {
      await server.close();
      await cluster.stop();
    };
    return { url: `${server.url}/vss`, stop };
  }
};

const upstream: Target = {
  name: 'our server passing through to another',
  isOurs: true,
  isAuthorizing: false,
  start: async () => {
    const other = await pglite.start();
    const server = await startVssServer({ type: 'upstream', url: other.url });
    const stop = async (): Promise<void> => {
      await server.close();
      await other.stop();
    };
    return { url: `${server.url}/vss`, stop };
  }
};

function named(url: string): Target {
  return {
    name: url,
    isOurs: false,
    isAuthorizing: false,
    start: () => Promise.resolve({ url: url.replace(/\/+$/, ''), stop: () => Promise.resolve() })
  };
}

/** All targets of this run. TERN_VSS_URL adds one. */
export const targets: Target[] = [
  pglite,
  postgres,
  upstream,
  ...(process.env.TERN_VSS_URL ? [named(process.env.TERN_VSS_URL)] : [])
];
