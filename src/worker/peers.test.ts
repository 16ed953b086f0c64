// Proves over real WebSockets who is dialled, when again, and what is said about failures. The node is scripted: it finishes the handshake, or does not.
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { VirtualClock } from '../../tests/sim/virtual-clock.js';
import { TernError } from '../wire/errors.js';
import type { PeerStatus } from './api.js';
import type { LinkNode } from './links.js';
import { Logs } from './logs.js';
import { Peers } from './peers.js';
import { fitWebSocket } from './web-socket.js';

const nodeId = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

/** A node that takes the peer's first byte for the end of the handshake; a byte of 255 breaks the protocol. */
class ScriptedNode implements LinkNode {
  readonly received: number[] = [];
  readonly closed: number[] = [];
  writable = 0;
  connected: string[] = [];
  onHandshake = (): void => undefined;

  socketOpenedOutbound(): void {}
  socketOpenedInbound(): void {}
  socketBytes(_socket: number, bytes: Uint8Array): void {
    if (bytes[0] === 255) throw new TernError('peer_refused', 'It does not speak Lightning.', 'Check.');
    this.received.push(...bytes);
    if (this.connected.length > 0) return;
    this.connected = [nodeId];
    this.onHandshake();
  }
  socketWritable(): void {
    this.writable += 1;
  }
  socketClosed(socket: number): void {
    this.closed.push(socket);
    this.connected = [];
  }
  connectedPeers(): string[] {
    return this.connected;
  }
}

let clock: VirtualClock;
let node: ScriptedNode;
let peers: Peers;
let statuses: PeerStatus[];
let server: WebSocketServer;
let url: string;
let greeting: Uint8Array | 'silence' | 'close';
let accepted: WebSocket[];
let beforeDial: () => Promise<void>;

beforeEach(async () => {
  clock = new VirtualClock();
  node = new ScriptedNode();
  statuses = [];
  accepted = [];
  beforeDial = () => Promise.resolve();
  greeting = Uint8Array.of(1);
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    accepted.push(socket);
    if (greeting === 'close') socket.close();
    else if (greeting !== 'silence') socket.send(greeting);
  });
  await new Promise((resolve) => server.once('listening', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const openWebSocket = (at: string, handlers: Parameters<typeof fitWebSocket>[1]) =>
    fitWebSocket(new WebSocket(at), handlers);
  peers = new Peers({
    platform: { clock, random: () => 0.999, openWebSocket },
    node,
    logs: new Logs(clock),
    dialOptions: () => ({ bridgeUrl: 'ws://127.0.0.1:1/ln', allowInsecure: false }),
    beforeDial: () => beforeDial(),
    onChange: (status) => statuses.push(status)
  });
  node.onHandshake = () => peers.peerConnected(nodeId);
});

afterEach(() => {
  peers.stop();
  for (const socket of accepted) socket.terminate();
  server.close();
});

/** Resolves when the other side has taken everything sent so far. */
async function answered(socket: WebSocket): Promise<void> {
  const pong = new Promise((resolve) => socket.once('pong', resolve));
  socket.ping();
  await pong;
}

/** A connection of somebody else, made after everything that was dialled before. */
async function accompanied(): Promise<WebSocket> {
  const other = new WebSocket(url);
  await new Promise((resolve) => other.once('open', resolve));
  return other;
}

const latest = (): PeerStatus | undefined => statuses.at(-1);
const becomes = (state: PeerStatus['state']) => expect.poll(() => latest()?.state).toBe(state);

describe('Peers', () => {
  it('connects once for many who ask', async () => {
    await Promise.all([peers.connect(nodeId, url), peers.connect(nodeId, url), peers.connect(nodeId, url)]);
    await peers.connect(nodeId, url);
    expect(accepted).toHaveLength(1);
    expect(peers.list()).toEqual([{ nodeId, address: url, state: 'connected' }]);
  });

  it('says that the bridge is dead, not the peer, when the bridge does not answer', async () => {
    await expect(peers.connect(nodeId, 'peer.example.com:9735')).rejects.toMatchObject({ code: 'bridge_unreachable' });
  });

  it('says that the peer is unreachable when nobody listens', async () => {
    await expect(peers.connect(nodeId, 'ws://127.0.0.1:1/')).rejects.toMatchObject({ code: 'peer_unreachable' });
  });

  it('says that the peer refused when it hangs up, breaks the protocol or never finishes the handshake', async () => {
    greeting = 'close';
    await expect(peers.connect(nodeId, url)).rejects.toMatchObject({ code: 'peer_refused' });
    greeting = Uint8Array.of(255);
    await expect(peers.connect(nodeId, url)).rejects.toMatchObject({ code: 'peer_refused' });
    greeting = 'silence';
    const late = expect(peers.connect(nodeId, url)).rejects.toMatchObject({ code: 'peer_refused' });
    await expect.poll(() => accepted.length).toBe(3);
    await answered(accepted[2]!);
    await clock.advance(30_000);
    await late;
  });

  it('does not tell the node of the end of a socket that the node threw out itself', async () => {
    greeting = Uint8Array.of(255);
    await expect(peers.connect(nodeId, url)).rejects.toBeInstanceOf(TernError);
    expect(node.closed).toEqual([]);
  });

  it('dials anew at a wake after a sleep that no connection lives through, and leaves one that was heard of lately', async () => {
    peers.keep([{ nodeId, address: url }]);
    await becomes('connected');
    await clock.advance(80_000);
    peers.wake();
    expect(latest()?.state).toBe('connected');
    accepted[0]!.send(Uint8Array.of(2));
    await expect.poll(() => node.received).toEqual([1, 2]);
    await clock.advance(80_000);
    peers.wake();
    expect(accepted).toHaveLength(1);

    await clock.advance(11_000);
    peers.wake();
    expect(node.closed).toHaveLength(1);
    peers.peerDisconnected(nodeId);
    expect(latest()?.state).toBe('waiting');
    await clock.advance(1_000);
    await becomes('connected');
    expect(accepted).toHaveLength(2);
  });

  it('dials a kept peer again with growing pauses, and forgets the failures at a wake and after a stable connection', async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    peers.keep([{ nodeId, address: url }]);
    const pauses: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      await becomes('waiting');
      const pauseMs = latest()!.retryAtMs! - clock.nowMs();
      pauses.push(Math.round(pauseMs / 1000));
      expect(latest()?.error?.code).toBe('peer_unreachable');
      statuses = [];
      await (round === 7 ? peers.wake() : clock.advance(pauseMs));
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 1]);

    await becomes('waiting');
    server = new WebSocketServer({ port, host: '127.0.0.1' });
    server.on('connection', (socket) => {
      accepted.push(socket);
      socket.send(Uint8Array.of(1));
    });
    await new Promise((resolve) => server.once('listening', resolve));
    peers.wake();
    await becomes('connected');
    expect(latest()).toEqual({ nodeId, address: url, state: 'connected' });
    await clock.advance(60_000);
    accepted.at(-1)!.close();
    await becomes('waiting');
    expect(latest()!.retryAtMs! - clock.nowMs()).toBeLessThanOrEqual(1_000);
  });

  it('goes on dialling a kept peer where it was, after it was looked for at a wrong address', async () => {
    greeting = 'close';
    peers.keep([{ nodeId, address: url }]);
    await expect.poll(() => statuses.at(-1)?.state).toBe('waiting');
    await expect(peers.connect(nodeId, 'ws://127.0.0.1:1/')).rejects.toMatchObject({ code: 'peer_unreachable' });
    greeting = Uint8Array.of(1);
    await clock.advance(60_000);
    await expect.poll(() => peers.list()[0]).toMatchObject({ state: 'connected', address: url });
  });

  it('does not dial again who is no longer kept', async () => {
    peers.keep([{ nodeId, address: url }]);
    await becomes('connected');
    peers.keep([]);
    accepted[0]!.close();
    await expect.poll(() => peers.list()).toEqual([]);
    await clock.advance(120_000);
    expect(accepted).toHaveLength(1);
  });

  it('dials again when the node ends the connection', async () => {
    peers.keep([{ nodeId, address: url }]);
    await becomes('connected');
    node.connected = [];
    peers.links.closedByNode(1);
    await becomes('waiting');
    await clock.advance(1_000);
    await becomes('connected');
    expect(accepted).toHaveLength(2);
    expect(node.closed).toEqual([]);
  });

  it('takes a connection that the peer opened meanwhile for its own', async () => {
    greeting = 'close';
    const connecting = peers.connect(nodeId, url);
    node.connectedPeers = () => [nodeId];
    await connecting;
    expect(latest()?.state).toBe('connected');
  });

  it('holds the peer back while the disk is stuck, and loses nothing', async () => {
    await peers.connect(nodeId, url);
    peers.links.setReading(false);
    accepted[0]!.send(Uint8Array.of(2, 3));
    accepted[0]!.send(Uint8Array.of(4));
    await answered(accepted[0]!);
    expect(node.received).toEqual([1]);
    peers.links.setReading(true);
    expect(node.received).toEqual([1, 2, 3, 4]);
  });

  it('cuts a peer off that floods us while the disk is stuck', async () => {
    peers.keep([{ nodeId, address: url }]);
    await becomes('connected');
    peers.links.setReading(false);
    accepted[0]!.send(new Uint8Array(4_200_000));
    await becomes('waiting');
    expect(latest()?.error?.code).toBe('storage_unavailable');
    expect(node.closed).toEqual([1]);
  });

  it('asks the node for more only when the network has taken what it gave', async () => {
    await peers.connect(nodeId, url);
    peers.links.send(1, Uint8Array.of(1));
    expect(node.writable).toBe(1);
    peers.links.send(1, new Uint8Array(8_000_000));
    expect(node.writable).toBe(1);
    await expect
      .poll(async () => {
        await clock.advance(20);
        return node.writable;
      })
      .toBe(2);
  });

  it('dials only when it may: a refusal puts the dial off, and one that was stopped while it asked never dials', async () => {
    beforeDial = () => Promise.reject(new TernError('backup_unavailable', 'Away.', 'Wait.'));
    peers.keep([{ nodeId, address: url }]);
    await becomes('waiting');
    expect(latest()?.error?.code).toBe('backup_unavailable');
    beforeDial = () => Promise.resolve();
    await clock.advance(1_000);
    await becomes('connected');
    expect(accepted).toHaveLength(1);

    let allow = (): void => undefined;
    beforeDial = () => new Promise((resolve) => (allow = resolve));
    accepted[0]!.close();
    await becomes('waiting');
    await clock.advance(2_000);
    await becomes('connecting');
    peers.stop();
    allow();
    await answered(await accompanied());
    expect(accepted).toHaveLength(2);
  });

  it('falls silent at the stop, also for a dial under way', async () => {
    greeting = 'silence';
    const dialling = expect(peers.connect(nodeId, url)).rejects.toMatchObject({ code: 'wallet_locked' });
    peers.stop();
    await dialling;
    statuses = [];
    await expect(peers.connect(nodeId, url)).rejects.toMatchObject({ code: 'wallet_locked' });
    expect(statuses).toEqual([]);
    for (const socket of accepted) await expect.poll(() => socket.readyState).toBe(WebSocket.CLOSED);
  });
});
