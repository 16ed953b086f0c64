// Owns what the bridge's tests are made of: a bridge, peers and clients over real sockets, all gone after each test.
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { encodeBridgeFrame, parseBridgeAnswer, type BridgeAnswer, type BridgeRequest } from '../wire/bridge.js';
import { BRIDGE_DEFAULTS, createBridge, type Bridge, type BridgeOptions } from './bridge.js';

const cleanups: (() => Promise<unknown> | void)[] = [];

/** Ends everything that was started here. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Starts a bridge that may dial this machine. */
export async function startBridge(options: Partial<BridgeOptions> = {}): Promise<{ url: string; bridge: Bridge }> {
  const bridge = createBridge({ ...BRIDGE_DEFAULTS, allowPrivate: true, ...options }, pino({ level: 'silent' }));
  const server: HttpServer = createHttpServer();
  server.on('upgrade', (request, socket, head) => bridge.handleUpgrade(request, socket, head));
  const port = await listen(server);
  cleanups.push(async () => {
    await bridge.close();
    server.close();
  });
  return { url: `ws://127.0.0.1:${port}/ln`, bridge };
}

/** Starts a TCP peer and gives its port. */
export async function startPeer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server);
}

/** Listens on a free port of loopback. */
export async function listen(server: Server | HttpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client that keeps every text frame and byte it was sent. */
export class Client {
  readonly answers: BridgeAnswer[] = [];
  readonly bytes: Buffer[] = [];
  private readonly changed: (() => void)[] = [];
  ended = false;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      const answer = isBinary ? undefined : parseBridgeAnswer(data.toString());
      if (isBinary) this.bytes.push(data as Buffer);
      if (answer !== undefined) this.answers.push(answer);
      this.wake();
    });
    socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  static async connect(url: string, origin?: string): Promise<Client> {
    const client = new Client(new WebSocket(url, { ...(origin !== undefined && { origin }) }));
    cleanups.push(() => client.socket.terminate());
    await once(client.socket, 'open');
    return client;
  }

  send(request: BridgeRequest): void {
    this.socket.send(encodeBridgeFrame(request));
  }

  async open(port: number, host = '127.0.0.1'): Promise<BridgeAnswer> {
    this.send({ type: 'open', host, port });
    return this.answer((answer) => answer.type === 'opened' || answer.type === 'refused');
  }

  async answer(matches: (answer: BridgeAnswer) => boolean): Promise<BridgeAnswer> {
    await this.until(() => this.answers.some(matches) || this.ended);
    const found = this.answers.find(matches);
    if (found === undefined) throw new Error(`the bridge ended without it: ${JSON.stringify(this.answers)}`);
    return found;
  }

  received(): Buffer {
    return Buffer.concat(this.bytes);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.changed.push(resolve));
  }

  private wake(): void {
    for (const resolve of this.changed.splice(0)) resolve();
  }
}

/** A WebSocket client by hand that opens a connection and then reads nothing: what a stalled tab looks like to the bridge. */
export async function connectWithoutReading(host: string, bridgePort: number, peerPort: number): Promise<Socket> {
  const socket = connect(bridgePort, host);
  cleanups.push(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(
    `GET /ln HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`
  );
  await once(socket, 'data');
  const text = Buffer.from(encodeBridgeFrame({ type: 'open', host: '127.0.0.1', port: peerPort }));
  socket.pause();
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  return socket;
}

/** The value once it has stopped changing for a while: nothing announces that a stream is held. */
export async function settled(value: () => number): Promise<number> {
  let last = -1;
  for (let calm = 0; calm < 5;) {
    const now = value();
    calm = now === last ? calm + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return last;
}
