// Owns which IP addresses the server may dial for a stranger: public unicast only. What is not known to be public is private.
import { BlockList, isIP } from 'node:net';

/** IPv4 ranges that are not public unicast (IANA special-purpose registry, RFC 6890 and its updates). */
const SPECIAL_IPV4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4]
];

/** Parts of global unicast 2000::/3 that are not public: protocol assignments with Teredo, documentation, 6to4, SRv6. */
const SPECIAL_IPV6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20]
];

const specialIpv4 = blockList(SPECIAL_IPV4, 'ipv4');
const specialIpv6 = blockList(SPECIAL_IPV6, 'ipv6');
const globalUnicastIpv6 = blockList([['2000::', 3]], 'ipv6');
const loopbackIpv4 = blockList([['127.0.0.0', 8]], 'ipv4');
/** IPv4 addresses in IPv6 notation (RFC 4291, 2.5.5.2). */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * True for an address on the public internet: not private, loopback, link-local, CGNAT, ULA, multicast, documentation, a tunnel, nor an IPv4
 * address of such a range in IPv6 notation. False for what is no IP address.
 */
export function isPublicAddress(address: string): boolean {
  const ip = normalizeAddress(address);
  if (isIP(ip) === 4) return !specialIpv4.check(ip, 'ipv4');
  return isIP(ip) === 6 && globalUnicastIpv6.check(ip, 'ipv6') && !specialIpv6.check(ip, 'ipv6');
}

/** True for 127.0.0.0/8, `::1`, and the first of them in IPv6 notation. */
export function isLoopbackAddress(address: string): boolean {
  const ip = normalizeAddress(address);
  return isIP(ip) === 4 ? loopbackIpv4.check(ip, 'ipv4') : ip === '::1';
}

/** The form that is compared and counted: mapped IPv4 as plain IPv4, IPv6 shortened, without its zone. */
export function normalizeAddress(address: string): string {
  const withoutZone = address.replace(/%.*$/, '');
  if (isIP(withoutZone) !== 6) return withoutZone;
  const shortened = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  const dotted = MAPPED_IPV4.exec(withoutZone)?.[1];
  return dotted ?? mappedFromHex(shortened) ?? shortened;
}

/** Whom a limit counts as one client: an IPv4 address, or the /64 that one IPv6 customer holds. */
export function clientNetwork(address: string): string {
  const ip = normalizeAddress(address);
  if (isIP(ip) !== 6) return ip;
  const [head = '', tail] = ip.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function mappedFromHex(shortened: string): string | undefined {
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortened);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const bits = [parseInt(match[1], 16), parseInt(match[2], 16)];
  return bits.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}

function blockList(ranges: readonly [string, number][], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}
