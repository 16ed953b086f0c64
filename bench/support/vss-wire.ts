// Owns the plainest client of the VSS wire: one request after another over kept connections, nothing sealed, nothing repeated. What measures servers must cost little itself.
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
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
import { TernError } from '../../src/wire/errors.js';
import {
  GetObjectRequestSchema,
  GetObjectResponseSchema,
  ListKeyVersionsRequestSchema,
  ListKeyVersionsResponseSchema,
  PutObjectRequestSchema,
  PutObjectResponseSchema,
  type KeyValue
} from '../../src/wire/gen/vss_pb.js';

const SIGNED_PREFIX = 'VSS Signature Authorizer Signing Salt Constant..................';
const MOST_SOCKETS = 256;

/** How requests prove whose they are. */
export type PlainAuth = 'none' | 'signature';

/** How requests travel. */
export interface Transport {
  post(url: string, headers: Record<string, string>, body: Uint8Array): Promise<{ status: number; body: Uint8Array }>;
  close(): void;
}

/** What a wallet uses, too. */
export const fetchTransport: Transport = {
  post: async (url, headers, body) => {
    const response = await fetch(url, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> });
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
  },
  close: () => undefined
};

/** A server as one user sees it. */
export class PlainVss {
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #transport: Transport;

  /** `secretKey`: the user's, for `signature`; by default a new user. */
  constructor(
    baseUrl: string,
    auth: PlainAuth,
    secretKey: Uint8Array = secp256k1.utils.randomSecretKey(),
    transport: Transport = socketTransport(new URL(baseUrl).protocol === 'https:')
  ) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#transport = transport;
    this.#headers = {
      'content-type': 'application/octet-stream',
      // Servers take a proof for a day, and it is not bound to the request: one will do.
      ...(auth === 'signature' && { authorization: proof(secretKey) })
    };
  }

  /** One object at the version the server has. */
  async put(storeId: string, items: Pick<KeyValue, 'key' | 'version' | 'value'>[]): Promise<void> {
    await this.#call('/putObjects', PutObjectRequestSchema, PutObjectResponseSchema, {
      storeId,
      transactionItems: items
    });
  }

  async get(storeId: string, key: string): Promise<Uint8Array> {
    const answer = await this.#call('/getObject', GetObjectRequestSchema, GetObjectResponseSchema, { storeId, key });
    if (answer.value) return answer.value.value;
    throw new TernError('backup_bad_answer', `The server answered without an object for ${key}.`, 'Look at its log.');
  }

  /** All keys, page by page. */
  async list(storeId: string): Promise<string[]> {
    const keys: string[] = [];
    for (let pageToken: string | undefined; ;) {
      const request = { storeId, pageToken };
      const page = await this.#call(
        '/listKeyVersions',
        ListKeyVersionsRequestSchema,
        ListKeyVersionsResponseSchema,
        request
      );
      keys.push(...page.keyVersions.map(({ key }) => key));
      if (!page.nextPageToken) return keys;
      pageToken = page.nextPageToken;
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#transport.close();
  }

  async #call<Request extends DescMessage, Response extends DescMessage>(
    path: string,
    requestSchema: Request,
    responseSchema: Response,
    message: MessageInitShape<Request>
  ): Promise<MessageShape<Response>> {
    return fromBinary(responseSchema, await this.#post(path, toBinary(requestSchema, create(requestSchema, message))));
  }

  async #post(path: string, message: Uint8Array): Promise<Uint8Array> {
    const { status, body } = await this.#transport
      .post(this.#baseUrl + path, this.#headers, message)
      .catch(unreachable);
    if (status === 200) return body;
    throw refused(path, status, Buffer.from(body));
  }
}

/** Node's own sockets: the least that a request can cost here. */
function socketTransport(isSecure: boolean): Transport {
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: MOST_SOCKETS });
  const send = isSecure ? httpsRequest : httpRequest;
  return {
    post: (url, headers, body) =>
      new Promise((resolve, reject) => {
        const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
        const request = send(url, options, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        });
        request.on('error', reject);
        request.end(body);
      }),
    close: () => agent.destroy()
  };
}

function unreachable(thrown: unknown): never {
  const fault = thrown instanceof Error ? thrown.message : String(thrown);
  throw new TernError('backup_unavailable', `The server does not answer: ${fault}`, 'Check that it runs.');
}

function refused(path: string, status: number, body: Buffer): TernError {
  const text = body
    .toString('latin1')
    .replace(/[^ -~]/g, ' ')
    .trim();
  return new TernError('backup_bad_answer', `${path} was answered with ${status}: ${text}`, 'Try the other --auth.');
}

/** What vss-server's signature authorizer takes. */
function proof(secretKey: Uint8Array): string {
  const publicKey = secp256k1.getPublicKey(secretKey);
  const seconds = String(Math.floor(Date.now() / 1000));
  const signed = concatBytes(utf8ToBytes(SIGNED_PREFIX), publicKey, utf8ToBytes(seconds));
  return `${bytesToHex(publicKey)}${bytesToHex(secp256k1.sign(signed, secretKey))}${seconds}`;
}
