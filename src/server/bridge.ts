// Owns `/ln`: who gets a bridge socket. The limits hold in total and for every client network; who is refused is told why.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { BRIDGE_ALIVE_MS, BRIDGE_MAX_FRAME_BYTES, BRIDGE_OPEN_TIMEOUT_MS, encodeBridgeFrame } from '../wire/bridge.js';
import { TernError } from '../wire/errors.js';
import { clientNetwork } from './addresses.js';
import { BridgeSession, type SessionOptions } from './bridge-session.js';
import { resolveHost, type Lookup } from './dial.js';
import { isTrustedOrigin } from './origins.js';

export interface BridgeOptions {
  /** Dial private addresses and any port; only pages of this machine may then use the bridge. */
  allowPrivate: boolean;
  maxSockets: number;
  maxSocketsPerClient: number;
  maxBufferedBytes: number;
  openTimeoutMs: number;
  dialTimeoutMs: number;
  idleTimeoutMs: number;
  aliveMs: number;
  lookup: Lookup;
}

/** What a bridge is started with where the caller says nothing else. */
export const BRIDGE_DEFAULTS: BridgeOptions = {
  allowPrivate: false,
  maxSockets: 1_024,
  maxSocketsPerClient: 32,
  maxBufferedBytes: BRIDGE_MAX_FRAME_BYTES,
  openTimeoutMs: BRIDGE_OPEN_TIMEOUT_MS,
  dialTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  aliveMs: BRIDGE_ALIVE_MS,
  lookup: resolveHost
};

/** A bridge: takes the server's upgrade requests and lives until `close`. */
export interface Bridge {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Tells every client that the server stops, and resolves when all have gone. */
  close(): Promise<void>;
}

/** Starts a bridge. The frames are those of `wire/bridge.ts`. */
export function createBridge(options: BridgeOptions, log: Logger): Bridge {
  const server = new WebSocketServer({ noServer: true, maxPayload: BRIDGE_MAX_FRAME_BYTES, clientTracking: true });
  const sessions = new Map<WebSocket, { session: BridgeSession; client: string }>();
  const sessionOptions: SessionOptions = {
    ...options,
    dial: { allowPrivate: options.allowPrivate, timeoutMs: options.dialTimeoutMs, lookup: options.lookup }
  };

  function admit(socket: WebSocket, request: IncomingMessage): void {
    const client = clientNetwork(request.socket.remoteAddress ?? '');
    const refusal = whyRefused(request, client);
    if (refusal !== undefined) return refuse(socket, refusal);
    sessions.set(socket, { session: new BridgeSession(socket, sessionOptions, log), client });
    socket.once('close', () => sessions.delete(socket));
  }

  function whyRefused(request: IncomingMessage, client: string): TernError | undefined {
    if (options.allowPrivate && !isTrustedOrigin(request.headers.origin, request.headers.host)) {
      return refused('This bridge reaches a private network and serves only pages from it.', 'Use another bridge.');
    }
    if (sessions.size >= options.maxSockets)
      return refused('The bridge is full.', 'Try again later, or use another bridge.');
    const ofClient = [...sessions.values()].filter((other) => other.client === client).length;
    if (ofClient < options.maxSocketsPerClient) return undefined;
    return refused(
      'Too many connections through this bridge come from your network.',
      'Close some peers, or use another bridge.'
    );
  }

  return {
    handleUpgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => admit(client, request));
    },
    close: async () => {
      const gone = [...server.clients].map((client) => closed(client));
      for (const { session } of sessions.values()) session.close('shutdown');
      await Promise.all(gone);
    }
  };
}

const SHUTDOWN_MS = 2_000;

function closed(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const kill = setTimeout(() => client.terminate(), SHUTDOWN_MS);
    client.once('close', () => {
      clearTimeout(kill);
      resolve();
    });
  });
}

function refuse(socket: WebSocket, error: TernError): void {
  socket.on('error', () => undefined);
  socket.send(encodeBridgeFrame({ type: 'refused', error: error.toShape() }));
  socket.close();
}

function refused(cause: string, next: string): TernError {
  return new TernError('bridge_refused', cause, next);
}
