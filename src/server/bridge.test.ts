// Proves the bridge over real sockets: what passes, what is refused, what is held back, and that every end says why.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { BridgeAnswer } from '../wire/bridge.js';
import { Client, cleanUp, connectWithoutReading, listen, settled, startBridge, startPeer } from './bridge-rig.js';

afterEach(cleanUp);

const isClosed = (answer: BridgeAnswer): boolean => answer.type === 'closed';

describe('bridge', () => {
  it('passes bytes unchanged and in order, both ways', async () => {
    const port = await startPeer((socket) => socket.pipe(socket));
    const client = await Client.connect((await startBridge()).url);
    expect(await client.open(port, 'localhost')).toEqual({ type: 'opened' });
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
    for (let at = 0; at < sent.length; at += 7_001) client.socket.send(sent.subarray(at, at + 7_001));
    await client.until(() => client.received().length >= sent.length);
    expect(client.received().equals(sent)).toBe(true);
  });

  it('delivers what a peer wrote before it closed, then says that the peer closed', async () => {
    const port = await startPeer((socket) => socket.end('last words'));
    const client = await Client.connect((await startBridge()).url);
    await client.open(port);
    expect(await client.answer(isClosed)).toMatchObject({ reason: 'peer_closed' });
    expect(client.received().toString()).toBe('last words');
    await client.until(() => client.ended);
  });

  it('says that the peer failed when the connection breaks', async () => {
    const port = await startPeer((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const client = await Client.connect((await startBridge()).url);
    await client.open(port);
    client.socket.send(Buffer.from('x'));
    expect(await client.answer(isClosed)).toMatchObject({ reason: 'peer_failed', error: { code: 'peer_unreachable' } });
  });

  it('closes the peer after delivering what the client sent, when the client asks', async () => {
    const got: Buffer[] = [];
    let peerEnded: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (peerEnded = resolve));
    const port = await startPeer((socket) =>
      socket.on('data', (chunk) => got.push(chunk)).on('end', () => peerEnded?.())
    );
    const client = await Client.connect((await startBridge()).url);
    await client.open(port);
    client.socket.send(Buffer.from('good bye'));
    client.send({ type: 'close' });
    expect(await client.answer(isClosed)).toMatchObject({ reason: 'client_closed' });
    await ended;
    expect(Buffer.concat(got).toString()).toBe('good bye');
  });

  it('closes the peer when the client vanishes', async () => {
    let peerClosed: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => (peerClosed = resolve));
    const port = await startPeer((socket) => socket.on('close', () => peerClosed?.()).resume());
    const client = await Client.connect((await startBridge()).url);
    await client.open(port);
    client.socket.terminate();
    await closed;
  });

  it('refuses with peer_unreachable where nobody listens', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const client = await Client.connect((await startBridge()).url);
    expect(await client.open(port)).toMatchObject({ type: 'refused', error: { code: 'peer_unreachable' } });
    await client.until(() => client.ended);
  });

  it('refuses with peer_unreachable where the name does not resolve, or not in time', async () => {
    const { url } = await startBridge({ lookup: () => Promise.reject(new Error('ENOTFOUND')) });
    const client = await Client.connect(url);
    expect(await client.open(9735, 'nobody.example')).toMatchObject({
      type: 'refused',
      error: { code: 'peer_unreachable' }
    });
    const slow = await startBridge({ lookup: () => new Promise(() => undefined), dialTimeoutMs: 20 });
    const waiting = await Client.connect(slow.url);
    expect(await waiting.open(9735, 'slow.example')).toMatchObject({
      type: 'refused',
      error: { code: 'peer_unreachable' }
    });
  });

  it('refuses private addresses, and names that resolve to them, unless they are allowed', async () => {
    let dialled = false;
    const port = await startPeer(() => (dialled = true));
    const { url } = await startBridge({
      allowPrivate: false,
      lookup: () => Promise.resolve(['127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1'])
    });
    for (const host of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '192.168.0.1', 'rebound.example']) {
      const client = await Client.connect(url);
      expect(await client.open(port, host), host).toMatchObject({ type: 'refused', error: { code: 'bridge_refused' } });
    }
    expect(dialled).toBe(false);
  });

  it('resolves a name once and dials the address it checked', async () => {
    let lookups = 0;
    const port = await startPeer((socket) => socket.end());
    const lookup = (): Promise<string[]> => Promise.resolve(lookups++ === 0 ? ['127.0.0.1'] : ['192.0.2.1']);
    const client = await Client.connect((await startBridge({ lookup })).url);
    expect(await client.open(port, 'peer.example')).toEqual({ type: 'opened' });
    expect(lookups).toBe(1);
  });

  it('refuses ports of other services, onion addresses and what is no host', async () => {
    const { url } = await startBridge({ allowPrivate: false });
    for (const [host, port] of [
      ['8.8.8.8', 25],
      ['8.8.8.8', 22],
      ['abc.onion', 9735],
      ['a b', 9735],
      ['http://x', 9735]
    ] as const) {
      const client = await Client.connect(url);
      expect(await client.open(port, host), host).toMatchObject({ type: 'refused', error: { code: 'bridge_refused' } });
    }
  });

  it('refuses a first frame that is not an open, or an open that makes no sense', async () => {
    const { url } = await startBridge();
    for (const frame of [
      'hello',
      '{}',
      '{"type":"open","host":"x","port":0}',
      '{"type":"open","host":"x","port":65536}',
      Buffer.from('x')
    ]) {
      const client = await Client.connect(url);
      client.socket.send(frame);
      expect(await client.answer((answer) => answer.type === 'refused')).toMatchObject({
        error: { code: 'invalid_argument' }
      });
    }
  });

  it('refuses who does not say in time where to go', async () => {
    const client = await Client.connect((await startBridge({ openTimeoutMs: 20 })).url);
    expect(await client.answer((answer) => answer.type === 'refused')).toMatchObject({
      error: { code: 'bridge_refused' }
    });
  });

  it('holds to the limits in total and for each client, and frees a place when a client leaves', async () => {
    const port = await startPeer((socket) => socket.resume());
    for (const limit of [{ maxSockets: 1 }, { maxSocketsPerClient: 1 }]) {
      const { url } = await startBridge(limit);
      const first = await Client.connect(url);
      expect(await first.open(port)).toEqual({ type: 'opened' });
      const second = await Client.connect(url);
      expect(await second.answer(() => true)).toMatchObject({ type: 'refused', error: { code: 'bridge_refused' } });
      first.send({ type: 'close' });
      await first.until(() => first.ended);
      expect(await (await Client.connect(url)).open(port)).toEqual({ type: 'opened' });
    }
  });

  it('closes a connection without traffic as idle, and says alive while it waits', async () => {
    const port = await startPeer((socket) => socket.resume());
    const client = await Client.connect((await startBridge({ aliveMs: 10, idleTimeoutMs: 50 })).url);
    await client.open(port);
    expect(await client.answer(isClosed)).toMatchObject({ reason: 'idle' });
    expect(client.answers.filter((answer) => answer.type === 'alive').length).toBeGreaterThan(1);
  });

  it('tells its clients that the server stops', async () => {
    const port = await startPeer((socket) => socket.resume());
    const { url, bridge } = await startBridge();
    const client = await Client.connect(url);
    await client.open(port);
    await bridge.close();
    expect(await client.answer(isClosed)).toMatchObject({ reason: 'shutdown' });
  });

  it('lets only pages of this machine use a bridge into a private network', async () => {
    const { url } = await startBridge();
    const stranger = await Client.connect(url, 'https://evil.example');
    expect(await stranger.answer(() => true)).toMatchObject({ type: 'refused', error: { code: 'bridge_refused' } });
    const port = await startPeer((socket) => socket.resume());
    const local = await Client.connect(url, 'http://localhost:5173');
    expect(await local.open(port)).toEqual({ type: 'opened' });
    const open = await startBridge({ allowPrivate: false });
    const anyone = await Client.connect(open.url, 'https://wallet.example');
    expect(JSON.stringify(await anyone.open(25, '8.8.8.8'))).toContain('Port 25');
  });

  it('holds a peer that is faster than its client', async () => {
    const flood = Buffer.alloc(64 * 1024);
    let written = 0;
    const port = await startPeer((socket) => {
      const pour = (): void => {
        while (written < 400 * 1024 * 1024 && socket.write(flood)) written += flood.length;
      };
      socket.on('drain', pour);
      pour();
    });
    const { url } = await startBridge({ maxBufferedBytes: 256 * 1024 });
    const { hostname, port: bridgePort } = new URL(url);
    const raw = await connectWithoutReading(hostname, Number(bridgePort), port);
    const held = await settled(() => written);
    expect(held).toBeLessThan(100 * 1024 * 1024);
    raw.resume();
    await settled(() => written);
    expect(written).toBeGreaterThan(held);
  });

  it('holds a client that is faster than its peer, and passes everything on later', async () => {
    let peer: Socket | undefined;
    const port = await startPeer((socket) => (peer = socket.pause()));
    const client = await Client.connect((await startBridge({ maxBufferedBytes: 256 * 1024 })).url);
    await client.open(port);
    const total = 64 * 1024 * 1024;
    for (let sent = 0; sent < total; sent += 1024 * 1024) client.socket.send(Buffer.alloc(1024 * 1024));
    const held = await settled(() => client.socket.bufferedAmount);
    expect(held).toBeGreaterThan(16 * 1024 * 1024);
    let got = 0;
    const all = new Promise<void>((resolve) => {
      peer?.on('data', (chunk: Buffer) => {
        got += chunk.length;
        if (got === total) resolve();
      });
    });
    peer?.resume();
    await all;
    expect(got).toBe(total);
  });
});
