// Owns one bridge socket: a WebSocket client on one side, a TCP peer on the other. Every byte is passed on in order, none is held beyond the limit.
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import { encodeBridgeFrame, parseBridgeRequest, type BridgeAnswer, type BridgeCloseReason } from '../wire/bridge.js';
import { TernError, type ErrorShape } from '../wire/errors.js';
import { dial, type DialOptions } from './dial.js';

export interface SessionOptions {
  dial: DialOptions;
  /** Bytes that may wait in each direction before the sender is held. */
  maxBufferedBytes: number;
  /** How long the client may take to send `open`. */
  openTimeoutMs: number;
  /** How long an open connection may stay without a byte. */
  idleTimeoutMs: number;
  /** How often `alive` is sent and the client's presence checked. */
  aliveMs: number;
}

const NORMAL_CLOSURE = 1000;
/** How long what is written may still drain after the end. */
const LINGER_MS = 5_000;

/** One client's connection to one peer, from the WebSocket's opening to both ends being closed. */
export class BridgeSession {
  private phase: 'waiting' | 'dialling' | 'open' | 'ended' = 'waiting';
  private peer: Socket | undefined;
  private readonly abort = new AbortController();
  private readonly openTimer: NodeJS.Timeout;
  private readonly aliveTimer: NodeJS.Timeout;
  private lastByteAtMs = Date.now();
  private clientAnswered = true;

  constructor(
    private readonly client: WebSocket,
    private readonly options: SessionOptions,
    private readonly log: Logger
  ) {
    this.openTimer = setTimeout(() => this.refuse(lateOpen(options.openTimeoutMs)), options.openTimeoutMs);
    this.aliveTimer = setInterval(() => this.checkAlive(), options.aliveMs);
    client.on('message', (data, isBinary) => this.fromClient(data, isBinary));
    client.on('pong', () => (this.clientAnswered = true));
    client.on('error', (fault) => log.debug({ fault: fault.message }, 'bridge client failed'));
    client.on('close', () => this.end());
  }

  /** Ends the connection, and says why to a client that is still there. */
  close(reason: BridgeCloseReason, error?: ErrorShape): void {
    if (this.phase !== 'ended') this.say({ type: 'closed', reason, ...(error && { error }) });
    this.end();
  }

  private fromClient(data: RawData, isBinary: boolean): void {
    if (this.phase === 'ended') return;
    if (isBinary) return this.passToPeer(data as Buffer);
    const request = parseBridgeRequest(data.toString());
    if (request?.type === 'close') return this.close('client_closed');
    if (request?.type === 'open' && this.phase === 'waiting') return void this.dialPeer(request.host, request.port);
    this.breach('The bridge got a frame that it does not know or did not expect.');
  }

  private async dialPeer(host: string, port: number): Promise<void> {
    clearTimeout(this.openTimer);
    this.phase = 'dialling';
    try {
      const peer = await dial(host, port, this.options.dial, this.abort.signal);
      if (this.abort.signal.aborted) return void peer.destroy();
      this.attach(peer);
    } catch (fault) {
      this.log.debug({ fault: TernError.from(fault).message }, 'bridge could not dial');
      this.refuse(TernError.from(fault));
    }
  }

  private attach(peer: Socket): void {
    this.peer = peer;
    this.phase = 'open';
    this.lastByteAtMs = Date.now();
    this.say({ type: 'opened' });
    peer.on('data', (chunk) => this.passToClient(chunk));
    peer.on('drain', () => this.releaseClient());
    peer.on('error', (fault) => this.close('peer_failed', peerFailed(fault).toShape()));
    peer.on('close', () => this.close('peer_closed'));
  }

  private passToPeer(bytes: Buffer): void {
    if (this.phase !== 'open' || this.peer === undefined) {
      return this.breach('Bytes came before the connection was open.');
    }
    this.lastByteAtMs = Date.now();
    this.peer.write(bytes);
    if (this.peer.writableLength > this.options.maxBufferedBytes) this.client.pause();
  }

  private releaseClient(): void {
    // Its pong may wait behind the bytes that were held.
    this.clientAnswered = true;
    this.client.resume();
  }

  private passToClient(bytes: Buffer): void {
    const peer = this.peer;
    this.lastByteAtMs = Date.now();
    this.client.send(bytes, () => {
      if (peer?.isPaused() && this.client.bufferedAmount <= this.options.maxBufferedBytes / 2) peer.resume();
    });
    if (this.client.bufferedAmount > this.options.maxBufferedBytes) peer?.pause();
  }

  private checkAlive(): void {
    if (this.phase === 'open' && Date.now() - this.lastByteAtMs > this.options.idleTimeoutMs) return this.close('idle');
    if (!this.clientAnswered && !this.client.isPaused) return this.client.terminate();
    this.clientAnswered = false;
    this.client.ping();
    this.say({ type: 'alive' });
  }

  private breach(cause: string): void {
    const error = new TernError(
      'invalid_argument',
      cause,
      'Update the wallet or the bridge: they do not understand each other.'
    );
    if (this.phase === 'open') return this.close('protocol', error.toShape());
    this.refuse(error);
  }

  private refuse(error: TernError): void {
    if (this.phase !== 'ended') this.say({ type: 'refused', error: error.toShape() });
    this.end();
  }

  private say(frame: BridgeAnswer): void {
    if (this.client.readyState === this.client.OPEN) this.client.send(encodeBridgeFrame(frame));
  }

  private end(): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    clearTimeout(this.openTimer);
    clearInterval(this.aliveTimer);
    this.abort.abort();
    const { peer, client } = this;
    if (peer !== undefined && !peer.destroyed) {
      peer.resume();
      peer.end();
      setTimeout(() => peer.destroy(), LINGER_MS).unref();
    }
    client.resume();
    client.close(NORMAL_CLOSURE);
  }
}

function lateOpen(timeoutMs: number): TernError {
  return new TernError('bridge_refused', `No address came within ${timeoutMs} ms.`, 'Try again.');
}

function peerFailed(fault: Error): TernError {
  const why = 'code' in fault && typeof fault.code === 'string' ? fault.code : fault.message;
  return new TernError(
    'peer_unreachable',
    `The connection to the peer broke: ${why}.`,
    'The wallet tries again by itself.'
  );
}
