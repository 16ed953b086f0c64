// Owns the sealed form of the vault: Argon2id over the password, XChaCha20-Poly1305 over the secret; a weaker form than ours is never opened.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { TernError } from '../wire/errors.js';

/** Argon2id (RFC 9106) parameters; memory in KiB. */
export interface Argon2Parameters {
  memoryKib: number;
  iterations: number;
  parallelism: number;
}

/** What new vaults use, and the least that is opened. */
export const VAULT_PARAMETERS: Argon2Parameters = { memoryKib: 64 * 1024, iterations: 3, parallelism: 4 };
/** Beyond these a vault would only freeze the device. */
const MOST: Argon2Parameters = { memoryKib: 1024 * 1024, iterations: 64, parallelism: 64 };

// magic (4) | format (1) | memory KiB (4) | iterations (4) | parallelism (4) | salt (16) | nonce (24) | ciphertext | SHA-256 of all before (32)
const MAGIC = new TextEncoder().encode('TRNV');
const FORMAT = 1;
const SALT_AT = 17;
const NONCE_AT = 33;
const HEADER_BYTES = 57;
const TAG_BYTES = 16;
const CHECKSUM_BYTES = 32;

/** Seals `secret` under a password; header and parameters are authenticated with it. */
export async function sealBox(secret: Uint8Array, password: string): Promise<Uint8Array> {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  header[4] = FORMAT;
  view.setUint32(5, VAULT_PARAMETERS.memoryKib);
  view.setUint32(9, VAULT_PARAMETERS.iterations);
  view.setUint32(13, VAULT_PARAMETERS.parallelism);
  crypto.getRandomValues(header.subarray(SALT_AT));
  const key = await deriveKey(password, header.subarray(SALT_AT, NONCE_AT), VAULT_PARAMETERS);
  try {
    const sealed = xchacha20poly1305(key, header.subarray(NONCE_AT), header).encrypt(secret);
    const box = new Uint8Array(HEADER_BYTES + sealed.length + CHECKSUM_BYTES);
    box.set(header);
    box.set(sealed, HEADER_BYTES);
    box.set(sha256(box.subarray(0, -CHECKSUM_BYTES)), HEADER_BYTES + sealed.length);
    return box;
  } finally {
    key.fill(0);
  }
}

/** Opens a box. Throws `vault_corrupt`, `vault_downgraded`, `schema_too_new` or `wrong_password`. The caller zeroes the answer. */
export async function openBox(box: Uint8Array, password: string): Promise<Uint8Array> {
  const parameters = readHeader(box);
  const body = box.subarray(0, -CHECKSUM_BYTES);
  if (!equal(sha256(body), box.subarray(-CHECKSUM_BYTES))) throw corrupt('Its checksum does not fit.');
  if (password === '') throw wrongPassword();
  const header = box.subarray(0, HEADER_BYTES);
  const key = await deriveKey(password, header.subarray(SALT_AT, NONCE_AT), parameters);
  try {
    return xchacha20poly1305(key, header.subarray(NONCE_AT), header).decrypt(body.subarray(HEADER_BYTES));
  } catch {
    throw wrongPassword();
  } finally {
    key.fill(0);
  }
}

function readHeader(box: Uint8Array): Argon2Parameters {
  if (box.length < HEADER_BYTES + TAG_BYTES + CHECKSUM_BYTES) throw corrupt('It is too short.');
  if (!equal(box.subarray(0, 4), MAGIC)) throw corrupt('It does not begin as a vault does.');
  if (box[4] !== FORMAT) {
    throw new TernError(
      'schema_too_new',
      `The vault has format ${box[4]}, which this version cannot read.`,
      'Update Tern.'
    );
  }
  const view = new DataView(box.buffer, box.byteOffset, HEADER_BYTES);
  const found = { memoryKib: view.getUint32(5), iterations: view.getUint32(9), parallelism: view.getUint32(13) };
  for (const name of ['memoryKib', 'iterations', 'parallelism'] as const) {
    if (found[name] < VAULT_PARAMETERS[name]) throw downgraded('below what Tern writes');
    if (found[name] > MOST[name]) throw downgraded('far beyond what Tern writes');
  }
  return found;
}

async function deriveKey(password: string, salt: Uint8Array, parameters: Argon2Parameters): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(password.normalize('NFKD'));
  try {
    // A third of the worker's code: loaded when a password is there to be checked.
    const { argon2id } = await import('hash-wasm');
    return await argon2id({
      password: bytes,
      salt,
      memorySize: parameters.memoryKib,
      iterations: parameters.iterations,
      parallelism: parameters.parallelism,
      hashLength: 32,
      outputType: 'binary'
    });
  } finally {
    bytes.fill(0);
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function wrongPassword(): TernError {
  return new TernError(
    'wrong_password',
    'The password does not open the wallet.',
    'Try again, or restore the wallet from its words.'
  );
}

function corrupt(detail: string): TernError {
  return new TernError(
    'vault_corrupt',
    `The sealed words on this device are damaged. ${detail}`,
    'Delete this wallet here and restore it from its words.'
  );
}

function downgraded(detail: string): TernError {
  return new TernError(
    'vault_downgraded',
    `The vault's protection was changed to values ${detail}: somebody tampered with it.`,
    'Do not type your password again. Restore the wallet from its words on a device you trust.'
  );
}
