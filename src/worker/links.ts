// Owns the numbered sockets between the node and the network: bytes both ways in order, held back where the other side cannot take more.
import { TernError } from '../wire/errors.js';
import type { TernNode } from '../../wasm/pkg/tern.js';
import type { Logs } from './logs.js';
import { dial, type DialOptions, type Transport } from './sockets.js';

/** The part of the node that a connection touches. */
export type LinkNode = Pick<
  TernNode,
  'socketOpenedOutbound' | 'socketOpenedInbound' | 'socketBytes' | 'socketWritable' | 'socketClosed' | 'connectedPeers'
>;

/** A connection as the node's side sees it. */
export interface Pipe {
  readonly bufferedBytes: number;
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Above this the node is not asked for more until the network has taken it. */
const MOST_BUFFERED_BYTES = 256 * 1024;
const DRAIN_CHECK_MS = 20;
/** What a peer may send while the disk is stuck; then it is cut off, and reconnects later. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

export interface LinksOptions {
  transport: Transport;
  node: LinkNode;
  logs: Logs;
  /** The other side, or the node, ended a link; not called for `close` and `closeAll`. */
  onEnd: (link: number, error: TernError) => void;
}

interface Link {
  pipe: Pipe;
  unread: Uint8Array[];
  unreadBytes: number;
  isDraining: boolean;
  heardAtMs: number;
}

/** All sockets of a running node. Numbers are never used twice. */
export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<number, Link>();
  #lastNumber = 0;
  #isReading = true;
  #isClosed = false;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** A number for a connection that is about to be opened. */
  newNumber(): number {
    return (this.#lastNumber += 1);
  }

  /** Dials a peer and hands the connection to the node. Throws as `dial` does, or what the node says. */
  async open(number: number, nodeId: string, address: string, options: DialOptions): Promise<void> {
    const { transport, node } = this.#options;
    await dial(transport, address, options, {
      opened: (socket) => this.#start(number, socket, () => node.socketOpenedOutbound(number, nodeId)),
      bytes: (bytes) => this.receive(number, bytes),
      closed: (error) => this.ended(number, error)
    });
  }

  /** Takes a connection that somebody else opened; feed it with `receive` and `ended`. */
  accept(pipe: Pipe): number {
    const number = this.newNumber();
    this.#start(number, pipe, () => this.#options.node.socketOpenedInbound(number));
    return number;
  }

  /** Bytes of the peer, to the node. */
  receive(number: number, bytes: Uint8Array): void {
    const link = this.#links.get(number);
    if (!link) return;
    link.heardAtMs = this.#options.transport.clock.nowMs();
    if (this.#isReading) return this.#read(number, bytes);
    link.unread.push(bytes);
    link.unreadBytes += bytes.length;
    if (link.unreadBytes <= MOST_UNREAD_BYTES) return;
    link.pipe.close();
    this.ended(
      number,
      new TernError(
        'storage_unavailable',
        'The peer sent more than can be taken while the disk is stuck.',
        'Free some space.'
      )
    );
  }

  /** For how long the other side has said nothing; 0 where there is no such link. */
  silentMs(number: number): number {
    const { clock } = this.#options.transport;
    const nowMs = clock.nowMs();
    return nowMs - (this.#links.get(number)?.heardAtMs ?? nowMs);
  }

  /** The other side is gone. */
  ended(number: number, error: TernError): void {
    if (!this.#links.delete(number)) return;
    this.#options.node.socketClosed(number);
    this.#options.onEnd(number, error);
  }

  /** Output of the node: bytes for a peer. */
  send(number: number, bytes: Uint8Array): void {
    const link = this.#links.get(number);
    if (!link) return;
    link.pipe.send(bytes);
    this.#drain(number, link);
  }

  /** Output of the node: it ended the connection, and wants to hear no more of it. */
  closedByNode(number: number): void {
    const link = this.#links.get(number);
    if (!link) return;
    this.#links.delete(number);
    link.pipe.close();
    this.#options.onEnd(number, new TernError('peer_refused', 'Our node ended the connection.', 'The logs say why.'));
  }

  /** We end a link. */
  close(number: number): void {
    const link = this.#links.get(number);
    if (!link) return;
    this.#links.delete(number);
    link.pipe.close();
    this.#options.node.socketClosed(number);
  }

  /** Nothing more goes out or comes in; the node is not told. */
  closeAll(): void {
    this.#isClosed = true;
    for (const { pipe } of this.#links.values()) pipe.close();
    this.#links.clear();
  }

  /** While the disk is stuck the node takes nothing new from peers. */
  setReading(isReading: boolean): void {
    this.#isReading = isReading;
    if (!isReading) return;
    for (const [number, link] of this.#links) {
      const unread = link.unread.splice(0);
      link.unreadBytes = 0;
      for (const bytes of unread) if (this.#links.has(number)) this.#read(number, bytes);
    }
  }

  #start(number: number, pipe: Pipe, tellNode: () => void): void {
    if (this.#isClosed) {
      pipe.close();
      throw new TernError('wallet_locked', 'The wallet was stopped.', 'Unlock it again.');
    }
    const heardAtMs = this.#options.transport.clock.nowMs();
    this.#links.set(number, { pipe, unread: [], unreadBytes: 0, isDraining: false, heardAtMs });
    try {
      tellNode();
    } catch (thrown) {
      this.#links.delete(number);
      pipe.close();
      throw TernError.from(thrown);
    }
  }

  #read(number: number, bytes: Uint8Array): void {
    try {
      this.#options.node.socketBytes(number, bytes);
    } catch (thrown) {
      // The node has forgotten this socket when it throws: it must not hear of its end.
      const error = TernError.from(thrown);
      this.#options.logs.write('warn', 'links', `A peer was cut off. ${error.message}`);
      this.#links.get(number)?.pipe.close();
      this.#links.delete(number);
      this.#options.onEnd(number, error);
    }
  }

  /** WebSockets do not say when they are empty, so a full one is looked at now and then. */
  #drain(number: number, link: Link): void {
    if (link.isDraining) return;
    if (link.pipe.bufferedBytes <= MOST_BUFFERED_BYTES) return this.#options.node.socketWritable(number);
    link.isDraining = true;
    this.#options.transport.clock.setTimer(DRAIN_CHECK_MS, () => {
      link.isDraining = false;
      if (this.#links.get(number) === link) this.#drain(number, link);
    });
  }
}
