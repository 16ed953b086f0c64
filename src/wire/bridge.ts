// Owns the frames of `/ln`, the WebSocket bridge to Lightning peers. Text frames steer, binary frames are the peer's bytes, in order, unchanged.
import { isErrorShape, type ErrorShape } from './errors.js';

/**
 * The story of one bridge socket, seen from the client:
 *
 * 1. It opens the WebSocket and sends `open` within `BRIDGE_OPEN_TIMEOUT_MS`.
 * 2. The bridge answers `opened` or `refused` (then it closes).
 * 3. Binary frames go both ways. The bridge sends `alive` every `BRIDGE_ALIVE_MS`, also while it dials.
 * 4. Either side ends it: the client with `close`, the bridge with `closed` and its reason.
 *
 * A socket that ends without `refused` or `closed`, or is silent for three times `BRIDGE_ALIVE_MS`, is a dead bridge. `refused` with
 * `peer_unreachable`, and `closed` with `peer_closed`, `peer_failed` or `idle`, speak of the peer: the bridge itself is well.
 */
export type BridgeRequest = BridgeOpen | { type: 'close' };

/** The first frame: where to dial. `host` is a DNS name, an IPv4 or an IPv6 address without brackets; `port` 1 to 65535. */
export interface BridgeOpen {
  type: 'open';
  host: string;
  port: number;
}

export type BridgeAnswer =
  | { type: 'opened' }
  | { type: 'refused'; error: ErrorShape }
  | { type: 'alive' }
  | { type: 'closed'; reason: BridgeCloseReason; error?: ErrorShape };

/**
 * Why the bridge closed an open connection. `peer_closed`: the peer ended it; `peer_failed`: the connection to it broke; `idle`: no byte
 * either way for too long; `client_closed`: asked for; `protocol`: the client broke the rules above; `shutdown`: the server stops.
 */
export type BridgeCloseReason = 'peer_closed' | 'peer_failed' | 'idle' | 'client_closed' | 'protocol' | 'shutdown';

/** The bridge says `alive` this often. */
export const BRIDGE_ALIVE_MS = 15_000;
/** How long the bridge waits for `open`. */
export const BRIDGE_OPEN_TIMEOUT_MS = 10_000;
/** A binary frame towards the bridge is at most this long, in bytes. */
export const BRIDGE_MAX_FRAME_BYTES = 1_048_576;

const CLOSE_REASONS: readonly string[] = [
  'peer_closed',
  'peer_failed',
  'idle',
  'client_closed',
  'protocol',
  'shutdown'
];
const MAX_HOST_LENGTH = 253;

/** A frame as the text that goes over the socket. */
export function encodeBridgeFrame(frame: BridgeRequest | BridgeAnswer): string {
  return JSON.stringify(frame);
}

/** Reads a client's text frame; undefined where it is none. Says nothing yet about whether the address may be dialled. */
export function parseBridgeRequest(text: string): BridgeRequest | undefined {
  const frame = parseObject(text);
  if (frame?.type === 'close') return { type: 'close' };
  if (frame?.type !== 'open') return undefined;
  const { host, port } = frame;
  if (typeof host !== 'string' || host === '' || host.length > MAX_HOST_LENGTH) return undefined;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { type: 'open', host, port };
}

/** Reads a bridge's text frame; undefined where it is none of those known: a client ignores it. */
export function parseBridgeAnswer(text: string): BridgeAnswer | undefined {
  const frame = parseObject(text);
  switch (frame?.type) {
    case 'opened':
      return { type: 'opened' };
    case 'alive':
      return { type: 'alive' };
    case 'refused':
      return isErrorShape(frame.error) ? { type: 'refused', error: frame.error } : undefined;
    case 'closed':
      return parseClosed(frame);
    default:
      return undefined;
  }
}

function parseClosed(frame: Record<string, unknown>): BridgeAnswer | undefined {
  if (typeof frame.reason !== 'string' || !CLOSE_REASONS.includes(frame.reason)) return undefined;
  const closed = { type: 'closed', reason: frame.reason as BridgeCloseReason } as const;
  return isErrorShape(frame.error) ? { ...closed, error: frame.error } : closed;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
