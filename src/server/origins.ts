// Owns who may use what only this machine's user should reach: a web page from elsewhere, or one behind a rebound DNS name, is not that user.
import { isIP } from 'node:net';
import { isLoopbackAddress } from './addresses.js';

/**
 * True where a request may use a service that trusts its caller without proof. Browsers name the page's origin: one from this machine is
 * let in, and so is one named by an IP address that is also this server's (a name could be rebound by DNS, an address cannot). A request
 * without an origin comes from a program, not from a page.
 */
export function isTrustedOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  if (isLoopbackHost(name)) return true;
  return isIP(name) !== 0 && url.host === host;
}

/** True for `localhost`, names under it (RFC 6761) and loopback addresses; brackets around IPv6 must be gone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host);
}
