// Owns the owner record: who may write to the store. Its version on the server is the fence; its content says how far the store has come.
import * as v from 'valibot';
import { TernError } from '../../wire/errors.js';
import type { BackupMode } from '../api.js';
import type { RowKey } from '../disk.js';
import type { Seal } from './seal.js';
import type { KeyValueVersion, VssClient } from './vss.js';

const OWNER_ROW: RowKey = { primary: 'tern', secondary: '', key: 'owner' };
const FORMAT = 1;

const bigintText = v.pipe(
  v.string(),
  v.regex(/^\d+$/),
  v.transform((text) => BigInt(text))
);
const recordSchema = v.object({
  format: v.literal(FORMAT),
  /** The store it belongs to: a record of another network's store proves nothing. */
  storeId: v.string(),
  deviceId: v.string(),
  deviceName: v.string(),
  /** Random, new with every claim. */
  sessionId: v.string(),
  /** False: released, anybody may claim. */
  isRunning: v.boolean(),
  mode: v.picklist(['acknowledged', 'local-first']),
  /** The owner may be ahead of the store. */
  mayLag: v.boolean(),
  /** False while a lost store is being filled again: what lies there is not the whole state. */
  isComplete: v.boolean(),
  commitId: bigintText,
  lastSeenMs: v.number(),
  /** Over every key but this one. */
  digest: v.pipe(
    v.string(),
    v.regex(/^0x[0-9a-f]+$/),
    v.transform((text) => BigInt(text))
  ),
  keys: v.number(),
  bytes: v.number()
});

/** The owner record, as sealed JSON under a key of its own. */
export type OwnerRecord = Omit<v.InferOutput<typeof recordSchema>, 'format' | 'storeId' | 'mode'> & {
  mode: BackupMode;
};

/** The record with the version the server has. */
export interface Owner {
  version: bigint;
  record: OwnerRecord;
}

/** Stands for a record that cannot be read, where the user chose to go on without it: it promises nothing and fits nothing. */
export const UNREADABLE: OwnerRecord = {
  deviceId: '',
  deviceName: '',
  sessionId: '',
  isRunning: false,
  mode: 'local-first',
  mayLag: true,
  isComplete: false,
  commitId: 0n,
  lastSeenMs: 0,
  digest: 0n,
  keys: 1,
  bytes: 0
};

/** Reads and seals the owner record. */
export class OwnerDesk {
  readonly storeKey: string;

  constructor(
    private readonly client: VssClient,
    private readonly seal: Seal,
    private readonly storeId: string
  ) {
    this.storeKey = seal.storeKey(OWNER_ROW);
  }

  /** The record, or undefined where the server has none. `backup_stale` for an old one, `backup_seal_broken` for a strange one. */
  async read(): Promise<Owner | undefined> {
    const found = await this.client.get(this.storeKey);
    if (found === undefined) return undefined;
    const opened = this.seal.open(this.storeKey, found.value);
    if (opened.version + 1n !== found.version) throw staleRecord();
    return { version: found.version, record: this.#decode(opened.value) };
  }

  /** The version of whatever lies there, readable or not; 0 where there is nothing. */
  async version(): Promise<bigint> {
    return (await this.client.get(this.storeKey))?.version ?? 0n;
  }

  /** The record as an item of a put at `version`. */
  item(record: OwnerRecord, version: bigint): KeyValueVersion {
    const plain = {
      ...record,
      format: FORMAT,
      storeId: this.storeId,
      commitId: record.commitId.toString(),
      digest: `0x${record.digest.toString(16)}`
    };
    const value = new TextEncoder().encode(JSON.stringify(plain));
    return { key: this.storeKey, version, value: this.seal.seal(this.storeKey, value, version).bytes };
  }

  #decode(bytes: Uint8Array): OwnerRecord {
    const json = parseJson(bytes);
    if (typeof json === 'object' && json !== null && 'format' in json && Number(json.format) > FORMAT) throw tooNew();
    const parsed = v.safeParse(recordSchema, json);
    if (!parsed.success) throw strangeRecord('the owner record on the backup server is damaged');
    const { format: _format, storeId, ...record } = parsed.output;
    if (storeId !== this.storeId)
      throw strangeRecord('the owner record belongs to another store, perhaps of another network');
    return record;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function strangeRecord(cause: string): TernError {
  return new TernError('backup_seal_broken', cause, 'Do not use this backup. Check the address of the server.');
}

function staleRecord(): TernError {
  return new TernError(
    'backup_stale',
    'The backup server answered with an old owner record.',
    'Do not use this backup. Check with whoever runs the server, or use another.'
  );
}

/** The code for anything a newer Tern wrote. */
export function tooNew(): TernError {
  return new TernError(
    'backup_schema_too_new',
    'The backup was written by a newer version of the wallet.',
    'Reload the page to get the newest version.'
  );
}
