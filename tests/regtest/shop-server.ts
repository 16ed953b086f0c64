// Owns the shop's HTTP server: on loopback, for pages and programs of loopback alone, and nothing on a page comes from elsewhere.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { TernError } from '../../src/wire/errors.js';
import { errorPage, type Standing } from './shop-page.js';
import { answer, type ShopAnswer, type ShopRequest } from './shop-routes.js';
import type { Shop } from './shop.js';

const bodyLimitBytes = 64 * 1024;
const formType = 'application/x-www-form-urlencoded';

const pageHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'"
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store'
};

/** Serves the shop on `port` until the function returned is called. Rejects with `invalid_argument` when the port is taken. */
export async function serveShop(shop: Shop, port: number): Promise<() => Promise<void>> {
  const server = createServer((request, response) => void serve(shop, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new TernError('invalid_argument', `port ${port}: ${error.message}`, 'Stop what listens there.'))
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    return closed;
  };
}

async function serve(shop: Shop, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  let wantsPage = false;
  try {
    allowOrigin(incoming, response);
    if (incoming.method === 'OPTIONS') return void response.writeHead(204).end();
    const request = await readRequest(incoming);
    wantsPage = request.wantsPage;
    await send(response, await answer(shop, request));
  } catch (thrown) {
    const error = TernError.from(thrown).toShape();
    const status = error.code === 'internal' ? 500 : 400;
    if (response.headersSent) response.destroy();
    else if (wantsPage) await send(response, { type: 'page', status, page: errorPage(error) });
    else await send(response, { type: 'json', status, value: error });
  }
}

/** Pages of loopback may call; any other site is refused, even with a plain form. */
function allowOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
  response.setHeader('vary', 'origin');
  const { origin } = headers;
  if (origin === undefined) return;
  const host = URL.canParse(origin) ? new URL(origin).hostname : '';
  if (!['localhost', '127.0.0.1', '[::1]'].includes(host))
    throw new TernError('invalid_argument', `${origin} may not call the shop.`, 'Open the shop itself.');
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type');
  response.setHeader('access-control-allow-private-network', 'true');
}

async function readRequest(incoming: IncomingMessage): Promise<ShopRequest> {
  const { method = 'GET', url = '/', headers } = incoming;
  const { pathname: path } = new URL(url, 'http://localhost');
  const body = await readBody(incoming);
  if (method !== 'POST') {
    return { method, path, fields: {}, wantsPage: headers.accept?.includes('text/html') ?? false };
  }
  if (headers['content-type']?.startsWith(formType))
    return { method, path, fields: Object.fromEntries(new URLSearchParams(body)), wantsPage: true };
  return { method, path, fields: readJson(body), wantsPage: false };
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new TernError('invalid_argument', 'The body is no JSON.', 'Send JSON, or a form.');
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > bodyLimitBytes)
      throw new TernError('invalid_argument', 'The request is too large.', `Send at most ${bodyLimitBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function send(response: ServerResponse, out: ShopAnswer): Promise<void> {
  switch (out.type) {
    case 'page':
      return void response.writeHead(out.status, { 'content-type': 'text/html; charset=utf-8' }).end(out.page.text);
    case 'json':
      return void response.writeHead(out.status, { 'content-type': 'application/json' }).end(JSON.stringify(out.value));
    case 'file':
      return void response.writeHead(200, { 'content-type': out.contentType }).end(out.content);
    case 'redirect':
      return void response.writeHead(303, { location: out.to }).end();
    case 'stream':
      return stream(response, out.watch);
  }
}

/** Server-sent events (HTML Living Standard, 9.2): one standing each, until the last or until nobody listens. */
async function stream(
  response: ServerResponse,
  watch: (tell: (standing: Standing) => void) => Promise<() => void>
): Promise<void> {
  const tell = (standing: Standing): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(standing)}\n\n`);
    if (standing.isFinal) response.end();
  };
  const leave = await watch(tell);
  if (response.writableEnded || response.destroyed) leave();
  else response.once('close', leave);
}
