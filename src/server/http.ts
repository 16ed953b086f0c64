// Owns the small things of HTTP that several services share: short answers, and bodies that are read whole up to a limit.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Ends a response with one line of text. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store'
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Ends a response with JSON. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store'
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * Reads a request's body; undefined where it is longer than `limitBytes`. What is left then flows away unread, so that the client gets to
 * read the answer. Rejects when the client goes away.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer<ArrayBuffer> | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return undefined;
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      lengthBytes += chunk.length;
      if (lengthBytes <= limitBytes) return void chunks.push(chunk);
      chunks.length = 0;
      resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('The client went away in mid-request.')));
  });
}
