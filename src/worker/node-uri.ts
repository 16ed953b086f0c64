// Owns the reading of Lightning node URIs and peer addresses: what passes here is a key on the curve and an address that can be dialled.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { TernError } from '../wire/errors.js';

/** BOLT 1: the port of a peer that names none. */
const DEFAULT_LIGHTNING_PORT = 9735;

/** A peer reached over TCP: through the bridge in a browser. `host` carries no brackets. */
export interface TcpAddress {
  kind: 'tcp';
  host: string;
  port: number;
  /** A Tor onion service: only a bridge with Tor can reach it. */
  onion: boolean;
}

/** A peer that speaks Lightning over WebSocket itself. */
export interface WebSocketAddress {
  kind: 'websocket';
  url: string;
}

export type PeerLocation = TcpAddress | WebSocketAddress;

/** A node URI, taken apart: `address` is the canonical text (`host:port`, `[v6]:port` or a `ws(s)://` URL). */
export interface NodeUri {
  nodeId: string;
  address: string;
}

/** Reads `pubkey@host:port`, `pubkey@[v6]:port`, `pubkey@xyz.onion` or `pubkey@ws(s)://…`. Throws `invalid_node_uri`. */
export function parseNodeUri(text: string): NodeUri {
  const trimmed = text.trim();
  const at = trimmed.indexOf('@');
  if (at < 0) throw invalid('There is no @ between the node id and its address.');
  const nodeId = parseNodeId(trimmed.slice(0, at));
  return { nodeId, address: formatAddress(parseAddress(trimmed.slice(at + 1))) };
}

/** A compressed public key (33 bytes, hex) as lower case. Throws `invalid_node_uri`. */
export function parseNodeId(text: string): string {
  const nodeId = text.toLowerCase();
  if (!/^0[23][0-9a-f]{64}$/.test(nodeId)) {
    throw invalid('The node id must be 66 hexadecimal digits that begin with 02 or 03.');
  }
  try {
    secp256k1.Point.fromHex(nodeId);
  } catch {
    throw invalid('The node id is not a public key.');
  }
  return nodeId;
}

/** Reads a peer's address without the node id. Throws `invalid_node_uri`. */
export function parseAddress(text: string): PeerLocation {
  if (/^wss?:\/\//i.test(text)) return { kind: 'websocket', url: parseWebSocketUrl(text) };
  if (text.includes('://')) throw invalid('A peer is reached at host:port, or at a ws:// or wss:// address.');
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(\d+))?$/.exec(text);
  if (bracketed) return tcp(parseIpv6(bracketed[1] ?? ''), bracketed[2]);
  if ((text.match(/:/g)?.length ?? 0) > 1) throw invalid('An IPv6 address must stand in brackets: [2001:db8::1]:9735.');
  const [host = '', port] = text.split(':');
  return tcp(parseHost(host), port);
}

/** The canonical text of an address, the one that is stored and compared. */
export function formatAddress(location: PeerLocation): string {
  if (location.kind === 'websocket') return location.url;
  const host = location.host.includes(':') ? `[${location.host}]` : location.host;
  return `${host}:${location.port}`;
}

function parseWebSocketUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('The WebSocket address cannot be read.');
  }
  if (url.username || url.password || url.hash)
    throw invalid('A WebSocket address holds no user, password or fragment.');
  return url.href;
}

function parseIpv6(host: string): string {
  try {
    return new URL(`http://[${host}]/`).hostname.slice(1, -1);
  } catch {
    throw invalid('The IPv6 address cannot be read.');
  }
}

function parseHost(host: string): string {
  const name = host.toLowerCase();
  if (name.length === 0) throw invalid('The address has no host.');
  if (name.endsWith('.onion')) {
    if (!/^(?:[a-z2-7]{16}|[a-z2-7]{56})\.onion$/.test(name)) throw invalid('The onion name cannot be read.');
    return name;
  }
  if (/^[0-9.]+$/.test(name)) {
    const parts = name.split('.');
    const good = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
    if (!good) throw invalid('The IPv4 address cannot be read.');
    return name;
  }
  const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
  if (name.length > 253 || !name.split('.').every((part) => label.test(part)))
    throw invalid('The host name cannot be read.');
  return name;
}

function tcp(host: string, portText: string | undefined): TcpAddress {
  const port = portText === undefined ? DEFAULT_LIGHTNING_PORT : Number(portText);
  if (!/^\d{1,5}$/.test(portText ?? '9735') || port < 1 || port > 65_535)
    throw invalid('The port must be a number from 1 to 65535.');
  return { kind: 'tcp', host, port, onion: host.endsWith('.onion') };
}

function invalid(cause: string): TernError {
  return new TernError('invalid_node_uri', cause, 'Check the address: it looks like 03ab…@host:9735.');
}
