// Owns the way from a host name to an open TCP socket: the address that was checked is the address that is dialled.
import { lookup as systemLookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { TernError } from '../wire/errors.js';
import { isPublicAddress } from './addresses.js';

/** Resolves a name to all its IP addresses, best first; rejects where there are none. */
export type Lookup = (host: string) => Promise<string[]>;

export interface DialOptions {
  /** Dial private, loopback and other special addresses too, and any port. */
  allowPrivate: boolean;
  /** For resolving and connecting together. */
  timeoutMs: number;
  lookup: Lookup;
}

const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const MAX_ADDRESSES = 4;
const FIRST_UNPRIVILEGED_PORT = 1024;
/** The only privileged ports where Lightning nodes listen, to pass firewalls. All others belong to mail, shells and the like. */
const PRIVILEGED_PORTS = [80, 443];

/** The system's resolver, hosts file included. */
export const resolveHost: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map((found) => found.address);

/**
 * Opens a TCP connection to `host:port`. The name is resolved once and only the addresses found and allowed are dialled, so that a name
 * cannot be rebound between check and use. `bridge_refused`: not allowed; `peer_unreachable`: allowed, but nobody there.
 */
export async function dial(host: string, port: number, options: DialOptions, signal: AbortSignal): Promise<Socket> {
  refuseBadTarget(host, port, options);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
  const addresses = await resolve(host, options.lookup, deadline);
  const allowed = options.allowPrivate ? addresses : addresses.filter(isPublicAddress);
  if (allowed.length === 0) {
    throw refused(
      `${host} is an address of a private network.`,
      'Use a peer with a public address, or start your own bridge with --allow-private.'
    );
  }
  let lastFault: unknown;
  for (const address of allowed.slice(0, MAX_ADDRESSES)) {
    try {
      return await open(address, port, deadline);
    } catch (fault) {
      lastFault = fault;
      if (deadline.aborted) break;
    }
  }
  throw unreachable(`${host}:${port} could not be reached: ${describe(lastFault)}.`);
}

function refuseBadTarget(host: string, port: number, options: DialOptions): void {
  if (isIP(host) === 0 && !HOST_NAME.test(host)) {
    throw refused(`${JSON.stringify(host)} is no host name.`, 'Check the address of the peer.');
  }
  if (/\.onion\.?$/i.test(host)) {
    throw refused('The bridge does not reach onion addresses.', 'Use the peer’s clearnet address.');
  }
  if (!options.allowPrivate && port < FIRST_UNPRIVILEGED_PORT && !PRIVILEGED_PORTS.includes(port)) {
    throw refused(
      `Port ${port} is not one where Lightning nodes listen.`,
      'Use a peer on another port, or start your own bridge with --allow-private.'
    );
  }
}

async function resolve(host: string, lookup: Lookup, deadline: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return await Promise.race([lookup(host), aborted(deadline)]);
  } catch (fault) {
    throw unreachable(`${host} could not be resolved: ${describe(fault)}.`);
  }
}

function open(address: string, port: number, deadline: AbortSignal): Promise<Socket> {
  return new Promise((resolveSocket, reject) => {
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true });
    const fail = (fault: unknown): void => {
      socket.destroy();
      reject(fault);
    };
    const abort = (): void => fail(deadline.reason);
    deadline.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      deadline.removeEventListener('abort', abort);
      socket.off('error', fail);
      resolveSocket(socket);
    });
    if (deadline.aborted) abort();
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as unknown);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

function describe(fault: unknown): string {
  if (!(fault instanceof Error)) return 'no answer';
  if (fault.name === 'TimeoutError') return 'no answer in time';
  return 'code' in fault && typeof fault.code === 'string' ? fault.code : fault.message;
}

function refused(cause: string, next: string): TernError {
  return new TernError('bridge_refused', cause, next);
}

function unreachable(cause: string): TernError {
  return new TernError('peer_unreachable', cause, 'Check the address, or try again later: the peer may be offline.');
}
