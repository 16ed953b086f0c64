// Owns a small HTTP server on loopback that browsers may call from any page; `close` ends every connection.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TernError } from '../../src/wire/errors.js';

const bodyLimitBytes = 8 * 1024 * 1024;

const crossOriginHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': '*',
  'access-control-allow-private-network': 'true',
  'access-control-max-age': '86400'
};

export interface HttpRequest {
  method: string;
  path: string;
  body: string;
}

/** Text goes out as text, bytes as bytes, everything else as JSON. */
export interface HttpAnswer {
  status: number;
  body: unknown;
  contentType?: string;
}

/** What became of a request instead of an answer: left without one, or its connection cut. */
export type NoAnswer = 'hang' | 'close';

export class HttpService {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.close = close;
  }

  /** Listens on `port`, or on a free one. What `answer` throws goes out as 500 with its message. */
  static async listen(
    answer: (request: HttpRequest) => Promise<HttpAnswer | NoAnswer>,
    port = 0
  ): Promise<HttpService> {
    const server = createServer((request, response) => void serve(answer, request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(TernError.from(error)));
      server.listen(port, '127.0.0.1', resolve);
    });
    const close = (): Promise<void> => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    };
    return new HttpService((server.address() as AddressInfo).port, close);
  }
}

async function serve(
  answer: (request: HttpRequest) => Promise<HttpAnswer | NoAnswer>,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  try {
    if (request.method === 'OPTIONS') return send(response, { status: 204, body: '' });
    const body = await readBody(request);
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const outcome = await answer({ method: request.method ?? 'GET', path, body });
    if (outcome === 'hang') return;
    if (outcome === 'close') request.socket.destroy();
    else send(response, outcome);
  } catch (error) {
    send(response, { status: 500, body: TernError.from(error).message });
  }
}

function send(response: ServerResponse, { status, body, contentType }: HttpAnswer): void {
  const isText = typeof body === 'string';
  const isBytes = body instanceof Uint8Array;
  const inferredType = isText ? 'text/plain' : isBytes ? 'application/octet-stream' : 'application/json';
  response.writeHead(status, { ...crossOriginHeaders, 'content-type': contentType ?? inferredType });
  response.end(isText || isBytes ? body : JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > bodyLimitBytes) {
      throw new TernError('invalid_argument', 'the request body is too large', `Send at most ${bodyLimitBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
