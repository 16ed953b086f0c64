// Owns a VSS server in memory, for the simulated world: the recorded behaviour of the reference server, and every fault on purpose.
import { create, fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import {
  DeleteObjectRequestSchema,
  DeleteObjectResponseSchema,
  ErrorCode,
  ErrorResponseSchema,
  GetObjectRequestSchema,
  GetObjectResponseSchema,
  ListKeyVersionsRequestSchema,
  ListKeyVersionsResponseSchema,
  PutObjectRequestSchema,
  PutObjectResponseSchema,
  type GetObjectRequest,
  type KeyValue,
  type ListKeyVersionsRequest,
  type PutObjectRequest
} from '../../src/wire/gen/vss_pb.js';

const PAGE = 100;
const MOST_ITEMS = 1000;
const GLOBAL = 'global_version';

/** One stored object. */
export interface Stored {
  version: bigint;
  value: Uint8Array;
  /** Grows with every creation. */
  created: number;
}

/** A request as a fault sees it. */
export interface VssRequest {
  /** Counted from 1. */
  number: number;
  method: string;
  url: string;
  headers: Headers;
  body: Uint8Array;
}

/** `refuse`: no connection, nothing done. `lose`: done, but the answer is lost. `hang`: not done, no answer. `hangAfter`: done, no answer. */
export type Fault =
  | { kind: 'refuse' | 'lose' | 'hang' | 'hangAfter' | 'truncate' }
  | { kind: 'answer'; status: number; body: string; contentType?: string; date?: string }
  | { kind: 'error'; status: number; code: ErrorCode };

type Store = Map<string, Stored>;

/** A VSS server behind a `fetch`. Users are told apart by the first 66 characters of their `Authorization`. */
export class MemoryVss {
  #stores = new Map<string, Store>();
  #created = 0;
  readonly requests: VssRequest[] = [];
  /** Asked before every request. */
  fault: (request: VssRequest) => Fault | undefined = () => undefined;
  /** Lies about what is read: answers what a key seems to hold, and undefined for a key that seems missing. */
  tamper: ((key: string, stored: Stored) => Stored | undefined) | undefined;
  /** Called after a write was done, before its answer. */
  onWritten: () => void = () => undefined;

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    if (init?.signal?.aborted) throw aborted();
    const url = String(input);
    const body = new Uint8Array(await new Response(init?.body ?? null).arrayBuffer());
    const request: VssRequest = {
      number: this.requests.length + 1,
      method: url.slice(url.lastIndexOf('/') + 1),
      url,
      headers: new Headers(init?.headers),
      body
    };
    this.requests.push(request);
    return this.#answer(request, this.fault(request), init?.signal ?? undefined);
  };

  /** All that is stored, by store; what it answers is live. */
  get stores(): ReadonlyMap<string, Store> {
    return this.#stores;
  }

  /** The only store there is. */
  get store(): Store {
    const [store] = this.#stores.values();
    return store ?? new Map<string, Stored>();
  }

  /** A copy to roll back to. */
  snapshot(): Map<string, Store> {
    return new Map(
      [...this.#stores].map(([id, store]) => [id, new Map([...store].map(([key, stored]) => [key, { ...stored }]))])
    );
  }

  /** Rolls the whole server back. An empty map wipes it. */
  rollBack(to: Map<string, Store>): void {
    this.#stores = to;
    const created = [...to.values()].flatMap((store) => [...store.values()].map((stored) => stored.created));
    this.#created = created.reduce((most, each) => Math.max(most, each), this.#created);
  }

  async #answer(request: VssRequest, fault: Fault | undefined, signal: AbortSignal | undefined): Promise<Response> {
    if (fault?.kind === 'refuse') throw new TypeError('fetch failed');
    if (fault?.kind === 'hang') return hang(signal);
    if (fault?.kind === 'answer') return answerOf(fault);
    if (fault?.kind === 'error') return errorAnswer(fault.status, fault.code);
    const response = this.#handle(request);
    if (fault?.kind === 'lose') throw new TypeError('terminated');
    if (fault?.kind === 'hangAfter') return hang(signal);
    if (fault?.kind === 'truncate') {
      const whole = new Uint8Array(await response.arrayBuffer());
      return new Response(whole.slice(0, Math.max(whole.length - 3, 0)), { status: response.status });
    }
    return response;
  }

  #handle(request: VssRequest): Response {
    const user = (request.headers.get('authorization') ?? '').slice(0, 66).toLowerCase();
    const { body } = request;
    switch (request.method) {
      case 'getObject':
        return this.#get(user, fromBinary(GetObjectRequestSchema, body));
      case 'putObjects':
        return this.#put(user, fromBinary(PutObjectRequestSchema, body));
      case 'deleteObject': {
        const { storeId, keyValue } = fromBinary(DeleteObjectRequestSchema, body);
        const stored = keyValue && this.#storeOf(user, storeId).get(keyValue.key);
        if (stored && (keyValue.version === -1n || keyValue.version === stored.version))
          this.#storeOf(user, storeId).delete(keyValue.key);
        return ok(DeleteObjectResponseSchema, {});
      }
      case 'listKeyVersions':
        return this.#list(user, fromBinary(ListKeyVersionsRequestSchema, body));
      default:
        return new Response('not found', { status: 404 });
    }
  }

  #storeOf(user: string, storeId: string): Store {
    const id = `${user}/${storeId}`;
    let store = this.#stores.get(id);
    if (!store) this.#stores.set(id, (store = new Map<string, Stored>()));
    return store;
  }

  #seen(key: string, stored: Stored | undefined): Stored | undefined {
    return stored && (this.tamper ? this.tamper(key, stored) : stored);
  }

  #get(user: string, request: GetObjectRequest): Response {
    const stored = this.#seen(request.key, this.#storeOf(user, request.storeId).get(request.key));
    if (!stored && request.key === GLOBAL) {
      return ok(GetObjectResponseSchema, { value: { key: GLOBAL, version: 0n, value: new Uint8Array() } });
    }
    if (!stored) return errorAnswer(404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
    const value = { key: request.key, version: stored.version, value: stored.value };
    return ok(GetObjectResponseSchema, { value });
  }

  #put(user: string, request: PutObjectRequest): Response {
    const items = request.transactionItems.length + request.deleteItems.length;
    if (items > MOST_ITEMS) return errorAnswer(400, ErrorCode.INVALID_REQUEST_EXCEPTION);
    const store = this.#storeOf(user, request.storeId);
    const next = new Map<string, Stored>(store);
    const global =
      request.globalVersion === undefined
        ? []
        : [{ key: GLOBAL, version: request.globalVersion, value: new Uint8Array() }];
    if (![...request.transactionItems, ...global].every((item) => this.#putOne(next, item))) return conflict();
    for (const item of request.deleteItems) {
      const stored = next.get(item.key);
      if (!stored || (item.version !== -1n && item.version !== stored.version)) return conflict();
      next.delete(item.key);
    }
    store.clear();
    for (const [key, stored] of next) store.set(key, stored);
    this.onWritten();
    return ok(PutObjectResponseSchema, {});
  }

  #putOne(store: Store, item: Pick<KeyValue, 'key' | 'version' | 'value'>): boolean {
    const stored = store.get(item.key);
    if (item.version !== -1n && item.version !== (stored?.version ?? 0n)) return false;
    const version = item.version === -1n ? 1n : item.version + 1n;
    store.set(item.key, { version, value: item.value, created: stored?.created ?? (this.#created += 1) });
    return true;
  }

  #list(user: string, request: ListKeyVersionsRequest): Response {
    if (request.pageToken !== undefined && !/^\d+$/.test(request.pageToken))
      return errorAnswer(400, ErrorCode.INVALID_REQUEST_EXCEPTION);
    const before = request.pageToken === undefined ? Infinity : Number(request.pageToken);
    const store = this.#storeOf(user, request.storeId);
    const seen = [...store]
      .map(([key, stored]) => [key, this.#seen(key, stored)] as const)
      .filter((pair): pair is readonly [string, Stored] => pair[1] !== undefined)
      .filter(([key, stored]) => key !== GLOBAL && key.startsWith(request.keyPrefix ?? '') && stored.created < before)
      .sort(([, a], [, b]) => b.created - a.created);
    const page = seen.slice(0, Math.min(request.pageSize ?? PAGE, PAGE));
    const last = page.at(-1);
    return ok(ListKeyVersionsResponseSchema, {
      keyVersions: page.map(([key, { version }]) => ({ key, version })),
      nextPageToken: last && seen.length > page.length ? String(last[1].created) : '',
      globalVersion: request.pageToken === undefined ? (store.get(GLOBAL)?.version ?? 0n) : undefined
    });
  }
}

/** As the reference: no content type. */
function ok<D extends DescMessage>(schema: D, init: Parameters<typeof create<D>>[1]): Response {
  const message: MessageShape<D> = create(schema, init);
  return new Response(new Uint8Array(toBinary(schema, message)), { status: 200 });
}

function conflict(): Response {
  return errorAnswer(409, ErrorCode.CONFLICT_EXCEPTION);
}

function errorAnswer(status: number, errorCode: ErrorCode): Response {
  const body = toBinary(ErrorResponseSchema, create(ErrorResponseSchema, { errorCode, message: ErrorCode[errorCode] }));
  return new Response(new Uint8Array(body), { status });
}

function answerOf(fault: { status: number; body: string; contentType?: string; date?: string }): Response {
  const headers = new Headers();
  if (fault.contentType !== undefined) headers.set('content-type', fault.contentType);
  if (fault.date !== undefined) headers.set('date', fault.date);
  return new Response(new TextEncoder().encode(fault.body), { status: fault.status, headers });
}

function hang(signal: AbortSignal | undefined): Promise<Response> {
  return new Promise((_, reject) => {
    const abort = () => reject(aborted());
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
  });
}

function aborted(): DOMException {
  return new DOMException('This operation was aborted', 'AbortError');
}
