// Owns the sealed form of the secret beside the vault: HKDF over what a passkey answers (WebAuthn PRF), XChaCha20-Poly1305 over the secret. Without that passkey on that device it is noise.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { TernError } from '../wire/errors.js';
import type { PasskeyHint } from './api.js';

// magic (4) | format (1) | PRF input (32) | nonce (24) | length of the credential's id (2) | the id | ciphertext
const MAGIC = new TextEncoder().encode('TRNK');
const FORMAT = 1;
const SALT_AT = 5;
const NONCE_AT = 37;
const ID_LENGTH_AT = 61;
const ID_AT = 63;
const MOST_ID_BYTES = 1023;
/** What the PRF answers (WebAuthn level 3, 10.1.4). */
const PRF_BYTES = 32;
const INFO = new TextEncoder().encode('tern passkey 1');

/** Seals `secret` under what the passkey of `hint` answered. Throws `invalid_argument` for what no passkey answers. */
export function sealPasskeyBox(secret: Uint8Array, hint: PasskeyHint, prf: Uint8Array): Uint8Array {
  const { credentialId, salt } = hint;
  const isSane = credentialId.length > 0 && credentialId.length <= MOST_ID_BYTES && salt.length === PRF_BYTES;
  if (!isSane || prf.length !== PRF_BYTES) {
    throw new TernError('invalid_argument', 'This is not what a passkey answers.', 'Try again.');
  }
  const header = new Uint8Array(ID_AT + credentialId.length);
  header.set(MAGIC);
  header[4] = FORMAT;
  header.set(salt, SALT_AT);
  crypto.getRandomValues(header.subarray(NONCE_AT, ID_LENGTH_AT));
  new DataView(header.buffer).setUint16(ID_LENGTH_AT, credentialId.length);
  header.set(credentialId, ID_AT);
  const sealed = cipherOf(prf, header, (cipher) => cipher.encrypt(secret));
  const box = new Uint8Array(header.length + sealed.length);
  box.set(header);
  box.set(sealed, header.length);
  return box;
}

/** Which passkey opens a box, and what it has to be asked. Throws `vault_corrupt` or `schema_too_new`. */
export function hintOf(box: Uint8Array): PasskeyHint {
  const header = headerOf(box);
  return { credentialId: header.slice(ID_AT), salt: header.slice(SALT_AT, NONCE_AT) };
}

/** Opens a box. Throws `passkey_refused`, and as `hintOf`. The caller zeroes the answer. */
export function openPasskeyBox(box: Uint8Array, prf: Uint8Array): Uint8Array {
  const header = headerOf(box);
  try {
    return cipherOf(prf, header, (cipher) => cipher.decrypt(box.subarray(header.length)));
  } catch {
    throw new TernError(
      'passkey_refused',
      'The passkey does not open this wallet.',
      'Use your password. Then remove the passkey in the settings, and add it again.'
    );
  }
}

function headerOf(box: Uint8Array): Uint8Array {
  if (box.length < ID_AT || !MAGIC.every((byte, at) => box[at] === byte)) throw corrupt();
  if (box[4] !== FORMAT) {
    throw new TernError('schema_too_new', `The passkey's box has format ${box[4]}.`, 'Update Tern.');
  }
  const end = ID_AT + new DataView(box.buffer, box.byteOffset, ID_AT).getUint16(ID_LENGTH_AT);
  if (end === ID_AT || end >= box.length) throw corrupt();
  return box.subarray(0, end);
}

function cipherOf(
  prf: Uint8Array,
  header: Uint8Array,
  use: (cipher: ReturnType<typeof xchacha20poly1305>) => Uint8Array
): Uint8Array {
  const key = hkdf(sha256, prf, header.subarray(SALT_AT, NONCE_AT), INFO, 32);
  try {
    return use(xchacha20poly1305(key, header.subarray(NONCE_AT, ID_LENGTH_AT), header));
  } finally {
    key.fill(0);
  }
}

function corrupt(): TernError {
  return new TernError(
    'vault_corrupt',
    'What the passkey opens is damaged on this device.',
    'Use your password. Then remove the passkey in the settings, and add it again.'
  );
}
