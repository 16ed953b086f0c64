// Owns the way between Connect and a stock VSS server: paths, headers, and every failure as a Connect error that says what it was.
import { create, fromBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorCode, ErrorResponseSchema, type ErrorResponse } from '../../wire/gen/vss_pb.js';

/** Connect refuses an answer without this type, and a VSS server sends none: "unsupported content type null", after the write was done. */
const CONNECT_TYPE = 'application/proto';
/** A clock this far from the server's is worth naming when the server refuses our signature. */
const CLOCK_SKEW_MS = 3_600_000;

export interface VssFetchOptions {
  /** Without a slash at its end. */
  baseUrl: string;
  fetch: typeof globalThis.fetch;
  /** The `Authorization` header of the next request. */
  authorization: () => string | undefined;
  nowMs: () => number;
  /** A longer answer is no answer. */
  maxAnswerBytes: number;
}

/** Says that our clock and the server's differ; it rides on the Connect error as metadata. */
export const CLOCK_SKEW_HEADER = 'x-tern-clock-skew-ms';

/**
 * A `fetch` for `createConnectTransport`: POSTs the bare message to `{base}/getObject` and so on. A VSS `ErrorResponse` becomes a
 * `ConnectError` with that message as its detail; a refused connection becomes `Unavailable`, HTML or an overlong answer `DataLoss`.
 */
export function vssFetch(options: VssFetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await send(options, methodOf(String(input)), init);
    const body = await readBody(response, options.maxAnswerBytes);
    if (!response.ok) throw errorOf(response, body, options.nowMs());
    const type = response.headers.get('content-type') ?? '';
    if (/text\/|json/i.test(type)) throw new ConnectError(`answered ${type} where protobuf was due`, Code.DataLoss);
    return new Response(body, { status: 200, headers: { 'content-type': CONNECT_TYPE } });
  };
}

/** Connect asks for `/vss.VssService/GetObject`; VSS calls it `getObject`. */
function methodOf(url: string): string {
  const name = url.slice(url.lastIndexOf('/') + 1);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

async function send(options: VssFetchOptions, method: string, init: RequestInit | undefined): Promise<Response> {
  // Called without `options` before it: a browser's fetch insists on its own `this`.
  const { fetch, baseUrl } = options;
  const authorization = options.authorization();
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  if (authorization !== undefined) headers.authorization = authorization;
  try {
    return await fetch(`${baseUrl}/${method}`, {
      method: 'POST',
      headers,
      body: init?.body ?? null,
      signal: init?.signal ?? null,
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer'
    });
  } catch (thrown) {
    throw broken(thrown, 'no connection to the server');
  }
}

/** Reads the whole answer, at most `maxBytes`. */
async function readBody(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(parts, length);
      length += value.length;
      if (length > maxBytes) throw new ConnectError(`answer of more than ${maxBytes} bytes`, Code.DataLoss);
      parts.push(value);
    }
  } catch (thrown) {
    void reader.cancel().catch(() => undefined);
    throw thrown instanceof ConnectError ? thrown : broken(thrown, 'the connection broke in mid-answer');
  }
}

function concat(parts: Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** An abort is ours (deadline or close) and passes as it is; anything else of `fetch` is the network. */
function broken(thrown: unknown, what: string): unknown {
  if (thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError')) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new ConnectError(`${what}: ${why}`, Code.Unavailable);
}

function errorOf(response: Response, body: Uint8Array, nowMs: number): ConnectError {
  const answer = decodeErrorResponse(body);
  // Too large is a status without a code of its own.
  const isCoded = answer !== undefined && response.status !== 413;
  const code = isCoded ? CODES[answer.errorCode] : codeOfStatus(response.status);
  const message = answer === undefined ? `HTTP ${response.status}` : answer.message.slice(0, 200);
  const details = answer === undefined ? [] : [{ desc: ErrorResponseSchema, value: answer }];
  const metadata = new Headers();
  const skewMs = clockSkewMs(response, nowMs);
  if (skewMs !== undefined && Math.abs(skewMs) > CLOCK_SKEW_MS) metadata.set(CLOCK_SKEW_HEADER, String(skewMs));
  return new ConnectError(message, code, metadata, details);
}

/** How far our clock is ahead of the server's, by its `Date` header, where the browser may read it. */
function clockSkewMs(response: Response, nowMs: number): number | undefined {
  const serverMs = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(serverMs) ? undefined : nowMs - serverMs;
}

/** Some servers answer errors as plain text or HTML: only a message that is wholly an `ErrorResponse` with a known code counts. */
function decodeErrorResponse(body: Uint8Array): ErrorResponse | undefined {
  try {
    const answer = fromBinary(ErrorResponseSchema, body);
    if (answer.$unknown?.length || !(answer.errorCode in CODES)) return undefined;
    return create(ErrorResponseSchema, { errorCode: answer.errorCode, message: answer.message });
  } catch {
    return undefined;
  }
}

const CODES: Partial<Record<ErrorCode, Code>> = {
  [ErrorCode.CONFLICT_EXCEPTION]: Code.Aborted,
  [ErrorCode.INVALID_REQUEST_EXCEPTION]: Code.InvalidArgument,
  [ErrorCode.INTERNAL_SERVER_EXCEPTION]: Code.Unavailable,
  [ErrorCode.NO_SUCH_KEY_EXCEPTION]: Code.NotFound,
  [ErrorCode.AUTH_EXCEPTION]: Code.Unauthenticated
};

function codeOfStatus(status: number): Code {
  if (status === 401 || status === 403) return Code.Unauthenticated;
  if (status === 413) return Code.ResourceExhausted;
  if (status === 408 || status === 504) return Code.DeadlineExceeded;
  if (status === 429 || status >= 500) return Code.Unavailable;
  // No conflict and no missing key without an ErrorResponse: a proxy's 404 must not look like an empty store.
  return Code.DataLoss;
}
