// Owns JSON-RPC to a bitcoin node: every call ends with the node's result or with a coded error that holds the node's own reason.
import { TernError } from '../../src/wire/errors.js';
import WebSocket from 'ws';
import { withDeadline } from './wait.js';

const callTimeoutMs = 60_000;

/** A bitcoin node's JSON-RPC. `T` is the shape the node documents for that method. */
export interface NodeRpc {
  /** Fails with `RpcError` when the node refuses, with `chain_unavailable` when it does not answer. */
  call<T>(method: string, ...params: unknown[]): Promise<T>;
  close(): void;
}

/** The node understood and refused: its own number and reason. */
export class RpcError extends TernError {
  readonly rpcCode: number;
  readonly reason: string;

  constructor(method: string, rpcCode: number, reason: string) {
    const code = method === 'sendrawtransaction' ? 'broadcast_rejected' : 'internal';
    super(code, `${method}: ${reason} (${rpcCode})`, 'Check the arguments against the node’s own documentation.');
    this.rpcCode = rpcCode;
    this.reason = reason;
  }
}

interface RpcAnswer {
  id: number | null;
  result?: unknown;
  error?: { code: number; message: string } | null;
}

interface PendingCall {
  method: string;
  resolve: (result: unknown) => void;
  reject: (error: TernError) => void;
}

/** btcd's JSON-RPC over one WebSocket: its plain HTTP closes the connection after every call. */
export class WebSocketRpc implements NodeRpc {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as RpcAnswer));
    socket.on('close', () => this.#failAll('the connection to the node closed'));
    socket.on('error', (error) => this.#failAll(error.message));
  }

  static connect(url: string, user: string, password: string, certificate: Buffer): Promise<WebSocketRpc> {
    const socket = new WebSocket(url, { auth: `${user}:${password}`, ca: certificate, handshakeTimeout: 5_000 });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new WebSocketRpc(socket)));
      socket.once('error', (error) => reject(nodeSilent(error.message)));
    });
  }

  call<T>(method: string, ...params: unknown[]): Promise<T> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(nodeSilent('the connection is closed'));
    const id = ++this.#lastId;
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { method, resolve, reject });
      this.#socket.send(JSON.stringify({ jsonrpc: '1.0', id, method, params }));
    });
    return withDeadline(answered as Promise<T>, callTimeoutMs, `the node to answer ${method}`);
  }

  close(): void {
    this.#socket.terminate();
  }

  #receive(answer: RpcAnswer): void {
    if (answer.id === null) return;
    const call = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.error) call?.reject(new RpcError(call.method, answer.error.code, answer.error.message));
    else call?.resolve(answer.result);
  }

  #failAll(reason: string): void {
    for (const call of this.#pending.values()) call.reject(nodeSilent(reason));
    this.#pending.clear();
  }
}

/** Bitcoin Core's JSON-RPC over HTTP. */
export class HttpRpc implements NodeRpc {
  readonly #url: string;
  readonly #authorization: string;
  #lastId = 0;

  constructor(url: string, user: string, password: string) {
    this.#url = url;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  async call<T>(method: string, ...params: unknown[]): Promise<T> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '1.0', id: ++this.#lastId, method, params }),
      signal: AbortSignal.timeout(callTimeoutMs)
    }).catch((error: unknown) => {
      throw nodeSilent(error instanceof Error ? error.message : String(error));
    });
    const body = await response.text();
    if (!body.startsWith('{')) throw nodeSilent(`HTTP ${response.status} ${body.slice(0, 200)}`);
    const answer = JSON.parse(body) as RpcAnswer;
    if (answer.error) throw new RpcError(method, answer.error.code, answer.error.message);
    return answer.result as T;
  }

  close(): void {}
}

function nodeSilent(reason: string): TernError {
  return new TernError('chain_unavailable', `the bitcoin node did not answer: ${reason}`, 'Check that it is running.');
}
