// Owns the one HTTP server: which path belongs to which service, and that every answer carries the security headers.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { pino } from 'pino';
import { TernError } from '../wire/errors.js';
import { BRIDGE_DEFAULTS, createBridge, type Bridge } from './bridge.js';
import { serverDefaults } from './defaults.js';
import { securityHeaders } from './headers.js';
import { answerJson } from './http.js';
import type { ServerOptions } from './options.js';
import { loadStaticFiles, noStaticFiles, type StaticFiles } from './static.js';
import { startVss, type VssService } from './vss/service.js';

/** A running server. */
export interface RunningServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Stops taking requests, lets the running ones end, closes the bridge and the store. */
  close(): Promise<void>;
}

/** Longer than the usual proxies' and browsers' own limits, so that they and not we close an idle connection. */
const KEEP_ALIVE_MS = 75_000;
/** How long running requests may take to end at a shutdown. */
const DRAIN_MS = 5_000;

/**
 * Starts the companion server. Rejects with `invalid_argument` for options that do not go together, a directory without a build or a port
 * that is taken, and `storage_unavailable` where the VSS store cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const log = options.log ?? pino({ level: 'silent' });
  const files = options.staticDir === undefined ? noStaticFiles : await loadStaticFiles(options.staticDir);
  const headers = securityHeaders(files.inline, options.allowInsecure);
  const vss = options.vss && (await startVss(options.vss, options.host, log));
  const bridge = options.bridge && createBridge({ ...BRIDGE_DEFAULTS, ...options.bridge }, log);
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    route(request, response, { options, files, vss, url: () => listeningUrl(server, options.host) });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, bridge, headers));
  server.on('clientError', (_fault, socket) => endRaw(socket, 400, headers));
  try {
    await listen(server, options);
  } catch (fault) {
    await vss?.close();
    throw fault;
  }
  const url = listeningUrl(server, options.host);
  log.info({ url, network: options.network }, 'listening');
  return { url, close: () => stop(server, bridge, vss) };
}

interface Services {
  options: ServerOptions;
  files: StaticFiles;
  vss: VssService | undefined;
  url(): string;
}

function route(request: IncomingMessage, response: ServerResponse, services: Services): void {
  const path = (request.url ?? '/').replace(/[?#].*$/s, '');
  const { options, files, vss, url } = services;
  if (vss !== undefined && path.startsWith('/vss/')) return vss.handle(request, response, path.slice('/vss'.length));
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && path === '/tern.json') return answerJson(response, 200, serverDefaults(options, request, url()));
  if (isRead && path === '/healthz') return void answerHealth(response, vss);
  files.handle(request, response, path);
}

async function answerHealth(response: ServerResponse, vss: VssService | undefined): Promise<void> {
  const isHealthy = vss === undefined || (await vss.isHealthy());
  answerJson(response, isHealthy ? 200 : 503, { status: isHealthy ? 'ok' : 'storage_unavailable' });
}

function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  bridge: Bridge | undefined,
  headers: Record<string, string>
): void {
  socket.on('error', () => socket.destroy());
  const path = (request.url ?? '/').replace(/[?#].*$/s, '');
  if (bridge === undefined || path !== '/ln') return endRaw(socket, 404, headers);
  bridge.handleUpgrade(request, socket, head);
}

/** Answers on a bare socket, where there is no response object: a request that could not be parsed, an upgrade of an unknown path. */
function endRaw(socket: Duplex, status: 400 | 404, headers: Record<string, string>): void {
  if (!socket.writable) return void socket.destroy();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = status === 400 ? 'Bad Request' : 'Not Found';
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n${lines.join('')}\r\n`);
}

async function listen(server: Server, options: ServerOptions): Promise<void> {
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : String(fault);
    throw new TernError(
      'invalid_argument',
      `Cannot listen on ${options.host} port ${options.port}: ${why}.`,
      'Choose another --port or --host, or stop what listens there.'
    );
  }
}

function listeningUrl(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

async function stop(server: Server, bridge: Bridge | undefined, vss: VssService | undefined): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await bridge?.close();
  const impatience = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await stopped;
  clearTimeout(impatience);
  await vss?.close();
}
