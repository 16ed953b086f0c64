// Owns the fitting of a standard WebSocket (the browser's, or the one of `ws`) to the wallet's own socket.
import type { Socket, SocketHandlers } from './platform.js';

/** What browsers and `ws` have in common. */
export interface StandardWebSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

const OPEN = 1;

/** Wires the handlers to a socket that is just being opened. */
export function fitWebSocket(webSocket: StandardWebSocket, handlers: SocketHandlers): Socket {
  webSocket.binaryType = 'arraybuffer';
  let failure = '';
  webSocket.onopen = () => handlers.opened();
  webSocket.onmessage = ({ data }: { data: unknown }) => {
    if (typeof data === 'string') handlers.message(data);
    else if (data instanceof ArrayBuffer) handlers.message(new Uint8Array(data));
  };
  // Browsers say nothing more about an error; `ws` gives a message.
  webSocket.onerror = ({ message }: { message?: string }) => (failure = message ?? '');
  webSocket.onclose = ({ reason }: { reason?: string }) => handlers.closed(reason || failure);
  return {
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    send: (data) => {
      if (webSocket.readyState === OPEN) webSocket.send(typeof data === 'string' ? data : new Uint8Array(data));
    },
    close: () => webSocket.close()
  };
}
