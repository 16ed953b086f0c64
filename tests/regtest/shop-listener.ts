// Owns the door for Lightning peers: TCP connections on loopback, handed to the node and ended with it.
import { createServer, type Socket as TcpSocket } from 'node:net';
import type { NodeDriver } from '../../src/worker/node.js';
import { fitTcpSocket } from '../../src/worker/platform-tcp.js';
import { TernError } from '../../src/wire/errors.js';

/** Accepts peers for the node until the function returned is called. Rejects with `invalid_argument` when the port is taken. */
export async function listenForPeers(node: NodeDriver, port: number): Promise<() => Promise<void>> {
  const sockets = new Set<TcpSocket>();
  const server = createServer((tcp) => {
    sockets.add(tcp);
    tcp.once('close', () => sockets.delete(tcp));
    accept(node, tcp);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new TernError('invalid_argument', `port ${port}: ${error.message}`, 'Stop what listens there.'))
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const tcp of sockets) tcp.destroy();
    return closed;
  };
}

function accept(node: NodeDriver, tcp: TcpSocket): void {
  let link: number | undefined;
  const pipe = fitTcpSocket(tcp, {
    opened: () => undefined,
    message: (data) => {
      if (link !== undefined && typeof data !== 'string') node.peers.links.receive(link, data);
    },
    closed: (reason) => {
      if (link !== undefined) ended(node, link, reason);
    }
  });
  try {
    link = node.acceptPeer(pipe);
  } catch {
    // The node stops or is full; its own logs say which.
    tcp.destroy();
  }
}

function ended(node: NodeDriver, link: number, reason: string): void {
  const error = new TernError('peer_unreachable', `It closed the connection. ${reason}`.trim(), 'It will come back.');
  try {
    node.peers.links.ended(link, error);
  } catch {
    // A node that is over has no connections to end.
  }
}
