// Owns a VSS client that hides nothing: the tests see status, headers and every byte of what a server answers.
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape
} from '@bufbuild/protobuf';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { expect } from 'vitest';
import {
  DeleteObjectRequestSchema,
  ErrorCode,
  ErrorResponseSchema,
  GetObjectRequestSchema,
  GetObjectResponseSchema,
  ListKeyVersionsRequestSchema,
  ListKeyVersionsResponseSchema,
  PutObjectRequestSchema,
  type KeyValue,
  type ListKeyVersionsResponse
} from '../../src/wire/gen/vss_pb.js';

const SIGNED_PREFIX = 'VSS Signature Authorizer Signing Salt Constant..................';

/** What a server said. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** An object as a test writes it. */
export interface Item {
  key: string;
  version?: bigint;
  value?: string | Uint8Array;
}

/** One user's view of one store, whose id no other test uses. */
export class VssClient {
  readonly storeId: string;

  constructor(
    readonly baseUrl: string,
    readonly secretKey: Uint8Array = secp256k1.utils.randomSecretKey(),
    storeId?: string
  ) {
    this.storeId = storeId ?? `store-${crypto.randomUUID()}`;
  }

  /** Sends a message as it is and reports the answer, whatever it is. */
  send<Schema extends DescMessage>(path: string, schema: Schema, message: MessageInitShape<Schema>): Promise<Answer> {
    return this.sendBytes(path, toBinary(schema, create(schema, message)));
  }

  async sendBytes(path: string, body: Uint8Array, init: RequestInit = {}): Promise<Answer> {
    const headers = {
      authorization: signature(this.secretKey),
      ...(init.headers as Record<string, string> | undefined)
    };
    const response = await fetch(this.baseUrl + path, {
      method: 'POST',
      body: body as Uint8Array<ArrayBuffer>,
      ...init,
      headers
    });
    return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
  }

  /** Puts and reports the answer. */
  tryPut(items: Item[], options: { globalVersion?: bigint; deletes?: Item[] } = {}): Promise<Answer> {
    return this.send('/putObjects', PutObjectRequestSchema, {
      storeId: this.storeId,
      globalVersion: options.globalVersion,
      transactionItems: items.map(toKeyValue),
      deleteItems: (options.deletes ?? []).map(toKeyValue)
    });
  }

  /** Puts and insists on success. */
  async put(items: Item[], options: { globalVersion?: bigint; deletes?: Item[] } = {}): Promise<void> {
    expect(describeAnswer(await this.tryPut(items, options))).toBe('200');
  }

  tryGet(key: string): Promise<Answer> {
    return this.send('/getObject', GetObjectRequestSchema, { storeId: this.storeId, key });
  }

  /** Reads an object that must be there. */
  async getBytes(key: string): Promise<{ key: string; version: bigint; value: Uint8Array }> {
    const { value } = decode(GetObjectResponseSchema, await this.tryGet(key));
    if (value === undefined) throw new Error('the answer holds no object');
    return value;
  }

  /** Reads an object that must be there, with a value that is text. */
  async get(key: string): Promise<{ key: string; version: bigint; value: string }> {
    const { version, value, ...found } = await this.getBytes(key);
    return { key: found.key, version, value: Buffer.from(value).toString() };
  }

  tryDelete(item: Item): Promise<Answer> {
    return this.send('/deleteObject', DeleteObjectRequestSchema, { storeId: this.storeId, keyValue: toKeyValue(item) });
  }

  async delete(key: string, version: bigint): Promise<void> {
    expect(describeAnswer(await this.tryDelete({ key, version }))).toBe('200');
  }

  tryList(request: { keyPrefix?: string; pageSize?: number; pageToken?: string } = {}): Promise<Answer> {
    return this.send('/listKeyVersions', ListKeyVersionsRequestSchema, { storeId: this.storeId, ...request });
  }

  async list(
    request: { keyPrefix?: string; pageSize?: number; pageToken?: string } = {}
  ): Promise<ListKeyVersionsResponse> {
    return decode(ListKeyVersionsResponseSchema, await this.tryList(request));
  }

  /** The keys of every page, in order. */
  async listAll(
    request: { keyPrefix?: string; pageSize?: number } = {}
  ): Promise<{ pages: ListKeyVersionsResponse[]; keys: string[] }> {
    const pages: ListKeyVersionsResponse[] = [];
    for (let pageToken: string | undefined; ;) {
      const page = await this.list({ ...request, pageToken });
      pages.push(page);
      pageToken = page.nextPageToken;
      if (!pageToken) return { pages, keys: pages.flatMap(({ keyVersions }) => keyVersions.map(({ key }) => key)) };
    }
  }
}

/** The proof of a key, as vss-server's signature authorizer takes it. */
export function signature(secretKey: Uint8Array, atSeconds = Math.floor(Date.now() / 1000)): string {
  const publicKey = secp256k1.getPublicKey(secretKey);
  const signed = concatBytes(utf8ToBytes(SIGNED_PREFIX), publicKey, utf8ToBytes(String(atSeconds)));
  return `${bytesToHex(publicKey)}${bytesToHex(secp256k1.sign(signed, secretKey))}${atSeconds}`;
}

/** Insists on a failure with this status and, in an ErrorResponse, this code. */
export function expectFailure(answer: Answer, status: number, code: ErrorCode): void {
  expect(describeAnswer(answer)).toBe(`${status} ${ErrorCode[code]}`);
}

/** Status and error code in short: what a test compares. */
export function describeAnswer(answer: Answer): string {
  if (answer.status === 200) return '200';
  return `${answer.status} ${ErrorCode[fromBinary(ErrorResponseSchema, answer.body).errorCode]}`;
}

function decode<Schema extends DescMessage>(schema: Schema, answer: Answer): MessageShape<Schema> {
  expect(describeAnswer(answer)).toBe('200');
  return fromBinary(schema, answer.body);
}

function toKeyValue(item: Item): Pick<KeyValue, 'key' | 'version' | 'value'> {
  return {
    key: item.key,
    version: item.version ?? 0n,
    value: typeof item.value === 'string' ? Buffer.from(item.value) : (item.value ?? new Uint8Array())
  };
}
