// Proves what the server serves: the app with its headers on every answer, its defaults, and nothing outside of the build.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parseBridgeAnswer } from '../wire/bridge.js';
import type { ServerOptions } from './options.js';
import { startServer, type RunningServer } from './server.js';

const INLINE_SCRIPT = "\n\timport('/_app/immutable/start.js');\n";
const INDEX = `<!doctype html><link href="/_app/immutable/a.css" rel="stylesheet"><body><div style="display: contents"></div>
<script type="module" src="/x.js"></script><script>${INLINE_SCRIPT}</script></body>`;
const WASM = Buffer.alloc(5_000, 'wasm');
const HEADERS = [
  'content-security-policy',
  'x-content-type-options',
  'referrer-policy',
  'permissions-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy'
];

let root = '';
let server: RunningServer;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tern-static-'));
  const build = join(root, 'build');
  const files: Record<string, string | Buffer> = {
    'index.html': INDEX,
    'service-worker.js': 'self.x = 1;',
    'manifest.webmanifest': '{}',
    'icon with space.svg': '<svg/>',
    '_app/version.json': '{}',
    '_app/immutable/start.js': 'export {};',
    '_app/immutable/node.wasm': WASM,
    '_app/immutable/node.wasm.br': brotliCompressSync(WASM),
    '_app/immutable/node.wasm.gz': gzipSync(WASM)
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(build, name, '..'), { recursive: true });
    await writeFile(join(build, name), content);
  }
  await writeFile(join(root, 'secret.txt'), 'secret');
  server = await startServer(options({ staticDir: build }));
});

afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true });
});

function options(some: Partial<ServerOptions>): ServerOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    network: 'regtest',
    esploraUrl: 'http://127.0.0.1:3002',
    allowInsecure: false,
    ...some
  };
}

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(server.url + path, init);

/** A request whose path goes out as it is written: `fetch` would tidy it up. */
async function getRaw(path: string): Promise<{ status: number | undefined; body: string }> {
  const { hostname, port } = new URL(server.url);
  const response = await new Promise<IncomingMessage>((resolve) => request({ hostname, port, path }, resolve).end());
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

describe('every answer', () => {
  it('carries the security headers: pages, scripts, WASM, errors, defaults, upgrades and bad requests', async () => {
    for (const path of [
      '/',
      '/channels',
      '/_app/immutable/start.js',
      '/_app/immutable/node.wasm',
      '/service-worker.js',
      '/none.js',
      '/tern.json',
      '/healthz',
      '/%ff'
    ]) {
      const { headers } = await get(path);
      for (const name of HEADERS) expect(headers.get(name), `${name} of ${path}`).toBeTruthy();
    }
    const { headers } = await get('/', { method: 'POST' });
    for (const name of HEADERS) expect(headers.get(name), name).toBeTruthy();
    for (const text of ['GET /ln HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n', 'nonsense\r\n\r\n']) {
      const answer = await sendRaw(text);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      for (const name of HEADERS) expect(answer.toLowerCase(), name).toContain(`${name}:`);
    }
  });

  it('lets run only what the page brings: inline scripts by their hash, nothing else inline, nothing framed', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    const directive = (name: string): string[] =>
      policy
        .split('; ')
        .find((text) => text.startsWith(`${name} `))
        ?.split(' ')
        .slice(1) ?? [];
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(directive('default-src')).toEqual(["'none'"]);
    expect(directive('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'", hash(INLINE_SCRIPT)]);
    expect(directive('style-src')).toEqual(["'self'"]);
    expect(directive('style-src-attr')).toContain(hash('display: contents'));
    expect(directive('connect-src')).toEqual(
      expect.arrayContaining(["'self'", 'https:', 'wss:', 'http://127.0.0.1:*', 'ws://localhost:*'])
    );
    expect(directive('connect-src')).not.toContain('http:');
    expect(directive('worker-src')).toEqual(["'self'"]);
    for (const name of ['frame-ancestors', 'base-uri', 'object-src']) expect(directive(name), name).toEqual(["'none'"]);
    expect(directive('require-trusted-types-for')).toEqual(["'script'"]);
    expect(directive('trusted-types')).toEqual(['svelte-trusted-html', 'sveltekit-trusted-url', 'tern-worker']);
    expect(policy).not.toContain('unsafe-inline');
    expect(policy).not.toContain("'unsafe-eval'");
  });

  it('opens http: and ws: only where insecure servers are allowed', async () => {
    const insecure = await startServer(options({ allowInsecure: true }));
    const policy = (await fetch(insecure.url)).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/connect-src [^;]* http: ws:(;|$)/);
    expect(await (await fetch(`${insecure.url}/tern.json`)).json()).toMatchObject({ allowInsecure: true });
    await insecure.close();
  });
});

describe('the app', () => {
  it('is its page on every screen, and a missing file is missing', async () => {
    for (const path of ['/', '/channels', '/activity/abc/', '/index.html']) {
      const response = await get(path);
      expect([response.status, await response.text()], path).toEqual([200, INDEX]);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
    for (const path of ['/none.js', '/_app/immutable/gone.js', '/_app/gone', '/favicon.ico'])
      expect((await get(path)).status, path).toBe(404);
  });

  it('has its types, and is cached for ever only where the name holds a hash', async () => {
    const expected: [string, string, RegExp][] = [
      ['/_app/immutable/start.js', 'text/javascript; charset=utf-8', /immutable/],
      ['/_app/immutable/node.wasm', 'application/wasm', /max-age=31536000/],
      ['/_app/version.json', 'application/json; charset=utf-8', /^no-cache$/],
      ['/service-worker.js', 'text/javascript; charset=utf-8', /^no-cache$/],
      ['/manifest.webmanifest', 'application/manifest+json; charset=utf-8', /^no-cache$/],
      ['/icon%20with%20space.svg', 'image/svg+xml', /^no-cache$/]
    ];
    for (const [path, type, cacheControl] of expected) {
      const { headers, status } = await get(path);
      expect([status, headers.get('content-type')], path).toEqual([200, type]);
      expect(headers.get('cache-control'), path).toMatch(cacheControl);
    }
  });

  it('comes compressed as the client asks, with a tag of its own', async () => {
    const tags = new Set<string | null>();
    for (const [accept, coding] of [
      ['br, gzip', 'br'],
      ['gzip', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
      ['*', 'br'],
      ['identity', null],
      ['xbr', null]
    ] as const) {
      const response = await get('/_app/immutable/node.wasm', { headers: { 'accept-encoding': accept } });
      expect(response.headers.get('content-encoding'), accept).toBe(coding);
      expect(Buffer.from(await response.arrayBuffer()).equals(WASM), accept).toBe(true);
      expect(response.headers.get('vary')).toBe('accept-encoding');
      tags.add(response.headers.get('etag'));
    }
    expect(tags.size).toBe(3);
  });

  it('is not sent again while it is unchanged', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const response = await get('/', { headers: { 'if-none-match': known } });
      expect([response.status, await response.text()]).toEqual([304, '']);
      expect(response.headers.get('etag')).toBe(etag);
    }
    expect((await get('/', { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
  });

  it('answers HEAD without a body and refuses other methods', async () => {
    const head = await get('/', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(INDEX.length),
      ''
    ]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await get('/', { method });
      expect([response.status, response.headers.get('allow')], method).toEqual([405, 'GET, HEAD']);
    }
  });

  it('is all that can be read, however the path is written', async () => {
    const paths = [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/_app/../../secret.txt',
      '//secret.txt',
      '/..\\secret.txt',
      '/%00',
      '/%',
      '*',
      'http://x/../secret.txt'
    ];
    for (const path of paths) {
      const { body } = await getRaw(path);
      expect(body, path).not.toContain('secret\n');
      expect(body.includes('secret') && !body.includes('doctype'), path).toBe(false);
    }
  });

  it('must be there', async () => {
    await expect(startServer(options({ staticDir: join(root, 'nowhere') }))).rejects.toMatchObject({
      code: 'invalid_argument'
    });
    await expect(startServer(options({ staticDir: join(root, 'build/_app') }))).rejects.toMatchObject({
      code: 'invalid_argument'
    });
  });
});

describe('the services', () => {
  it('are named in /tern.json under the host that was asked for, and only those that are on', async () => {
    const off: unknown = await (await get('/tern.json')).json();
    expect(off).toEqual({ network: 'regtest', esploraUrl: 'http://127.0.0.1:3002', bridgeUrl: '' });
    const playground = { faucetUrl: 'http://127.0.0.1:1/faucet', shopUrl: 'http://127.0.0.1:1/shop' };
    const on = await startServer(
      options({ bridge: {}, vss: { type: 'upstream', url: 'http://127.0.0.1:1' }, playground })
    );
    const port = new URL(on.url).port;
    const asked = await fetch(`http://localhost:${port}/tern.json`).catch(() => fetch(`${on.url}/tern.json`));
    const host = new URL(asked.url).host;
    expect(await asked.json()).toMatchObject({
      bridgeUrl: `ws://${host}/ln`,
      vssUrl: `http://${host}/vss`,
      playground
    });
    expect(asked.headers.get('cache-control')).toBe('no-store');
    await on.close();
    const proxied = await startServer(options({ bridge: {}, publicUrl: 'https://wallet.example' }));
    expect(await (await fetch(`${proxied.url}/tern.json`)).json()).toMatchObject({
      bridgeUrl: 'wss://wallet.example/ln'
    });
    await proxied.close();
  });

  it('include a health check', async () => {
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('end when the server is closed: its bridge sockets are told, its port is free again', async () => {
    const closing = await startServer(options({ bridge: {} }));
    const client = new WebSocket(`${closing.url.replace('http', 'ws')}/ln`);
    const frames: string[] = [];
    client.on('message', (data) => frames.push(data.toString()));
    await once(client, 'open');
    const gone = once(client, 'close');
    await closing.close();
    await gone;
    expect(frames.map(parseBridgeAnswer)).toEqual([{ type: 'closed', reason: 'shutdown' }]);
    const again = await startServer(options({ port: Number(new URL(closing.url).port) }));
    await again.close();
  });

  it('refuse a port that is taken with a code', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startServer(options({ port }))).rejects.toThrow(/^invalid_argument: .*EADDRINUSE/);
  });
});

async function sendRaw(text: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}
