// Owns the fitting of a TCP socket of Node.js to the wallet's own socket.
import type { Socket as TcpSocket } from 'node:net';
import type { Socket, SocketHandlers } from './platform.js';

/** Wires the handlers to a TCP socket, dialled or accepted (an accepted one never says `opened`). */
export function fitTcpSocket(tcp: TcpSocket, handlers: SocketHandlers): Socket {
  let failure = '';
  tcp.setNoDelay(true);
  tcp.on('connect', () => handlers.opened());
  tcp.on('data', (bytes) => handlers.message(new Uint8Array(bytes)));
  tcp.on('error', (error) => (failure = error.message));
  tcp.on('close', () => handlers.closed(failure));
  return {
    get bufferedBytes() {
      return tcp.writableLength;
    },
    send: (data) => {
      if (tcp.writable) tcp.write(data);
    },
    close: () => tcp.destroySoon()
  };
}
