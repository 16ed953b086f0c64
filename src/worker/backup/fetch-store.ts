// Owns the download of a store: all its keys, and the values of those that are asked for, in parallel. It checks nothing: see verify.ts.
import { TernError } from '../../wire/errors.js';
import type { FetchCache } from './fetch-cache.js';
import type { BackupParts } from './parts.js';
import type { KeyPage, KeyValueVersion, KeyVersion } from './vss.js';

/** Requests at a time. */
const WIDTH = 16;
/** More keys than any wallet has: a list that does not end is no list. */
const MOST_KEYS = 1_000_000;

export interface FetchOptions {
  /** True for a key whose value is not needed. */
  skip?: (key: KeyVersion) => boolean;
  cache?: FetchCache;
  /** How many keys to expect, for the progress. */
  expectedKeys?: number;
  /** 0 to 1. */
  onProgress?: (progress: number) => void;
  signal?: AbortSignal;
}

/** A store without its owner record, as the server told it. */
export interface FetchedStore {
  /** Every key with the version that the list named, newest created first. */
  listed: Map<string, bigint>;
  values: Map<string, KeyValueVersion>;
}

/** Lists the store and gets its values. A key that is listed but not there has no value in the answer. */
export async function fetchStore(parts: BackupParts, options: FetchOptions = {}): Promise<FetchedStore> {
  const store: FetchedStore = { listed: new Map(), values: new Map() };
  const limit = limiter(WIDTH);
  const abort = new AbortController();
  const signal = options.signal ? AbortSignal.any([abort.signal, options.signal]) : abort.signal;
  const gets: Promise<void>[] = [];
  let done = 0;
  const getOne = async (key: KeyVersion): Promise<void> => {
    const cached = options.cache?.get(key);
    const found = cached ?? (await unlessAborted(signal, () => parts.client.get(key.key)));
    if (found !== undefined) store.values.set(key.key, found);
    if (found !== undefined && cached === undefined) await options.cache?.add(found);
    done += 1;
    options.onProgress?.(Math.min(1, done / Math.max(options.expectedKeys ?? 0, gets.length)));
  };
  try {
    for await (const page of pages(parts, signal)) {
      for (const key of page) {
        if (key.key === parts.desk.storeKey) continue;
        store.listed.set(key.key, key.version);
        if (options.skip?.(key)) continue;
        const get = limit(() => getOne(key));
        get.catch(() => abort.abort());
        gets.push(get);
      }
    }
    await Promise.all(gets);
  } catch (thrown) {
    abort.abort();
    // The first failure is the cause; the others only follow from it.
    const failed = (await Promise.allSettled(gets)).find((result) => result.status === 'rejected');
    throw TernError.from(failed?.reason ?? thrown);
  }
  return store;
}

/** The keys of a store, page by page; the next page is fetched while the last is worked on. */
async function* pages(parts: BackupParts, signal: AbortSignal): AsyncGenerator<KeyVersion[]> {
  const seen = new Set<string>();
  const fetchPage = (token?: string) => {
    const page = unlessAborted(signal, () => parts.client.listPage(token));
    page.catch(() => undefined);
    return page;
  };
  let count = 0;
  for (let next: Promise<KeyPage> | undefined = fetchPage(); next !== undefined;) {
    const page: KeyPage = await next;
    count += page.keys.length;
    if (count > MOST_KEYS || (page.nextToken !== undefined && seen.has(page.nextToken))) throw endless();
    if (page.nextToken !== undefined) seen.add(page.nextToken);
    next = page.nextToken === undefined ? undefined : fetchPage(page.nextToken);
    yield page.keys;
  }
}

/** Nothing more is asked for once the download has failed or was given up. */
async function unlessAborted<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw new TernError('backup_unavailable', 'The download was given up.', 'Try again.');
  return request();
}

/** Runs at most `width` tasks at a time, in order. */
function limiter(width: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

function endless(): TernError {
  return new TernError('backup_bad_answer', 'The backup server lists keys without end.', 'Use another backup server.');
}
