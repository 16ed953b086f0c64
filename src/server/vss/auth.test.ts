// Owns the proof that remembering proofs lets nobody in whom verifying them would not.
import type { IncomingMessage } from 'node:http';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { authorizeSignature } from './auth.js';

const SECRET_KEY = new Uint8Array(32).fill(7);
const PUBLIC_KEY = Buffer.from(secp256k1.getPublicKey(SECRET_KEY, true)).toString('hex');
const DAY_MS = 86_400_000;

function proof(atMs: number): string {
  const time = String(Math.floor(atMs / 1000));
  const salt = Buffer.from('VSS Signature Authorizer Signing Salt Constant..................');
  const signed = Buffer.concat([salt, Buffer.from(PUBLIC_KEY, 'hex'), Buffer.from(time)]);
  return `${PUBLIC_KEY}${Buffer.from(secp256k1.sign(signed, SECRET_KEY)).toString('hex')}${time}`;
}

const asked = (authorization: string): string => authorizeSignature({ headers: { authorization } } as IncomingMessage);
const refused: unknown = expect.objectContaining({ code: 'backup_unauthorized' });

describe('a proof that was verified', () => {
  afterEach(() => void vi.useRealTimers());

  it('is good again, and names the same user', () => {
    const header = proof(Date.now());
    expect([asked(header), asked(header), asked(header.toUpperCase())]).toEqual([PUBLIC_KEY, PUBLIC_KEY, PUBLIC_KEY]);
  });

  it('is refused once its day is over', () => {
    const header = proof(Date.now());
    asked(header);
    vi.useFakeTimers({ now: Date.now() + DAY_MS + 2_000 });
    expect(() => asked(header)).toThrowError(refused);
  });

  it('vouches for no other time and no other signature', () => {
    const header = proof(Date.now());
    asked(header);
    const later = String(Math.floor(Date.now() / 1000) + 1);
    expect(() => asked(header.slice(0, 194) + later)).toThrowError(refused);
    const flipped = header[66] === '0' ? '1' : '0';
    expect(() => asked(header.slice(0, 66) + flipped + header.slice(67))).toThrowError(refused);
  });
});
