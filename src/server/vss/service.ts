// Owns `/vss`: the four calls of the stock wire. Who asks is settled before the body is read, and every answer can be read by a browser.
import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { TernError } from '../../wire/errors.js';
import {
  DeleteObjectRequestSchema,
  DeleteObjectResponseSchema,
  GetObjectRequestSchema,
  GetObjectResponseSchema,
  ListKeyVersionsRequestSchema,
  ListKeyVersionsResponseSchema,
  PutObjectRequestSchema,
  PutObjectResponseSchema
} from '../../wire/gen/vss_pb.js';
import { readBody } from '../http.js';
import { isLoopbackHost, isTrustedOrigin } from '../origins.js';
import { authorizeNobody, authorizeSignature, type Authorizer } from './auth.js';
import { openPglite } from './database-pglite.js';
import { openPostgres } from './database-postgres.js';
import { invalidRequest } from './limits.js';
import { migrate } from './migrations.js';
import { VssStore } from './store.js';
import { passOn } from './upstream.js';
import { answerBytes, answerFailure, answerPreflight, setWireHeaders } from './wire.js';

/** The default limit of a request's body. */
export const VSS_BODY_LIMIT_BYTES = 32 * 1024 * 1024;

export type VssOptions = VssStoreOptions | VssUpstreamOptions;

/** A store of this server's own. */
export interface VssStoreOptions {
  type: 'store';
  /** `pglite`: a directory, made if missing; `postgres`: a connection string. */
  database: { type: 'pglite'; dir: string } | { type: 'postgres'; url: string };
  /** `none` trusts whoever reaches it: only where the server listens on loopback. */
  auth: 'signature' | 'none';
  /** Default `VSS_BODY_LIMIT_BYTES`. */
  bodyLimitBytes?: number;
}

/** Another VSS server, made reachable for browsers. */
export interface VssUpstreamOptions {
  type: 'upstream';
  /** The other server's base, to which `/getObject` and the like are appended. */
  url: string;
  bodyLimitBytes?: number;
}

export interface VssService {
  /** Answers a request; `path` is what follows `/vss`. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): void;
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: Uint8Array;
}
/** What answers a call once its body is read. */
type Call = (request: IncomingMessage, userToken: string, body: Uint8Array<ArrayBuffer>) => Promise<Answer>;

interface Backend {
  authorize: Authorizer;
  /** By path. */
  calls: Map<string, Call>;
  allowedOrigin(request: IncomingMessage): string | undefined;
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** Not the fault of who asked: the operator should know. */
const SERVER_FAULTS: readonly string[] = ['internal', 'storage_unavailable', 'backup_unavailable'];
const PATHS = ['/getObject', '/putObjects', '/deleteObject', '/listKeyVersions'] as const;

/** Starts the service. `invalid_argument`: no proof asked for beyond loopback; `storage_unavailable`, `schema_too_new`: of the store. */
export async function startVss(options: VssOptions, listenHost: string, log: Logger): Promise<VssService> {
  const backend =
    options.type === 'upstream' ? upstreamBackend(options.url) : await storeBackend(options, listenHost, log);
  const bodyLimitBytes = options.bodyLimitBytes ?? VSS_BODY_LIMIT_BYTES;
  return {
    handle: (request, response, path) => {
      setWireHeaders(response, backend.allowedOrigin(request));
      if (request.method === 'OPTIONS') return answerPreflight(response);
      answerCall(backend, request, response, path, bodyLimitBytes).catch((fault: unknown) => {
        const error = TernError.from(fault);
        if (SERVER_FAULTS.includes(error.code))
          log.error({ path, code: error.code, fault: error.cause }, 'VSS request failed');
        answerFailure(response, error);
      });
    },
    isHealthy: () => backend.isHealthy(),
    close: () => backend.close()
  };
}

async function answerCall(
  backend: Backend,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  limitBytes: number
): Promise<void> {
  const call = backend.calls.get(path);
  if (call === undefined) throw invalidRequest(`There is no ${path} in VSS.`);
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST, OPTIONS');
    return answerFailure(response, invalidRequest('VSS takes POST requests only.'), 405);
  }
  const userToken = backend.authorize(request);
  const body = await readBody(request, limitBytes);
  if (body === undefined) {
    throw new TernError(
      'backup_too_large',
      `The request is longer than ${limitBytes} bytes.`,
      'Send less in one request.'
    );
  }
  const answer = await call(request, userToken, body);
  answerBytes(response, answer.status, answer.body);
}

async function storeBackend(options: VssStoreOptions, listenHost: string, log: Logger): Promise<Backend> {
  if (options.auth === 'none' && !isLoopbackHost(listenHost)) {
    throw new TernError(
      'invalid_argument',
      `VSS without proof cannot listen on ${listenHost}.`,
      'Listen on 127.0.0.1, or use --vss-auth signature.'
    );
  }
  const { database: where } = options;
  const database = where.type === 'postgres' ? await openPostgres(where.url, log) : await openPglite(where.dir);
  try {
    await migrate(database);
  } catch (fault) {
    await database.close();
    throw fault;
  }
  const store = new VssStore(database);
  const isOpen = options.auth === 'none';
  return {
    authorize: isOpen ? authorizeNobody : authorizeSignature,
    calls: storeCalls(store),
    allowedOrigin: ({ headers }) =>
      !isOpen ? '*' : isTrustedOrigin(headers.origin, headers.host) ? headers.origin : undefined,
    isHealthy: () => store.isHealthy(),
    close: () => store.close()
  };
}

function storeCalls(store: VssStore): Map<string, Call> {
  return new Map<(typeof PATHS)[number], Call>([
    ['/getObject', unary(GetObjectRequestSchema, GetObjectResponseSchema, (user, request) => store.get(user, request))],
    [
      '/putObjects',
      unary(PutObjectRequestSchema, PutObjectResponseSchema, (user, request) => store.put(user, request))
    ],
    [
      '/deleteObject',
      unary(DeleteObjectRequestSchema, DeleteObjectResponseSchema, (user, request) => store.delete(user, request))
    ],
    [
      '/listKeyVersions',
      unary(ListKeyVersionsRequestSchema, ListKeyVersionsResponseSchema, (user, request) => store.list(user, request))
    ]
  ]);
}

function unary<Request extends DescMessage, Response extends DescMessage>(
  requestSchema: Request,
  responseSchema: Response,
  run: (userToken: string, request: MessageShape<Request>) => Promise<MessageShape<Response>>
): Call {
  return async (_request, userToken, body) => {
    const message = await run(userToken, decode(requestSchema, body));
    return { status: 200, body: toBinary(responseSchema, message) };
  };
}

function decode<Schema extends DescMessage>(schema: Schema, body: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, body);
  } catch {
    throw invalidRequest('The body is no message of this call.');
  }
}

function upstreamBackend(url: string): Backend {
  return {
    authorize: () => '',
    calls: new Map(
      PATHS.map((path): [string, Call] => [path, (request, _user, body) => passOn(url, path, request, body)])
    ),
    allowedOrigin: () => '*',
    isHealthy: () => Promise.resolve(true),
    close: () => Promise.resolve()
  };
}
