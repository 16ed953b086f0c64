// Owns the digest that proves a store whole: one keyed sum over every key, its version and its seal tag, kept by difference.
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { hmacSha256 } from './seal.js';

const MODULUS = 1n << 256n;
const utf8 = new TextEncoder();

/** What the digest knows of one key: the version the server shows, and the tag of the sealed value. */
export interface DigestedKey {
  version: bigint;
  tag: Uint8Array;
}

/** The digest of a store with no keys. */
export const EMPTY_DIGEST = 0n;

/** HMAC-SHA256(kd, key || version as 8 bytes, big endian || tag), as a number. */
export function digestTerm(digestKey: Uint8Array, storeKey: string, { version, tag }: DigestedKey): bigint {
  const versionBytes = new Uint8Array(8);
  new DataView(versionBytes.buffer).setBigInt64(0, version);
  return BigInt(`0x${bytesToHex(hmacSha256(digestKey, concatBytes(utf8.encode(storeKey), versionBytes, tag)))}`);
}

/** The digest after one key went from `before` to `after`; undefined: not there. */
export function digestAfter(
  digest: bigint,
  digestKey: Uint8Array,
  storeKey: string,
  before: DigestedKey | undefined,
  after: DigestedKey | undefined
): bigint {
  const gone = before ? digestTerm(digestKey, storeKey, before) : 0n;
  const come = after ? digestTerm(digestKey, storeKey, after) : 0n;
  return (((digest - gone + come) % MODULUS) + MODULUS) % MODULUS;
}

/** The digest over a whole store. */
export function digestOf(digestKey: Uint8Array, keys: Iterable<readonly [string, DigestedKey]>): bigint {
  let sum = 0n;
  for (const [storeKey, key] of keys) sum += digestTerm(digestKey, storeKey, key);
  return sum % MODULUS;
}
