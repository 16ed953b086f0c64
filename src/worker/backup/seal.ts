// Owns what the backup server is allowed to see: obfuscated keys and sealed values, byte-compatible with vss-client-ng and ldk-node's schema V1.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { base64nopad } from '@scure/base';
import { HDKey } from '@scure/bip32';
import { TernError } from '../../wire/errors.js';
import { PlaintextBlobSchema, StorableSchema } from '../../wire/gen/vss_pb.js';
import type { RowKey } from '../disk.js';

const CIPHER_FORMAT = 'ChaCha20Poly1305';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HARDENED = 0x80000000;
/** ldk-node's path of the VSS seed below the BIP32 master: m/877'. */
const VSS_CHILD = HARDENED + 877;
/** ldk-node's path of the signature authorizer's key: m/877'/139'. */
const SIGNATURE_AUTH_CHILD = HARDENED + 139;

const utf8 = new TextEncoder();
const utf8Strict = new TextDecoder('utf-8', { fatal: true });

/** A value as the server stores it: the encoded `Storable`, and its Poly1305 tag, by which the digest knows it. */
export interface SealedValue {
  bytes: Uint8Array;
  tag: Uint8Array;
}

/** A value that was opened. `version` is the one its writer asked for: the server shows one more. */
export interface OpenedValue {
  value: Uint8Array;
  version: bigint;
  /** Order of creation, see `PlaintextBlob`; 0 where the writer did not say. */
  created: bigint;
  tag: Uint8Array;
}

/** Where random nonces come from: the browser's generator, or a seeded one in a simulated world. */
export type RandomBytes = (length: number) => Uint8Array;

/** The system's cryptographic random generator. */
export const systemRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** The keys the backup derives from the wallet's BIP39 seed (64 bytes), as ldk-node does. */
export interface BackupSecrets {
  /** Private key at m/877': everything that is sealed descends from it. */
  vssSeed: Uint8Array;
  /** Private key at m/877'/139': proves to a server who we are, and opens nothing. */
  authSecretKey: Uint8Array;
}

/** Derives the VSS seed and the key for signature authentication from a BIP39 seed (BIP32, hardened paths). */
export function deriveBackupSecrets(bip39Seed: Uint8Array): BackupSecrets {
  const vss = HDKey.fromMasterSeed(bip39Seed).deriveChild(VSS_CHILD);
  const auth = vss.deriveChild(SIGNATURE_AUTH_CHILD);
  if (vss.privateKey === null || auth.privateKey === null) {
    throw new TernError('internal', 'the seed yields no backup key', 'Restore the wallet from its words.');
  }
  return { vssSeed: vss.privateKey, authSecretKey: auth.privateKey };
}

/** HMAC-SHA256, key first. */
export function hmacSha256(key: Uint8Array | string, message: Uint8Array): Uint8Array {
  return hmac(sha256, typeof key === 'string' ? utf8.encode(key) : key, message);
}

/** Reversible, deterministic obfuscation of one key part (vss-client-ng `KeyObfuscator`): the server sees only length and equality. */
export class KeyObfuscator {
  private readonly encryptionKey: Uint8Array;
  private readonly hashingKey: Uint8Array;

  constructor(masterKey: Uint8Array) {
    const prk = hmacSha256('pseudo_random_key', masterKey);
    this.encryptionKey = hmacSha256('obfuscation_key', prk);
    this.hashingKey = hmacSha256(concatBytes(this.encryptionKey, utf8.encode('hashing_key')), prk);
  }

  /** Ciphertext, tag, wrapped nonce and its tag, in base64 without padding. */
  obfuscate(plain: string): string {
    const plaintext = utf8.encode(plain);
    const nonce = this.syntheticNonce(plaintext);
    const sealed = chacha20poly1305(this.encryptionKey, nonce).encrypt(plaintext);
    const nonceKey = this.syntheticNonce(sealed.subarray(0, plaintext.length));
    return base64nopad.encode(concatBytes(sealed, chacha20poly1305(this.encryptionKey, nonceKey).encrypt(nonce)));
  }

  /** The inverse of `obfuscate`. Throws `backup_seal_broken` on anything this key did not make. */
  deobfuscate(obfuscated: string): string {
    try {
      const bytes = base64nopad.decode(obfuscated);
      const split = bytes.length - NONCE_BYTES - TAG_BYTES;
      const sealed = bytes.subarray(0, split);
      const nonceKey = this.syntheticNonce(sealed.subarray(0, split - TAG_BYTES));
      const nonce = chacha20poly1305(this.encryptionKey, nonceKey).decrypt(bytes.subarray(split));
      return utf8Strict.decode(chacha20poly1305(this.encryptionKey, nonce).decrypt(sealed));
    } catch {
      throw sealBroken('a key on the backup server was not made by this wallet');
    }
  }

  private syntheticNonce(material: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce.set(hmacSha256(material, this.hashingKey).subarray(0, NONCE_BYTES - 4), 4);
    return nonce;
  }
}

/** Seals values under `k1` with the store key as associated data (vss-client-ng `StorableBuilder`). */
export class ValueSealer {
  constructor(
    private readonly dataEncryptionKey: Uint8Array,
    private readonly random: RandomBytes = systemRandom
  ) {}

  /** Seals `value` for a put at `version` under `storeKey`. */
  seal(storeKey: string, value: Uint8Array, version: bigint, created = 0n): SealedValue {
    const nonce = this.random(NONCE_BYTES);
    const blob = toBinary(PlaintextBlobSchema, create(PlaintextBlobSchema, { value, version, created }));
    const sealed = chacha20poly1305(this.dataEncryptionKey, nonce, utf8.encode(storeKey)).encrypt(blob);
    const data = sealed.subarray(0, sealed.length - TAG_BYTES);
    const tag = sealed.slice(sealed.length - TAG_BYTES);
    const encryptionMetadata = { cipherFormat: CIPHER_FORMAT, nonce, tag };
    return { bytes: toBinary(StorableSchema, create(StorableSchema, { data, encryptionMetadata })), tag };
  }

  /** Opens what `seal` (or ldk-node) sealed under the same store key. Throws `backup_seal_broken`. */
  open(storeKey: string, bytes: Uint8Array): OpenedValue {
    try {
      const storable = fromBinary(StorableSchema, bytes);
      const metadata = storable.encryptionMetadata;
      if (metadata === undefined || metadata.cipherFormat !== CIPHER_FORMAT) throw sealBroken('unknown cipher format');
      const cipher = chacha20poly1305(this.dataEncryptionKey, metadata.nonce, utf8.encode(storeKey));
      const blob = fromBinary(PlaintextBlobSchema, cipher.decrypt(concatBytes(storable.data, metadata.tag)));
      return { value: blob.value, version: blob.version, created: blob.created, tag: metadata.tag };
    } catch {
      throw sealBroken('a value on the backup server was altered, or belongs to another key or another wallet');
    }
  }
}

/** The tag of a sealed value without opening it; undefined where the bytes are no `Storable`. */
export function sealTag(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const tag = fromBinary(StorableSchema, bytes).encryptionMetadata?.tag;
    return tag?.length === TAG_BYTES ? tag : undefined;
  } catch {
    return undefined;
  }
}

/** Everything one wallet seals with: store keys, values and the key of the digest. */
export class Seal {
  private readonly obfuscator: KeyObfuscator;
  private readonly sealer: ValueSealer;
  private readonly prk: Uint8Array;
  /** There are few namespaces, and every row is in one. Both ways, as the two never meet. */
  private readonly namespaces = new Map<string, string>();
  /** `kd` of the digest over the whole store. */
  readonly digestKey: Uint8Array;

  constructor(vssSeed: Uint8Array, random: RandomBytes = systemRandom) {
    this.prk = hmacSha256('pseudo_random_key', vssSeed);
    const dataEncryptionKey = hmacSha256('data_encryption_key', this.prk);
    this.obfuscator = new KeyObfuscator(
      hmacSha256(concatBytes(dataEncryptionKey, utf8.encode('obfuscation_key')), this.prk)
    );
    this.sealer = new ValueSealer(dataEncryptionKey, random);
    this.digestKey = hmacSha256('tern_digest', this.prk);
  }

  /** A store id that tells nothing, and keeps one seed's networks apart. */
  storeId(network: string): string {
    const id = hmacSha256('tern_store_id', concatBytes(this.prk, utf8.encode(network)));
    return base64nopad.encode(id.subarray(0, 24)).replaceAll('+', '-').replaceAll('/', '_');
  }

  /** `obfuscate(primary "#" secondary) "#" obfuscate(key)` (ldk-node schema V1). */
  storeKey(row: RowKey): string {
    const plain = `${row.primary}#${row.secondary}`;
    return `${this.namespace(plain, () => this.obfuscator.obfuscate(plain))}#${this.obfuscator.obfuscate(row.key)}`;
  }

  /** The row behind a store key. Throws `backup_seal_broken` for a key that is not ours. */
  rowOf(storeKey: string): RowKey {
    const [namespaces, key, ...more] = storeKey.split('#');
    if (namespaces === undefined || key === undefined || more.length > 0) {
      throw sealBroken('a key on the backup server was not made by this wallet');
    }
    const plain = this.namespace(namespaces, () => this.obfuscator.deobfuscate(namespaces));
    const hash = plain.indexOf('#');
    if (hash < 0) throw sealBroken('a key on the backup server was not made by this wallet');
    return { primary: plain.slice(0, hash), secondary: plain.slice(hash + 1), key: this.obfuscator.deobfuscate(key) };
  }

  private namespace(from: string, make: () => string): string {
    const known = this.namespaces.get(from);
    if (known !== undefined) return known;
    const made = make();
    this.namespaces.set(from, made);
    return made;
  }

  /** Seals `value` for a put at `version` under `storeKey`. */
  seal(storeKey: string, value: Uint8Array, version: bigint, created = 0n): SealedValue {
    return this.sealer.seal(storeKey, value, version, created);
  }

  /** Opens what was sealed under the same store key. Throws `backup_seal_broken`. */
  open(storeKey: string, bytes: Uint8Array): OpenedValue {
    return this.sealer.open(storeKey, bytes);
  }
}

function sealBroken(cause: string): TernError {
  return new TernError(
    'backup_seal_broken',
    cause,
    'Do not use this backup. Check the server address and the words, or restore from another server.'
  );
}
