// Proves over real WebSockets how a connection opens, ends and fails, and that the bridge's faults are told apart from the peer's.
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { VirtualClock } from '../../tests/sim/virtual-clock.js';
import { encodeBridgeFrame, parseBridgeRequest, type BridgeAnswer } from '../wire/bridge.js';
import type { TernError } from '../wire/errors.js';
import { deferred } from './deferred.js';
import { fitTcpSocket } from './platform-tcp.js';
import { dial, type ConnectionHandlers, type Transport } from './sockets.js';
import { fitWebSocket } from './web-socket.js';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanUp.splice(0)) step();
});

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const peerAddress = 'peer.example.com:9735';

function transport(clock = new VirtualClock()): Transport {
  return { clock, openWebSocket: (url, handlers) => fitWebSocket(new WebSocket(url), handlers) };
}

async function listen(onSocket: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', onSocket);
  cleanUp.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ln`;
}

/** A bridge that answers every `open` so; keeps what it was asked. */
async function bridge(
  answer: BridgeAnswer | string,
  then?: (socket: WebSocket) => void
): Promise<{ url: string; asked: unknown[] }> {
  const asked: unknown[] = [];
  const url = await listen((socket) => {
    socket.once('message', (text: Buffer) => {
      asked.push(parseBridgeRequest(text.toString()));
      socket.send(typeof answer === 'string' ? answer : encodeBridgeFrame(answer));
      then?.(socket);
    });
  });
  return { url, asked };
}

interface Heard {
  bytes: Uint8Array[];
  closed: Promise<TernError>;
  handlers: ConnectionHandlers;
}

function listener(): Heard {
  const ended = deferred<TernError>();
  const bytes: Uint8Array[] = [];
  return {
    bytes,
    closed: ended.promise,
    handlers: { opened: () => undefined, bytes: (some) => bytes.push(some), closed: ended.resolve }
  };
}

const open = (bridgeUrl: string, heard = listener(), clock = new VirtualClock(), address = peerAddress) =>
  dial(transport(clock), address, { bridgeUrl, allowInsecure: false }, heard.handlers);

describe('dial through the bridge', () => {
  it('asks for the host and port and then carries bytes both ways', async () => {
    const echoed = deferred<void>();
    const { url, asked } = await bridge({ type: 'opened' }, (socket) =>
      socket.on('message', (bytes: Buffer, isBinary) => {
        if (!isBinary) return;
        socket.send(Buffer.from(bytes).reverse());
        echoed.resolve();
      })
    );
    const heard = listener();
    const socket = await open(url, heard, undefined, '[2001:db8::1]:9735');
    socket.send(Uint8Array.of(1, 2, 3));
    await echoed.promise;
    await expect.poll(() => heard.bytes).toEqual([Uint8Array.of(3, 2, 1)]);
    expect(asked).toEqual([{ type: 'open', host: '2001:db8::1', port: 9735 }]);
    socket.close();
  });

  it('passes on with its code what the bridge refuses', async () => {
    const error = { code: 'peer_unreachable', cause: 'Connection refused.', next: 'Try later.' } as const;
    const { url } = await bridge({ type: 'refused', error });
    await expect(open(url)).rejects.toMatchObject(error);
  });

  it('calls a bridge dead that nobody listens for', async () => {
    await expect(open('ws://127.0.0.1:1/ln')).rejects.toEqual(code('bridge_unreachable'));
  });

  it('calls a bridge dead that hangs up without an answer', async () => {
    const url = await listen((socket) => socket.close());
    await expect(open(url)).rejects.toEqual(code('bridge_unreachable'));
  });

  it('calls a web server that knows no WebSocket a dead bridge', async () => {
    const server: Server = createServer((_request, response) => response.end('<html>'));
    cleanUp.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(open(`ws://127.0.0.1:${port}/ln`)).rejects.toEqual(code('bridge_unreachable'));
  });

  it.each(['{"type":"hello"}', 'garbage'])('refuses a server that answers %s', async (answer) => {
    const { url } = await bridge(answer);
    await expect(open(url)).rejects.toEqual(code('bridge_refused'));
  });

  it('gives up a bridge that never answers', async () => {
    const clock = new VirtualClock();
    const opened = deferred<void>();
    const url = await listen((socket) => socket.once('message', () => opened.resolve()));
    const dialled = open(url, undefined, clock);
    const failed = expect(dialled).rejects.toEqual(code('bridge_unreachable'));
    await opened.promise;
    await clock.advance(60_000);
    await failed;
  });

  it('tells a peer that hung up from a bridge that went away', async () => {
    for (const [frame, expected] of [
      [{ type: 'closed', reason: 'peer_closed' }, 'peer_unreachable'],
      [{ type: 'closed', reason: 'shutdown' }, 'bridge_unreachable'],
      [undefined, 'bridge_unreachable']
    ] as const) {
      const sockets: WebSocket[] = [];
      const { url } = await bridge({ type: 'opened' }, (socket) => void sockets.push(socket));
      const heard = listener();
      await open(url, heard);
      if (frame) sockets[0]!.send(encodeBridgeFrame(frame));
      sockets[0]!.close();
      expect((await heard.closed).code).toBe(expected);
    }
  });

  it('calls an open bridge dead when it has fallen silent, and not while it says that it is alive', async () => {
    const clock = new VirtualClock();
    const sockets: WebSocket[] = [];
    const { url } = await bridge({ type: 'opened' }, (socket) => void sockets.push(socket));
    const heard = listener();
    let isClosed = false;
    void heard.closed.then(() => (isClosed = true));
    await open(url, heard, clock);
    await clock.advance(40_000);
    sockets[0]!.send(encodeBridgeFrame({ type: 'alive' }));
    sockets[0]!.send(Uint8Array.of(7));
    await expect.poll(() => heard.bytes.length).toBe(1);
    await clock.advance(40_000);
    expect(isClosed).toBe(false);
    await clock.advance(10_000);
    expect((await heard.closed).code).toBe('bridge_unreachable');
  });

  it('says nothing more after our own close', async () => {
    const closed = deferred<void>();
    const { url } = await bridge({ type: 'opened' }, (socket) => socket.on('close', () => closed.resolve()));
    const heard = listener();
    let isTold = false;
    void heard.closed.then(() => (isTold = true));
    const socket = await open(url, heard);
    socket.close();
    await closed.promise;
    socket.send(Uint8Array.of(1));
    expect(isTold).toBe(false);
  });

  it('cuts long writes into frames that the bridge takes', async () => {
    const lengths: number[] = [];
    const { url } = await bridge({ type: 'opened' }, (socket) =>
      socket.on('message', (bytes: Buffer, isBinary) => void (isBinary && lengths.push(bytes.length)))
    );
    const socket = await open(url);
    socket.send(new Uint8Array(2_500_000));
    await expect.poll(() => lengths).toEqual([1_048_576, 1_048_576, 402_848]);
    socket.close();
  });

  it('needs a bridge, and an encrypted one beyond this machine', async () => {
    await expect(open('')).rejects.toEqual(code('bridge_unreachable'));
    await expect(open('ws://bridge.example.com/ln')).rejects.toEqual(code('insecure_url'));
  });
});

describe('dial without the bridge', () => {
  it('reaches a peer that speaks WebSocket itself', async () => {
    const url = await listen((socket) => socket.on('message', (bytes: Buffer) => socket.send(bytes)));
    const heard = listener();
    const socket = await open('', heard, undefined, url);
    socket.send(Uint8Array.of(9));
    await expect.poll(() => heard.bytes).toEqual([Uint8Array.of(9)]);
    socket.close();
  });

  it('calls the peer unreachable when nobody listens, and refuses plain text beyond this machine', async () => {
    await expect(open('', undefined, undefined, 'ws://127.0.0.1:1/')).rejects.toEqual(code('peer_unreachable'));
    await expect(open('', undefined, undefined, 'ws://peer.example.com/')).rejects.toEqual(code('insecure_url'));
  });

  it('gives up a peer whose socket never opens', async () => {
    const clock = new VirtualClock();
    const tcp = createTcpServer();
    cleanUp.push(() => tcp.close());
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise((resolve) => tcp.once('connection', resolve));
    const dialled = open('', undefined, clock, `ws://127.0.0.1:${(tcp.address() as AddressInfo).port}/`);
    const failed = expect(dialled).rejects.toEqual(code('peer_unreachable'));
    await accepted;
    await clock.advance(15_000);
    await failed;
  });

  it('cuts off a peer that sends text', async () => {
    const url = await listen((socket) => socket.send('hello'));
    const heard = listener();
    await open('', heard, undefined, url);
    expect((await heard.closed).code).toBe('peer_refused');
  });

  it('dials TCP where the platform has it', async () => {
    const tcp = createTcpServer((socket) => socket.pipe(socket));
    cleanUp.push(() => tcp.close());
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const heard = listener();
    const address = `127.0.0.1:${(tcp.address() as AddressInfo).port}`;
    const withTcp: Transport = {
      ...transport(),
      openTcp: (host, port, handlers) => fitTcpSocket(connect({ host, port }), handlers)
    };
    const socket = await dial(withTcp, address, { bridgeUrl: '', allowInsecure: false }, heard.handlers);
    socket.send(Uint8Array.of(5, 6));
    await expect.poll(() => heard.bytes).toEqual([Uint8Array.of(5, 6)]);
    socket.close();
  });
});
