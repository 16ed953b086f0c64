// Owns load on a VSS server, any: so many wallets at once, each with a store of its own and one request open, for a while.
import { randomBytes } from 'node:crypto';
import { TernError } from '../../src/wire/errors.js';
import { PlainVss, type PlainAuth } from './vss-wire.js';

/** Keys of one wallet: they are written in turns, so every put but the first replaces a value. */
const KEYS_PER_STORE = 50;

export interface LoadOptions {
  /** The server's base, to which `/putObjects` is appended. */
  url: string;
  auth: PlainAuth;
  /** Wallets, each of which waits for its answer before it asks again. */
  concurrency: number;
  seconds: number;
  valueBytes: number;
}

export interface LoadResult {
  putsPerSecond: number;
  getsPerSecond: number;
}

/** Puts one object a request for so long, then gets one a request for as long. A refused request fails the run. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { url, auth, concurrency } = options;
  const client = new PlainVss(url, auth);
  const wallets = Array.from({ length: concurrency }, () => `load-${randomBytes(12).toString('hex')}`);
  const value = randomBytes(options.valueBytes);
  const versions = new Map<string, bigint>();
  const putOne = async (storeId: string, turn: number): Promise<void> => {
    const key = keyOf(turn);
    const name = `${storeId} ${key}`;
    const version = versions.get(name) ?? 0n;
    await client.put(storeId, [{ key, version, value }]);
    versions.set(name, version + 1n);
  };
  const getOne = async (storeId: string, turn: number): Promise<void> => {
    const { length } = await client.get(storeId, keyOf(turn));
    if (length !== value.length)
      throw new TernError('backup_bad_answer', `A value has ${length} bytes.`, 'It had more.');
  };
  try {
    // Every key exists before anything is counted; that also opens the connections.
    await Promise.all(wallets.map((storeId) => inTurn(KEYS_PER_STORE, (turn) => putOne(storeId, turn))));
    const putsPerSecond = await rate(wallets, options.seconds, putOne);
    const getsPerSecond = await rate(wallets, options.seconds, getOne);
    return { putsPerSecond, getsPerSecond };
  } finally {
    client.close();
  }
}

type Ask = (storeId: string, turn: number) => Promise<void>;

/** Answers a second, of all wallets together. */
async function rate(wallets: string[], seconds: number, ask: Ask): Promise<number> {
  const beganMs = performance.now();
  const endsMs = beganMs + seconds * 1_000;
  const answers = await Promise.all(
    wallets.map(async (storeId) => {
      let turn = 0;
      for (; performance.now() < endsMs; turn += 1) await ask(storeId, turn);
      return turn;
    })
  );
  return answers.reduce((sum, count) => sum + count, 0) / ((performance.now() - beganMs) / 1_000);
}

async function inTurn(count: number, run: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await run(turn);
}

function keyOf(turn: number): string {
  return `key ${turn % KEYS_PER_STORE}`;
}
