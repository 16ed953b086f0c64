// Owns what a long download has brought so far, so that a broken connection or a closed tab does not begin it again. Everything in it is still sealed.
import { concatBytes } from '@noble/hashes/utils.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { LocalRow } from './ledger.js';
import type { KeyValueVersion, KeyVersion } from './vss.js';

const PREFIX = 'backup/fetched/';
/** A download that is over sooner never touches the disk. */
const KEEP_AFTER_MS = 2_000;
const KEEP_BATCH_BYTES = 4 * 1024 * 1024;

/** Sealed values by key and version. */
export class FetchCache {
  readonly #values = new Map<string, KeyValueVersion>();
  #unkept: KeyValueVersion[] = [];
  #unkeptBytes = 0;
  #kept: string[] = [];
  readonly #startMs: number;

  private constructor(
    private readonly disk: Disk,
    private readonly clock: Clock
  ) {
    this.#startMs = clock.nowMs();
  }

  /** What an earlier download left on this disk. */
  static async open(disk: Disk, clock: Clock): Promise<FetchCache> {
    const cache = new FetchCache(disk, clock);
    cache.#kept = await disk.listLocal(PREFIX);
    for (const name of cache.#kept) {
      const bytes = await disk.readLocal(name);
      if (bytes === undefined || bytes.length < 8) continue;
      const key = name.slice(PREFIX.length);
      const version = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0);
      cache.#values.set(key, { key, version, value: bytes.subarray(8) });
    }
    return cache;
  }

  /** The local rows that delete what downloads have left that were never finished. */
  static async leftovers(disk: Disk): Promise<LocalRow[]> {
    return (await disk.listLocal(PREFIX)).map((name) => ({ name, value: undefined }));
  }

  get({ key, version }: KeyVersion): KeyValueVersion | undefined {
    const found = this.#values.get(key);
    return found?.version === version ? found : undefined;
  }

  async add(found: KeyValueVersion): Promise<void> {
    this.#values.set(found.key, found);
    this.#unkept.push(found);
    this.#unkeptBytes += found.value.length;
    if (this.clock.nowMs() - this.#startMs < KEEP_AFTER_MS || this.#unkeptBytes < KEEP_BATCH_BYTES) return;
    await this.keep();
  }

  /** Writes down what is not yet: the download broke off, and the next one goes on from here. */
  async keep(): Promise<void> {
    const batch = this.#unkept.splice(0);
    this.#unkeptBytes = 0;
    const local = batch.map(({ key, version, value }) => ({
      name: PREFIX + key,
      value: concatBytes(int64(version), value)
    }));
    this.#kept.push(...local.map(({ name }) => name));
    await this.disk.commit({ puts: [], removes: [], local });
  }

  /** Forgets it: what does not prove itself must not be believed the next time either. */
  async drop(): Promise<void> {
    this.#unkept = [];
    this.#values.clear();
    await this.disk.commit({ puts: [], removes: [], local: this.clearRows() });
    this.#kept = [];
  }

  /** The local rows that delete it: they belong into the transaction that uses it. */
  clearRows(): LocalRow[] {
    return [...new Set(this.#kept)].map((name) => ({ name, value: undefined }));
  }
}

function int64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes;
}
