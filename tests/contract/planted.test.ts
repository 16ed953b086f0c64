// Proves that the server learns nothing: its whole database is searched for strings planted in a wallet's rows, by a search that finds them where they lie unsealed.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { Backup } from '../../src/worker/backup/backup.js';
import { deriveBackupSecrets, systemRandom } from '../../src/worker/backup/seal.js';
import { systemClock } from '../../src/worker/clock.js';
import type { RowKey } from '../../src/worker/disk.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { VssClient } from './client.js';
import { startPostgres } from './postgres.js';
import { startVssServer } from './targets.js';

const TIMEOUT_MS = 240_000;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What a wallet's rows are full of, and what nobody but the wallet may know. */
const channelId = bytesToHex(systemRandom(32));
const publicKey = secp256k1.getPublicKey(secp256k1.utils.randomSecretKey());
const planted: Record<string, Uint8Array> = {
  'a channel id in hex': utf8ToBytes(channelId),
  'the same channel id as bytes': Buffer.from(channelId, 'hex'),
  'a public key in hex': utf8ToBytes(bytesToHex(publicKey)),
  'the same public key as bytes': publicKey,
  'a label': utf8ToBytes('Rent for the flat in Lisbon, March'),
  'the name of a device': utf8ToBytes('Satoshi’s telephone'),
  'a namespace': utf8ToBytes('monitor_updates'),
  'another namespace': utf8ToBytes('output_sweeper'),
  'the key of a row': utf8ToBytes('planted-key-of-a-row')
};

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const value = Buffer.concat(Object.values(planted).map((bytes) => Buffer.concat([bytes, Buffer.from(' ')])));
const rows: RowKey[] = [
  { primary: 'monitors', secondary: '', key: `${channelId}_0` },
  { primary: 'monitor_updates', secondary: `${channelId}_0`, key: '1' },
  { primary: '', secondary: '', key: 'manager' },
  { primary: 'output_sweeper', secondary: '', key: text(planted['the key of a row']) },
  { primary: 'peers', secondary: '', key: bytesToHex(publicKey) },
  { primary: 'labels', secondary: '', key: text(planted['a label']) }
];

/** A server's database, opened to a search. */
interface Searchable {
  url: string;
  /** Names of what is found anywhere: in files, write-ahead log included, and in what SQL shows. The server may be gone afterwards. */
  search(): Promise<string[]>;
}

async function onPglite(): Promise<Searchable> {
  const dir = await mkdtemp(join(tmpdir(), 'tern-planted-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const server = await startVssServer({ type: 'store', database: { type: 'pglite', dir }, auth: 'signature' });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  cleanups.push(close);
  return {
    url: `${server.url}/vss`,
    search: async () => {
      // What is still in memory is in a file then.
      await close();
      return found(await contentOfFiles(dir));
    }
  };
}

async function onPostgres(): Promise<Searchable> {
  const cluster = await startPostgres();
  cleanups.push(() => cluster.stop());
  const server = await startVssServer({
    type: 'store',
    database: { type: 'postgres', url: cluster.url },
    auth: 'signature'
  });
  cleanups.push(() => server.close());
  return {
    url: `${server.url}/vss`,
    search: async () => {
      const client = new Client({ connectionString: cluster.url });
      await client.connect();
      try {
        await client.query('CHECKPOINT');
        const [directory] = await column(client, "SELECT current_setting('data_directory')");
        const tables = await column(client, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'");
        // As SQL shows it, too: no page's end cuts a string in two there.
        const contents = await contentOfFiles(text(directory));
        for (const table of tables) contents.push(...(await cellsOf(client, text(table))));
        return found(contents);
      } finally {
        await client.end();
      }
    }
  };
}

/** Every value of every row of a table. */
async function cellsOf(client: Client, table: string): Promise<Buffer[]> {
  const { rows: all } = await client.query<unknown[]>({ text: `SELECT * FROM ${table}`, rowMode: 'array' });
  return all.flat().map((cell) => (Buffer.isBuffer(cell) ? cell : Buffer.from(String(cell))));
}

async function column(client: Client, sql: string): Promise<Buffer[]> {
  const { rows: all } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return all.flat().map((cell) => Buffer.from(String(cell)));
}

async function contentOfFiles(directory: string): Promise<Buffer[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name)))
  );
}

function found(contents: Buffer[]): string[] {
  const isThere = (bytes: Uint8Array): boolean => contents.some((content) => content.includes(Buffer.from(bytes)));
  return Object.keys(planted).filter((name) => isThere(planted[name] ?? new Uint8Array()));
}

describe.each([
  { name: 'PGlite', start: onPglite },
  { name: 'PostgreSQL', start: onPostgres }
])('the database of a server on $name', { timeout: TIMEOUT_MS }, ({ start }) => {
  it('shows everything that was put there unsealed', async () => {
    const { url, search } = await start();
    const items = rows.map(({ primary, secondary, key }) => ({ key: `${primary}#${secondary}#${key}`, value }));
    await new VssClient(url).put(items);
    expect(await search()).toEqual(Object.keys(planted));
  });

  it('shows nothing of what a wallet backed up, changed and removed', async () => {
    const { url, search } = await start();
    const seed = systemRandom(64);
    const disk = new MemoryDisk();
    const backup = new Backup({
      disk,
      seed,
      network: 'regtest',
      url,
      auth: { type: 'signature' },
      allowInsecure: false,
      mode: 'acknowledged',
      deviceId: 'planted-key-of-a-row',
      deviceName: text(planted['the name of a device']),
      clock: systemClock,
      fetch: globalThis.fetch,
      random: Math.random
    });
    cleanups.push(async () => backup.close());
    await disk.commit({ puts: rows.map((row) => ({ row, value })), removes: [] });
    await backup.start();
    // Long enough to be cut into parts, changed, and removed.
    const long = Buffer.concat(Array.from({ length: 4_000 }, () => value));
    for (const next of [long, value]) {
      await disk.commit({ puts: rows.slice(0, 2).map((row) => ({ row, value: next })), removes: [] });
      backup.committed();
      await backup.beforePersisted();
    }
    await disk.commit({ puts: [], removes: rows.slice(1, 2) });
    backup.committed();
    await backup.beforePersisted();
    await backup.now();
    expect(backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
    const { storedKeys } = backup.info();
    await backup.release();
    expect(storedKeys).toBeGreaterThanOrEqual(rows.length - 1);
    // It is the wallet's own store that is searched: its user is there.
    const userKey = bytesToHex(secp256k1.getPublicKey(deriveBackupSecrets(seed).authSecretKey));
    planted['the user of the store'] = utf8ToBytes(userKey);
    try {
      expect(await search()).toEqual(['the user of the store']);
    } finally {
      delete planted['the user of the store'];
    }
  });
});
