// Owns how the wallet proves itself to a VSS server. The signing key opens nothing: the VSS seed is another.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import type { VssAuth } from '../api.js';
import type { Clock } from '../clock.js';

const SIGNING_SALT = 'VSS Signature Authorizer Signing Salt Constant..................';
/** A signature is good for 24 h and bound to no request: one in ten minutes is enough. */
const SIGNATURE_REUSE_MS = 10 * 60_000;

const utf8 = new TextEncoder();

/** The `Authorization` value of vss-server's signature authorizer: 66 hex of public key, 128 hex of compact ECDSA, Unix seconds. */
export function signatureAuthorization(secretKey: Uint8Array, unixSeconds: number): string {
  const publicKey = secp256k1.getPublicKey(secretKey, true);
  const time = String(unixSeconds);
  const digest = sha256(concatBytes(utf8.encode(SIGNING_SALT), publicKey, utf8.encode(time)));
  const signature = secp256k1.sign(digest, secretKey, { prehash: false });
  return bytesToHex(publicKey) + bytesToHex(signature) + time;
}

/** Answers the `Authorization` header of the next request, or undefined where the server asks for none. */
export function authorizer(auth: VssAuth, secretKey: Uint8Array, clock: Clock): () => string | undefined {
  if (auth.type === 'none') return () => undefined;
  if (auth.type === 'bearer') return () => `Bearer ${auth.token}`;
  let last: { header: string; atMs: number } | undefined;
  return () => {
    const nowMs = clock.nowMs();
    if (last === undefined || Math.abs(nowMs - last.atMs) > SIGNATURE_REUSE_MS) {
      last = { header: signatureAuthorization(secretKey, Math.floor(nowMs / 1000)), atMs: nowMs };
    }
    return last.header;
  };
}
