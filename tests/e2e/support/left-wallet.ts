// Owns the wallet that an earlier version left in a browser, and the chain it had seen: recorded once, from that version as it ran, and never again.
//
// `left/e7f8358.json.br`: commit e7f8358, built with its own node, in Chromium against btcd and lnd. It created a wallet, received 2,000,000 sat,
// opened a channel of 1,000,000 sat, paid lnd twice and was paid by it twice. Then every store of its database was read while it ran, as a
// crash would have left it, and every block of the chain; `facts` is what its screens and lnd said at that moment.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { Page } from '@playwright/test';

/** An object store of IndexedDB. Bytes are `{ base64 }`. */
export interface LeftStore {
  keyPath: string | string[] | null;
  indexes: { name: string; keyPath: string | string[]; unique: boolean }[];
  entries: [key: unknown, value: unknown][];
}

export interface LeftDatabase {
  name: string;
  version: number;
  stores: Record<string, LeftStore>;
}

export interface LeftWallet {
  facts: {
    nodeId: string;
    totalSat: number;
    blockHeight: number;
    channel: { channelId: string; channelPoint: string; capacitySat: number; peer: string };
    payments: { note: string; paymentHash: string; status: string; amountSat: number; isInbound: boolean }[];
  };
  database: LeftDatabase;
  /** From the first after genesis, raw, in hex. */
  blocks: string[];
}

/** What the version of that commit left. */
export async function leftWallet(commit: string): Promise<LeftWallet> {
  const file = path.join(import.meta.dirname, '..', 'left', `${commit}.json.br`);
  return JSON.parse(brotliDecompressSync(await readFile(file)).toString()) as LeftWallet;
}

/** Lays the blocks where a stand of this directory takes its chain from. */
export async function layChain(directory: string, blocks: string[]): Promise<void> {
  await mkdir(path.join(directory, 'chain'), { recursive: true });
  await writeFile(path.join(directory, 'chain', 'blocks'), blocks.map((block) => `${block}\n`).join(''));
}

/** Makes the database anew in the page's origin, exactly as it was left. No wallet may be open there. */
export async function layDatabase(page: Page, database: LeftDatabase): Promise<void> {
  await page.evaluate(async ({ name, version, stores }) => {
    const whole = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && 'base64' in value
        ? Uint8Array.from(atob(String(value.base64)), (character) => character.charCodeAt(0))
        : value;
    const request = indexedDB.open(name, version);
    await new Promise<void>((resolve, reject) => {
      request.onupgradeneeded = () => {
        for (const [storeName, { keyPath, indexes, entries }] of Object.entries(stores)) {
          const store = request.result.createObjectStore(storeName, { keyPath });
          for (const index of indexes) store.createIndex(index.name, index.keyPath, { unique: index.unique });
          for (const [key, value] of entries)
            store.put(whole(value), keyPath === null ? (key as IDBValidKey) : undefined);
        }
      };
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error ?? new Error('the database could not be made'));
    });
    request.result.close();
  }, database);
}

/**
 * The version of a database and its rows by their whole keys, each with its value in hex; a long value is empty here. Of any layout: version 1
 * kept the keys in `rows` too.
 */
export async function stored(page: Page, name: string): Promise<{ version: number; rows: Record<string, string> }> {
  return page.evaluate(async (database) => {
    const answer = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('no answer'));
      });
    const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const open = await answer(indexedDB.open(database));
    const names = ['values', ...(open.objectStoreNames.contains('rows') ? ['rows'] : [])];
    const transaction = open.transaction(names);
    const rows: Record<string, string> = {};
    for (const store of names) {
      for (const key of await answer(transaction.objectStore(store).getAllKeys())) {
        const request = transaction.objectStore('values').get(key) as IDBRequest<Uint8Array | number | undefined>;
        const value = await answer(request);
        rows[(key as string[]).join('/')] = value instanceof Uint8Array ? hex(value) : '';
      }
    }
    open.close();
    return { version: open.version, rows };
  }, name);
}
