// Proves that the wallet signs as vss-server's authorizer expects, by recorded vectors, and signs anew in time.
import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../../tests/sim/virtual-clock.js';
import { authorizer, signatureAuthorization } from './auth.js';
import vectors from './seal-vectors.json' with { type: 'json' };

it.each(vectors.signature_auth)('signs time $time as recorded', (vector) => {
  expect(signatureAuthorization(hexToBytes(vector.secret_key_hex), Number(vector.time))).toBe(vector.authorization);
});

it('reuses a signature for minutes and makes a new one before it is old', async () => {
  const clock = new VirtualClock();
  const next = authorizer({ type: 'signature' }, new Uint8Array(32).fill(5), clock);
  const first = next();
  await clock.advance(5 * 60_000);
  expect(next()).toBe(first);
  await clock.advance(6 * 60_000);
  expect(next()).not.toBe(first);
});

it('sends a bearer token as it is, and nothing where nothing is asked', () => {
  const clock = new VirtualClock();
  expect(authorizer({ type: 'bearer', token: 'abc' }, new Uint8Array(32), clock)()).toBe('Bearer abc');
  expect(authorizer({ type: 'none' }, new Uint8Array(32), clock)()).toBeUndefined();
});
