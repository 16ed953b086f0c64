// Owns the memory of Argon2 in the simulation: the same password and salt give the same key, so half a second is spent once and not at every start.
import { createRequire } from 'node:module';
import type * as HashWasm from 'hash-wasm';

const real = createRequire(import.meta.url)('hash-wasm') as typeof HashWasm;
const known = new Map<string, Promise<unknown>>();

/** Stands in for hash-wasm's own: its first answer for every input is the real one. */
export function argon2id(options: Parameters<typeof HashWasm.argon2id>[0]): Promise<unknown> {
  const id = JSON.stringify(options, (_, part: unknown) => (part instanceof Uint8Array ? [...part] : part));
  const answer =
    known.get(id) ?? real.argon2id({ ...options, password: new Uint8Array(options.password as Uint8Array) });
  known.set(id, answer);
  // The caller zeroes what it gets.
  return answer.then((key) => (key instanceof Uint8Array ? key.slice() : key));
}
