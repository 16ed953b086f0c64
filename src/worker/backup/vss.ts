// Owns the typed client of the stock VSS wire: every answer is a value or a TernError, within a deadline and a size. Reads are repeated, writes never.
import { Code, ConnectError, createClient, type Client } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { TernError, type ErrorCode } from '../../wire/errors.js';
import { VssService } from '../../wire/gen/vss_pb.js';
import { checkUrl } from '../../wire/urls.js';
import type { VssAuth } from '../api.js';
import type { Clock } from '../clock.js';
import { authorizer } from './auth.js';
import { CLOCK_SKEW_HEADER, vssFetch } from './http.js';
import { retryDelayMs } from './retry.js';

const REQUEST_TIMEOUT_MS = 10_000;
/** A slow line is given a second for each of these on top. */
const SLOW_BYTES_PER_S = 64 * 1024;
/** A read that finds no connection is tried so often: a line that idled may be gone without anybody having been told. */
const READ_ATTEMPTS = 3;
/** Values are cut at 1 MiB, and a page holds keys alone. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface VssOptions {
  url: string;
  storeId: string;
  auth: VssAuth;
  /** For `signature` authentication; see `deriveBackupSecrets`. */
  authSecretKey: Uint8Array;
  allowInsecure: boolean;
  clock: Clock;
  /** In [0, 1), for jitter. */
  random: () => number;
  fetch: typeof globalThis.fetch;
}

/** A key with the version the server has (or, in a put, should have). */
export interface KeyVersion {
  key: string;
  version: bigint;
}

export interface KeyValueVersion extends KeyVersion {
  value: Uint8Array;
}

/** One page of `listKeyVersions`; without a token it is the last. */
export interface KeyPage {
  keys: KeyVersion[];
  nextToken?: string;
}

/** One store on one VSS server. Every method rejects with a `TernError` of a `backup_…` code. */
export class VssClient {
  readonly #client: Client<typeof VssService>;
  readonly #storeId: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #underWay = new Set<AbortController>();
  #isClosed = false;
  /** Requests sent so far, for measurements and the story of a drill. */
  requestCount = 0;

  constructor(options: VssOptions) {
    const baseUrl = checkUrl(options.url, 'http', options.allowInsecure);
    this.#storeId = options.storeId;
    this.#clock = options.clock;
    this.#random = options.random;
    const fetch = vssFetch({
      baseUrl,
      fetch: options.fetch,
      authorization: authorizer(options.auth, options.authSecretKey, options.clock),
      nowMs: () => options.clock.nowMs(),
      maxAnswerBytes: MAX_ANSWER_BYTES
    });
    this.#client = createClient(VssService, createConnectTransport({ baseUrl, useBinaryFormat: true, fetch }));
  }

  /** The value of a key, or undefined where the server says that it has none. */
  async get(key: string): Promise<KeyValueVersion | undefined> {
    try {
      const answer = await this.#read((signal) => this.#client.getObject({ storeId: this.#storeId, key }, { signal }));
      const found = answer.value;
      if (found === undefined || found.key !== key) throw badAnswer('the server answered with another key');
      return { key, version: found.version, value: found.value };
    } catch (thrown) {
      const error = toTernError(thrown);
      if (error.code === 'backup_missing_key') return undefined;
      throw error;
    }
  }

  /** Puts and deletes in one transaction, each at the version given (0: must not exist). `backup_conflict` when one does not match. */
  async put(puts: KeyValueVersion[], deletes: KeyVersion[]): Promise<void> {
    const byKey = (a: KeyVersion, b: KeyVersion) => (a.key < b.key ? -1 : 1);
    const request = {
      storeId: this.#storeId,
      // Sorted, so that two writers never wait for each other's locks.
      transactionItems: [...puts].sort(byKey),
      deleteItems: [...deletes].sort(byKey)
    };
    const bytes = puts.reduce((sum, put) => sum + put.value.length, 0);
    try {
      const answer = await this.#within(bytes, (signal) => this.#client.putObjects(request, { signal }));
      if (answer.$unknown?.length) throw badAnswer('the server answered a write with something else');
    } catch (thrown) {
      throw toTernError(thrown);
    }
  }

  /** One page of keys with their versions, newest created first. */
  async listPage(token?: string): Promise<KeyPage> {
    try {
      const request = { storeId: this.#storeId, pageToken: token };
      const answer = await this.#read((signal) => this.#client.listKeyVersions(request, { signal }));
      const keys = answer.keyVersions.map(({ key, version }) => ({ key, version }));
      return answer.nextPageToken ? { keys, nextToken: answer.nextPageToken } : { keys };
    } catch (thrown) {
      throw toTernError(thrown);
    }
  }

  /** Ends every request under way; those fail with `backup_unavailable`. */
  close(): void {
    this.#isClosed = true;
    for (const abort of this.#underWay) abort.abort();
  }

  /** A read does no harm when it is done again; a write is for its caller to repeat, who knows what it may have done. */
  async #read<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#within(0, request);
      } catch (thrown) {
        const isBroken = ConnectError.from(thrown).code === Code.Unavailable;
        if (!isBroken || this.#isClosed || failures >= READ_ATTEMPTS) throw thrown;
        await this.#clock.sleep(retryDelayMs(failures, this.#random));
      }
    }
  }

  /** Runs a request with a deadline that grows with what it carries, up to and including its last byte. */
  async #within<T>(bytes: number, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeoutMs = REQUEST_TIMEOUT_MS + Math.ceil((bytes * 1000) / SLOW_BYTES_PER_S);
    const abort = new AbortController();
    let late = false;
    const cancel = this.#clock.setTimer(timeoutMs, () => {
      late = true;
      abort.abort();
    });
    this.#underWay.add(abort);
    if (this.#isClosed) abort.abort();
    this.requestCount += 1;
    try {
      return await request(abort.signal);
    } catch (thrown) {
      if (late) throw new ConnectError(`no answer within ${timeoutMs} ms`, Code.DeadlineExceeded);
      throw thrown;
    } finally {
      cancel();
      this.#underWay.delete(abort);
    }
  }
}

function badAnswer(cause: string): TernError {
  return new TernError('backup_bad_answer', cause, 'Check the address of the backup server.');
}

const MEANING: Partial<Record<Code, [ErrorCode, string, string]>> = {
  [Code.Aborted]: [
    'backup_conflict',
    'The backup server has another version than expected',
    'The wallet looks into it by itself.'
  ],
  [Code.NotFound]: ['backup_missing_key', 'The backup server lacks a key', 'Verify the backup.'],
  [Code.InvalidArgument]: [
    'backup_invalid_request',
    'The backup server does not accept the request',
    'Check that the address is a VSS server, or use another.'
  ],
  [Code.Unauthenticated]: [
    'backup_unauthorized',
    'The backup server does not accept this wallet',
    'Check how the server authenticates, and the token, in the settings.'
  ],
  [Code.ResourceExhausted]: [
    'backup_too_large',
    'The backup server takes no request of this size',
    "Raise the server's body limit, or use another server."
  ],
  [Code.Unavailable]: [
    'backup_unavailable',
    'The backup server cannot be reached',
    'Wait, or check the connection and the address: the wallet tries again by itself.'
  ],
  [Code.Canceled]: ['backup_unavailable', 'The request was given up', 'The wallet tries again by itself.'],
  [Code.DeadlineExceeded]: [
    'backup_deadline',
    'The backup server takes too long',
    'Wait, or check the connection: the wallet tries again by itself.'
  ],
  [Code.DataLoss]: [
    'backup_bad_answer',
    'What answered does not speak like a VSS server',
    'Check the address of the backup server.'
  ]
};

/** Any failure of a request as a TernError. What Connect itself cannot parse is a bad answer. */
function toTernError(thrown: unknown): TernError {
  if (thrown instanceof TernError) return thrown;
  const error = ConnectError.from(thrown);
  const skewMs = error.metadata.get(CLOCK_SKEW_HEADER);
  if (error.code === Code.Unauthenticated && skewMs !== null) {
    const minutes = Math.round(Math.abs(Number(skewMs)) / 60_000);
    return new TernError(
      'backup_clock_skew',
      `This device's clock is ${minutes} minutes off the server's.`,
      "Set this device's clock."
    );
  }
  const [code, cause, next] = MEANING[error.code] ??
    MEANING[Code.DataLoss] ?? ['internal', 'unknown failure', 'Reload the wallet.'];
  return new TernError(code, `${cause}: ${error.rawMessage}.`, next);
}
