// Owns who a VSS request comes from. The answer is the name under which a user's stores lie, so two spellings of one proof must give one name.
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TernError } from '../../wire/errors.js';
import { isTrustedOrigin } from '../origins.js';

/** Names the user of a request, or throws `backup_unauthorized`. */
export type Authorizer = (request: IncomingMessage) => string;

/** vss-server's signature authorizer signs this, then the public key, then the time. */
const SIGNED_PREFIX = 'VSS Signature Authorizer Signing Salt Constant..................';
/** <66 hex digits of a compressed key><128 hex digits of a compact signature><unix seconds>. */
const PROOF = /^([0-9a-f]{66})([0-9a-f]{128})(\d{1,12})$/i;
const WINDOW_SECONDS = 24 * 60 * 60;
/** SubjectPublicKeyInfo (RFC 5480) of a compressed secp256k1 point, without the point. */
const SPKI_PREFIX = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex');
const SINGLE_USER = 'unauthenticated';
/** Clients prove themselves by the second, so a proof comes many times, and to verify it costs more than all the rest of a request. */
const MOST_REMEMBERED = 1024;
/** Proofs that were verified, the oldest first. */
const verifiedProofs = new Set<string>();

/** Accepts anyone, as one user. Pages from elsewhere than this machine are not anyone. */
export const authorizeNobody: Authorizer = (request) => {
  if (isTrustedOrigin(request.headers.origin, request.headers.host)) return SINGLE_USER;
  throw unauthorized('This server asks for no proof and so serves only pages of its own machine.');
};

/**
 * Proof of a secp256k1 key, as vss-server's signature authorizer checks it: the `Authorization` header signs a time that is at most 24 hours
 * from now. The proof is not bound to the request. The user is named by the key, in lower case.
 */
export const authorizeSignature: Authorizer = (request) => {
  const header = request.headers.authorization;
  if (header === undefined) throw unauthorized('The Authorization header is missing.');
  const [, keyHex, signatureHex, time] = PROOF.exec(header) ?? [];
  if (keyHex === undefined || signatureHex === undefined || time === undefined) {
    throw unauthorized('The Authorization header is not a key, a signature and a time.');
  }
  if (Math.abs(Number(time) - Date.now() / 1000) > WINDOW_SECONDS) {
    throw unauthorized('The time of the signature is more than 24 hours from now. Check the clock.');
  }
  if (!verifiedProofs.has(header)) {
    verifyProof(keyHex, signatureHex, time);
    remember(header);
  }
  return keyHex.toLowerCase();
};

function verifyProof(keyHex: string, signatureHex: string, time: string): void {
  const point = Buffer.from(keyHex, 'hex');
  const signed = Buffer.concat([Buffer.from(SIGNED_PREFIX), point, Buffer.from(time)]);
  const key = { key: parseKey(point), dsaEncoding: 'ieee-p1363' } as const;
  if (!verify('sha256', signed, key, Buffer.from(signatureHex, 'hex'))) throw unauthorized('The signature is wrong.');
}

function remember(header: string): void {
  const [oldest] = verifiedProofs;
  if (verifiedProofs.size >= MOST_REMEMBERED && oldest !== undefined) verifiedProofs.delete(oldest);
  verifiedProofs.add(header);
}

function parseKey(point: Buffer): KeyObject {
  try {
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, point]), format: 'der', type: 'spki' });
  } catch {
    throw unauthorized('The key is not a point of secp256k1.');
  }
}

function unauthorized(cause: string): TernError {
  return new TernError('backup_unauthorized', cause, 'Sign the request anew.');
}
