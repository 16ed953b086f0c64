// Owns what this device knows of the server's store: versions and tags by key, the last commit, intents. It changes only together with what it describes.
import { hexToBytes, bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import * as v from 'valibot';
import { TernError } from '../../wire/errors.js';
import type { Disk, DiskBatch } from '../disk.js';

const PREFIX = 'backup/';
const KEY_PREFIX = `${PREFIX}key/`;
const STATE = `${PREFIX}state`;
const INTENTS = `${PREFIX}intents`;
const ENTRY_BYTES = 39;
const REDO = 1;

/** One key of the store, as the server holds it. */
export interface LedgerEntry {
  version: bigint;
  tag: Uint8Array;
  /** Of the sealed value. */
  bytes: number;
  /** How many keys hold the row; on every key but a row's first: 0. */
  parts: number;
  /** Order of creation. */
  created: bigint;
  /** The server holds something else than we last put there: to be put again. */
  redo: boolean;
}

/** Why the state must not broadcast or sign until the peers agree (invariant 8). */
export type QuarantineReason = 'restored' | 'lagging_owner' | 'forked' | 'start_anyway' | 'unclaimed';

const bigintText = v.pipe(
  v.string(),
  v.regex(/^\d+$/),
  v.transform((text) => BigInt(text))
);
const stateSchema = v.object({
  format: v.literal(1),
  /** The server that all of this is about; absent: whichever is asked. */
  url: v.optional(v.string()),
  /** The owner record's version as we last put or saw it: the fence. */
  ownerVersion: bigintText,
  sessionId: v.string(),
  commitId: bigintText,
  digest: bigintText,
  keys: v.number(),
  bytes: v.number(),
  committedAtMs: v.optional(v.number()),
  /** The number the next new row is created at. */
  nextCreated: bigintText,
  /** Not every row is on the server yet (first backup, or a server that lost some), whatever the outbox says. */
  refill: v.boolean(),
  quarantine: v.optional(v.picklist(['restored', 'lagging_owner', 'forked', 'start_anyway', 'unclaimed'])),
  /** The device that took this one over: what is on this disk is no longer the wallet. */
  supersededBy: v.optional(v.string())
});

/** What this device last agreed on with the server. */
export type LedgerState = Omit<v.InferOutput<typeof stateSchema>, 'format'>;

const entrySchema = v.pipe(
  v.string(),
  v.transform((hex) => decodeEntry(hexToBytes(hex)))
);
const rowSchema = v.object({ primary: v.string(), secondary: v.string(), key: v.string() });
const intentSchema = v.object({
  sessionId: v.string(),
  commitId: bigintText,
  /** The owner record's version it is put at. */
  ownerVersion: bigintText,
  /** All totals are those after it. */
  digest: bigintText,
  keys: v.number(),
  bytes: v.number(),
  atMs: v.number(),
  nextCreated: bigintText,
  refill: v.boolean(),
  changes: v.array(v.object({ storeKey: v.string(), after: v.optional(entrySchema) })),
  cleared: v.array(v.object({ row: rowSchema, generation: v.number() }))
});

/** A commit that was or may have been sent, and whose answer is not known. Enough to finish it after a crash. */
export type Intent = v.InferOutput<typeof intentSchema>;

/** A local row of a `DiskBatch`. */
export type LocalRow = NonNullable<DiskBatch['local']>[number];

/** Reads the ledger, and makes the local rows that change it. */
export class Ledger {
  constructor(private readonly disk: Disk) {}

  async state(): Promise<LedgerState | undefined> {
    return parse(stateSchema, await this.disk.readLocal(STATE));
  }

  /** Intents whose fate is open, oldest first. */
  async intents(): Promise<Intent[]> {
    return parse(v.array(intentSchema), await this.disk.readLocal(INTENTS)) ?? [];
  }

  async entry(storeKey: string): Promise<LedgerEntry | undefined> {
    const bytes = await this.disk.readLocal(KEY_PREFIX + storeKey);
    return bytes && decodeEntry(bytes);
  }

  /** Every key we know the server to have. */
  async entries(): Promise<Map<string, LedgerEntry>> {
    const names = await this.disk.listLocal(KEY_PREFIX);
    const storeKeys = names.map((name) => name.slice(KEY_PREFIX.length));
    const found = await Promise.all(storeKeys.map(async (storeKey) => [storeKey, await this.entry(storeKey)] as const));
    return new Map(found.flatMap(([storeKey, entry]) => (entry ? [[storeKey, entry] as const] : [])));
  }
}

export function stateRow(state: LedgerState): LocalRow {
  return { name: STATE, value: encodeJson({ format: 1, ...state }) };
}

export function intentsRow(intents: Intent[]): LocalRow {
  return { name: INTENTS, value: intents.length > 0 ? encodeJson(intents.map(intentToJson)) : undefined };
}

/** `undefined`: the server does not have the key. */
export function entryRow(storeKey: string, entry: LedgerEntry | undefined): LocalRow {
  return { name: KEY_PREFIX + storeKey, value: entry && encodeEntry(entry) };
}

function intentToJson(intent: Intent): unknown {
  const changes = intent.changes.map(({ storeKey, after }) => ({
    storeKey,
    after: after && bytesToHex(encodeEntry(after))
  }));
  return { ...intent, changes };
}

function encodeEntry(entry: LedgerEntry): Uint8Array {
  const head = new DataView(new ArrayBuffer(ENTRY_BYTES - entry.tag.length));
  head.setBigInt64(0, entry.version);
  head.setBigInt64(8, entry.created);
  head.setUint32(16, entry.bytes);
  head.setUint16(20, entry.parts);
  head.setUint8(22, entry.redo ? REDO : 0);
  return concatBytes(new Uint8Array(head.buffer), entry.tag);
}

function decodeEntry(bytes: Uint8Array): LedgerEntry {
  if (bytes.length !== ENTRY_BYTES) throw corrupt();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getBigInt64(0),
    created: view.getBigInt64(8),
    bytes: view.getUint32(16),
    parts: view.getUint16(20),
    redo: view.getUint8(22) === REDO,
    tag: bytes.slice(23)
  };
}

function encodeJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
  return new TextEncoder().encode(text);
}

function parse<S extends v.GenericSchema>(schema: S, bytes: Uint8Array | undefined): v.InferOutput<S> | undefined {
  if (bytes === undefined) return undefined;
  try {
    return v.parse(schema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw corrupt();
  }
}

function corrupt(): TernError {
  return new TernError(
    'storage_corrupt',
    "This device's notes about the backup cannot be read.",
    'Restore the wallet from its words in another browser profile.'
  );
}
