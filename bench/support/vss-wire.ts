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

/** A server as one user sees it. */
export class PlainVss {
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  /** `secretKey`: the user's, for `signature`; by default a new user. */
  constructor(baseUrl: string, auth: PlainAuth, secretKey: Uint8Array = secp256k1.utils.randomSecretKey()) {
    const isSecure = new URL(baseUrl).protocol === 'https:';
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: MOST_SOCKETS });
    this.#request = isSecure ? httpsRequest : httpRequest;
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
    this.#agent.destroy();
  }

  async #call<Request extends DescMessage, Response extends DescMessage>(
    path: string,
    requestSchema: Request,
    responseSchema: Response,
    message: MessageInitShape<Request>
  ): Promise<MessageShape<Response>> {
    return fromBinary(responseSchema, await this.#post(path, toBinary(requestSchema, create(requestSchema, message))));
  }

  #post(path: string, body: Uint8Array): Promise<Uint8Array> {
    const options = {
      method: 'POST',
      agent: this.#agent,
      headers: { ...this.#headers, 'content-length': body.length }
    };
    return new Promise((resolve, reject) => {
      const unreachable = (fault: Error): void =>
        reject(
          new TernError('backup_unavailable', `${this.#baseUrl}: ${fault.message}`, 'Check that the server runs.')
        );
      const request = this.#request(this.#baseUrl + path, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', unreachable);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks));
          else reject(refused(path, response.statusCode, Buffer.concat(chunks)));
        });
      });
      request.on('error', unreachable);
      request.end(body);
    });
  }
}

function refused(path: string, status: number | undefined, body: Buffer): TernError {
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
