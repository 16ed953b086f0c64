// Owns one connection to a peer, directly or through the bridge: opened, kept honest, ended once. A failure says whether the bridge or the peer is at fault.
import {
  BRIDGE_ALIVE_MS,
  BRIDGE_MAX_FRAME_BYTES,
  encodeBridgeFrame,
  parseBridgeAnswer,
  type BridgeAnswer,
  type BridgeCloseReason
} from '../wire/bridge.js';
import { TernError } from '../wire/errors.js';
import { checkUrl } from '../wire/urls.js';
import { deferred } from './deferred.js';
import { parseAddress, type TcpAddress } from './node-uri.js';
import type { Platform, Socket, SocketHandlers } from './platform.js';

const OPEN_TIMEOUT_MS = 15_000;
/** The bridge says `alive` while it dials; this bounds the whole dial. */
const BRIDGE_DIAL_TIMEOUT_MS = 60_000;
const BRIDGE_SILENCE_MS = 3 * BRIDGE_ALIVE_MS;

export type Transport = Pick<Platform, 'clock' | 'openWebSocket' | 'openTcp'>;

export interface DialOptions {
  bridgeUrl: string;
  allowInsecure: boolean;
}

/** What a connection tells. `closed` comes at most once, after `opened`, and not after our own `close`. */
export interface ConnectionHandlers {
  /** Called before any byte and any end; when it throws, the dial fails with that. */
  opened(socket: PeerSocket): void;
  bytes(bytes: Uint8Array): void;
  closed(error: TernError): void;
}

/** Opens a connection to `host:port` or `ws(s)://…`. Throws `bridge_unreachable`, `bridge_refused`, `peer_unreachable`, `insecure_url` or `invalid_url`. */
export async function dial(
  transport: Transport,
  address: string,
  options: DialOptions,
  handlers: ConnectionHandlers
): Promise<PeerSocket> {
  const location = parseAddress(address);
  const { openTcp } = transport;
  if (location.kind === 'websocket') {
    const url = checkUrl(location.url, 'websocket', options.allowInsecure);
    return new PeerSocket(transport, handlers).run((events) => transport.openWebSocket(url, events));
  }
  if (openTcp) {
    return new PeerSocket(transport, handlers).run((events) => openTcp(location.host, location.port, events));
  }
  if (options.bridgeUrl === '') {
    throw new TernError(
      'bridge_unreachable',
      'No bridge to Lightning peers is set.',
      'Set one in the settings, or use a peer with a wss:// address.'
    );
  }
  const url = checkUrl(options.bridgeUrl, 'websocket', options.allowInsecure);
  return new PeerSocket(transport, handlers, location).run((events) => transport.openWebSocket(url, events));
}

/** One connection: `opening` the socket, then `asking` the bridge if there is one, then `open`; `over` after any end. */
export class PeerSocket {
  #state: 'opening' | 'asking' | 'open' | 'over' = 'opening';
  #socket: Socket | undefined;
  #cancelDialTimer = (): void => undefined;
  #cancelSilenceTimer = (): void => undefined;
  readonly #dialled = deferred<PeerSocket>();
  readonly #transport: Transport;
  readonly #handlers: ConnectionHandlers;
  readonly #behindBridge: TcpAddress | undefined;

  constructor(transport: Transport, handlers: ConnectionHandlers, behindBridge?: TcpAddress) {
    this.#transport = transport;
    this.#handlers = handlers;
    this.#behindBridge = behindBridge;
  }

  /** Bytes that wait for the network. */
  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** Sends the peer's bytes; nothing once it is closed. */
  send(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    for (let at = 0; at < bytes.length; at += BRIDGE_MAX_FRAME_BYTES) {
      this.#socket?.send(bytes.subarray(at, at + BRIDGE_MAX_FRAME_BYTES));
    }
  }

  /** Ends the connection from our side: no handler is called any more. */
  close(): void {
    this.#end();
  }

  /** Opens the socket; called once, by `dial`. */
  run(open: (events: SocketHandlers) => Socket): Promise<PeerSocket> {
    this.#limitDial(OPEN_TIMEOUT_MS);
    try {
      this.#socket = open({
        opened: () => this.#opened(),
        message: (data) => this.#message(data),
        closed: (reason) => this.#fail(this.#unreachable(reason))
      });
    } catch (thrown) {
      this.#fail(this.#unreachable(TernError.from(thrown).cause));
    }
    return this.#dialled.promise;
  }

  #opened(): void {
    if (this.#state !== 'opening') return;
    if (!this.#behindBridge) return this.#succeed();
    this.#state = 'asking';
    this.#limitDial(BRIDGE_DIAL_TIMEOUT_MS);
    this.#heard();
    const { host, port } = this.#behindBridge;
    this.#socket?.send(encodeBridgeFrame({ type: 'open', host, port }));
  }

  #message(data: string | Uint8Array): void {
    if (this.#state === 'over') return;
    this.#heard();
    if (typeof data !== 'string') {
      if (this.#state === 'open') this.#handlers.bytes(data);
      else this.#fail(notABridge());
    } else if (this.#behindBridge) {
      this.#steered(parseBridgeAnswer(data));
    } else {
      this.#fail(
        new TernError('peer_refused', 'The peer sent text, which Lightning does not know.', 'Check its address.')
      );
    }
  }

  #steered(answer: BridgeAnswer | undefined): void {
    if (answer?.type === 'alive') return;
    if (answer?.type === 'closed')
      return this.#fail(answer.error ? TernError.fromShape(answer.error) : closedBy(answer.reason));
    if (this.#state === 'open') return;
    if (answer?.type === 'opened') this.#succeed();
    else this.#fail(answer ? TernError.fromShape(answer.error) : notABridge());
  }

  #succeed(): void {
    this.#cancelDialTimer();
    try {
      this.#handlers.opened(this);
    } catch (thrown) {
      this.#end();
      return this.#dialled.reject(TernError.from(thrown));
    }
    this.#state = 'open';
    this.#dialled.resolve(this);
  }

  #fail(error: TernError): void {
    const before = this.#state;
    this.#end();
    if (before === 'open') this.#handlers.closed(error);
    else if (before !== 'over') this.#dialled.reject(error);
  }

  #end(): void {
    this.#state = 'over';
    this.#cancelDialTimer();
    this.#cancelSilenceTimer();
    this.#socket?.close();
  }

  #limitDial(timeoutMs: number): void {
    this.#cancelDialTimer();
    const late = (): void => this.#fail(this.#unreachable(`No answer within ${timeoutMs / 1000} s.`));
    this.#cancelDialTimer = this.#transport.clock.setTimer(timeoutMs, late);
  }

  /** A bridge that is silent for too long is dead, even where its socket does not say so. */
  #heard(): void {
    if (!this.#behindBridge) return;
    this.#cancelSilenceTimer();
    const dead = (): void => this.#fail(bridgeUnreachable('It has fallen silent.'));
    this.#cancelSilenceTimer = this.#transport.clock.setTimer(BRIDGE_SILENCE_MS, dead);
  }

  #unreachable(reason: string): TernError {
    return this.#behindBridge ? bridgeUnreachable(reason) : peerUnreachable(reason);
  }
}

function closedBy(reason: BridgeCloseReason): TernError {
  switch (reason) {
    case 'peer_closed':
      return peerUnreachable('It closed the connection.');
    case 'peer_failed':
      return peerUnreachable('The connection to it broke.');
    case 'idle':
      return peerUnreachable('Nothing was said for too long.');
    case 'client_closed':
    case 'protocol':
    case 'shutdown':
      return bridgeUnreachable('It closed the connection.');
  }
}

function peerUnreachable(reason: string): TernError {
  return new TernError(
    'peer_unreachable',
    `The peer cannot be reached. ${reason}`.trim(),
    'Check its address, or try again later.'
  );
}

function bridgeUnreachable(reason: string): TernError {
  return new TernError(
    'bridge_unreachable',
    `The bridge to Lightning peers cannot be reached. ${reason}`.trim(),
    'Check your connection and the bridge in the settings.'
  );
}

function notABridge(): TernError {
  return new TernError(
    'bridge_refused',
    'What answers at the bridge address is not a bridge.',
    'Check the bridge in the settings.'
  );
}
