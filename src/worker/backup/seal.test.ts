// Proves that sealing and obfuscation are byte-compatible with vss-client-ng and ldk-node schema V1, by their own vectors.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { mnemonicToSeedSync } from '@scure/bip39';
import { describe, expect, it } from 'vitest';
import { KeyObfuscator, Seal, ValueSealer, deriveBackupSecrets, sealTag } from './seal.js';
import vectors from './seal-vectors.json' with { type: 'json' };

describe('key obfuscation', () => {
  it.each(vectors.key_obfuscation)('matches vss-client-ng for $key', (vector) => {
    const obfuscator = new KeyObfuscator(hexToBytes(vector.master_key_hex));
    const obfuscated = obfuscator.obfuscate(vector.key);
    expect(obfuscated).toBe(vector.obfuscated_base64_nopad);
    expect(obfuscated.length).toBe(vector.obfuscated_len);
    expect(obfuscator.deobfuscate(obfuscated)).toBe(vector.key);
  });

  it('refuses a key that was altered or made under another master key', () => {
    const obfuscated = new KeyObfuscator(new Uint8Array(32).fill(1)).obfuscate('manager');
    const altered = (obfuscated.startsWith('A') ? 'B' : 'A') + obfuscated.slice(1);
    expect(() => new KeyObfuscator(new Uint8Array(32).fill(1)).deobfuscate(altered)).toThrow('backup_seal_broken');
    expect(() => new KeyObfuscator(new Uint8Array(32).fill(2)).deobfuscate(obfuscated)).toThrow('backup_seal_broken');
    expect(() => new KeyObfuscator(new Uint8Array(32)).deobfuscate('not base64!')).toThrow('backup_seal_broken');
  });
});

describe('sealed values', () => {
  it.each(vectors.storable)('seals as vss-client-ng does: $name', (vector) => {
    const key = hexToBytes(vector.data_encryption_key_hex);
    const storeKey = new TextDecoder().decode(hexToBytes(vector.aad_hex));
    const sealer = new ValueSealer(key, () => hexToBytes(vector.nonce_hex));
    const sealed = sealer.seal(storeKey, hexToBytes(vector.input_hex), BigInt(vector.version));
    expect(bytesToHex(sealed.bytes)).toBe(vector.storable_hex);
    expect(bytesToHex(sealed.tag)).toBe(vector.tag_hex);
    expect(bytesToHex(sealTag(sealed.bytes) ?? new Uint8Array())).toBe(vector.tag_hex);
    const opened = sealer.open(storeKey, hexToBytes(vector.storable_hex));
    expect(bytesToHex(opened.value)).toBe(vector.input_hex);
    expect(opened.version).toBe(BigInt(vector.version));
  });

  it.each(vectors.storable_compat)('opens what older clients wrote: $name', (vector) => {
    const opened = new ValueSealer(hexToBytes(vector.data_encryption_key_hex)).open(
      '',
      hexToBytes(vector.storable_hex)
    );
    expect(bytesToHex(opened.value)).toBe(vector.output_hex);
    expect(opened.version).toBe(BigInt(vector.version));
  });

  it('refuses a value under another key, a flipped bit, and bytes that are no Storable', () => {
    const seal = new Seal(new Uint8Array(32).fill(7));
    const sealed = seal.seal('a', new Uint8Array([1, 2, 3]), 0n).bytes;
    expect(() => seal.open('b', sealed)).toThrow('backup_seal_broken');
    const flipped = sealed.slice();
    flipped[3] = (flipped[3] ?? 0) ^ 1;
    expect(() => seal.open('a', flipped)).toThrow('backup_seal_broken');
    expect(() => seal.open('a', new TextEncoder().encode('<html>'))).toThrow('backup_seal_broken');
    expect(sealTag(new TextEncoder().encode('<html>'))).toBeUndefined();
  });

  it('never seals the same value twice alike', () => {
    const seal = new Seal(new Uint8Array(32).fill(7));
    const once = seal.seal('a', new Uint8Array([1]), 0n);
    const again = seal.seal('a', new Uint8Array([1]), 0n);
    expect(bytesToHex(once.bytes)).not.toBe(bytesToHex(again.bytes));
  });
});

describe('ldk-node schema V1', () => {
  describe.each(vectors.ldk_node_schema_v1.vectors)('from the words "$mnemonic"', (vector) => {
    const secrets = deriveBackupSecrets(mnemonicToSeedSync(vector.mnemonic, vector.passphrase));
    const seal = new Seal(secrets.vssSeed);

    it('derives the VSS seed', () => {
      expect(bytesToHex(secrets.vssSeed)).toBe(vector.vss_seed_hex);
      expect(bytesToHex(secrets.authSecretKey)).not.toBe(vector.vss_seed_hex);
    });

    it('seals under the derived data key', () => {
      const sealed = seal.seal('k', new Uint8Array([9]), 4n).bytes;
      expect(new ValueSealer(hexToBytes(vector.data_encryption_key_hex)).open('k', sealed).version).toBe(4n);
    });

    it.each(vector.keys)('names $primary_namespace/$secondary_namespace/$key and finds it again', (key) => {
      const row = { primary: key.primary_namespace, secondary: key.secondary_namespace, key: key.key };
      expect(seal.storeKey(row)).toBe(key.store_key);
      expect(seal.rowOf(key.store_key)).toEqual(row);
    });
  });

  it('gives every network its own store', () => {
    const seal = new Seal(new Uint8Array(32).fill(7));
    expect(seal.storeId('regtest')).not.toBe(seal.storeId('bitcoin'));
    expect(seal.storeId('regtest')).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });
});
