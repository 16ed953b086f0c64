// Owns the four operations of VSS over SQL. Each is one statement, so each happens whole or not at all, on PostgreSQL and on PGlite alike.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { TernError } from '../../wire/errors.js';
import {
  DeleteObjectResponseSchema,
  GetObjectResponseSchema,
  KeyValueSchema,
  ListKeyVersionsResponseSchema,
  PutObjectResponseSchema,
  type DeleteObjectRequest,
  type DeleteObjectResponse,
  type GetObjectRequest,
  type GetObjectResponse,
  type ListKeyVersionsRequest,
  type ListKeyVersionsResponse,
  type PutObjectRequest,
  type PutObjectResponse
} from '../../wire/gen/vss_pb.js';
import { sqlState, type Database, type Row } from './database.js';
import {
  checkKey,
  checkStoreId,
  GLOBAL_VERSION_KEY,
  invalidRequest,
  MAX_PUT_ITEMS,
  parsePageSize,
  parsePageToken
} from './limits.js';
import { CONFLICT_STATE } from './migrations.js';
import { planPut, replacesOne } from './plan.js';

const OF_STORE = 'store = (SELECT number FROM vss_store WHERE user_token = $1 AND store_id = $2)';
const GET = `SELECT version, value FROM vss_object WHERE ${OF_STORE} AND key = $3`;
const GET_VERSION = `SELECT version FROM vss_object WHERE ${OF_STORE} AND key = $3`;
const PUT = 'SELECT vss_put($1, $2, $3, $4, $5, $6, $7, $8, $9)';
/** What `vss_put` does to one object of a known version, in two thirds of the time: most puts of most clients are this. */
const REPLACE = `UPDATE vss_object SET version = $5, value = $6 WHERE ${OF_STORE} AND key = $3 AND version = $4 RETURNING version`;
const DELETE = `DELETE FROM vss_object WHERE ${OF_STORE} AND key = $3 AND ($4::bigint = -1 OR version = $4::bigint)`;
const LIST = `SELECT key, version, sort_order FROM vss_object
  WHERE ${OF_STORE} AND sort_order < $3 AND starts_with(key, $4) AND key <> $5
  ORDER BY sort_order DESC LIMIT $6`;

/** deadlock_detected, serialization_failure: nothing was written, and the same statement may succeed. */
const RETRIED_STATES = ['40P01', '40001'];
const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 5;

/**
 * The store of all users. `userToken` is whom the request proved to come from; users and stores never see each other. Errors:
 * `backup_invalid_request`, `backup_missing_key`, `backup_conflict`; a fault of the database passes through as it is.
 */
export class VssStore {
  constructor(private readonly database: Database) {}

  /** Reads one object. The version of a store that has none is 0. */
  async get(userToken: string, request: GetObjectRequest): Promise<GetObjectResponse> {
    const { storeId, key } = request;
    checkStoreId(storeId);
    checkKey(key);
    const [row] = await this.database.query(GET, [userToken, storeId, key]);
    if (row !== undefined)
      return create(GetObjectResponseSchema, { value: { key, ...versionOf(row), value: row.value as Uint8Array } });
    if (key === GLOBAL_VERSION_KEY) return create(GetObjectResponseSchema, { value: { key, version: 0n } });
    throw new TernError('backup_missing_key', 'The object does not exist.', 'Create it with version 0.');
  }

  /** Writes and deletes, all or nothing. */
  async put(userToken: string, request: PutObjectRequest): Promise<PutObjectResponse> {
    checkPut(request);
    const plan = planPut(request);
    if (plan === undefined) throw conflict();
    const { keys, expected, resulting, ordinals, starts, lengths, bytes } = plan;
    const { storeId } = request;
    if (replacesOne(plan)) {
      const rows = await this.write(REPLACE, [userToken, storeId, keys[0], expected[0], resulting[0], bytes]);
      if (rows.length === 0) throw conflict();
    } else if (keys.length > 0) {
      await this.write(PUT, [userToken, storeId, keys, expected, resulting, ordinals, starts, lengths, bytes]);
    }
    return create(PutObjectResponseSchema);
  }

  /** Deletes one object if it is there in that version. */
  async delete(userToken: string, request: DeleteObjectRequest): Promise<DeleteObjectResponse> {
    const { storeId, keyValue } = request;
    if (keyValue === undefined) throw invalidRequest('key_value is missing.');
    checkStoreId(storeId);
    checkKey(keyValue.key);
    await this.write(DELETE, [userToken, storeId, keyValue.key, keyValue.version]);
    return create(DeleteObjectResponseSchema);
  }

  /** One page of keys, the newest created first. The global version is read before the keys, so that no key is older than it. */
  async list(userToken: string, request: ListKeyVersionsRequest): Promise<ListKeyVersionsResponse> {
    const { storeId, keyPrefix = '', pageToken } = request;
    checkStoreId(storeId);
    checkKey(keyPrefix);
    const after = parsePageToken(pageToken);
    const size = parsePageSize(request.pageSize);
    const answer: MessageInitShape<typeof ListKeyVersionsResponseSchema> = { nextPageToken: '' };
    if (pageToken === undefined) {
      const [row] = await this.database.query(GET_VERSION, [userToken, storeId, GLOBAL_VERSION_KEY]);
      answer.globalVersion = row === undefined ? 0n : versionOf(row).version;
    }
    if (size === 0) return create(ListKeyVersionsResponseSchema, answer);
    const rows = await this.database.query(LIST, [userToken, storeId, after, keyPrefix, GLOBAL_VERSION_KEY, size + 1]);
    const page = rows.slice(0, size);
    answer.keyVersions = page.map((row) => create(KeyValueSchema, { key: row.key as string, ...versionOf(row) }));
    if (rows.length > size) answer.nextPageToken = String(page.at(-1)?.sort_order);
    return create(ListKeyVersionsResponseSchema, answer);
  }

  /** True while the database answers. */
  async isHealthy(): Promise<boolean> {
    return this.database.query('SELECT 1', []).then(
      () => true,
      () => false
    );
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async write(sql: string, values: unknown[]): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.database.query(sql, values);
      } catch (fault) {
        const state = sqlState(fault);
        if (state === CONFLICT_STATE) throw conflict();
        if (state === undefined || !RETRIED_STATES.includes(state) || attempt === MAX_ATTEMPTS) throw fault;
        await pause(FIRST_PAUSE_MS * 2 ** attempt * Math.random());
      }
    }
  }
}

function checkPut(request: PutObjectRequest): void {
  const items = [...request.transactionItems, ...request.deleteItems];
  if (items.length > MAX_PUT_ITEMS) throw invalidRequest(`A put holds at most ${MAX_PUT_ITEMS} items.`);
  checkStoreId(request.storeId);
  for (const item of items) checkKey(item.key);
}

function versionOf(row: Row): { version: bigint } {
  return { version: row.version as bigint };
}

function conflict(): TernError {
  return new TernError(
    'backup_conflict',
    'An object does not have the expected version; nothing was written.',
    'Read the current versions and decide anew.'
  );
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
