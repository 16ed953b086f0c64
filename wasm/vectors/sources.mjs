// Reads the vectors that libsecp256k1's source ships. A file that does not parse to the count it declares is an error, never fewer tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Project Wycheproof's `ecdsa_secp256k1_sha256_bitcoin_test.json`.
 * @param {string} secp256k1 the root of libsecp256k1's source
 * @returns {{ name: string, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, valid: boolean }[]}
 */
export function readWycheproof(secp256k1) {
  const path = join(secp256k1, 'src/wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json');
  const suite = JSON.parse(readFileSync(path, 'utf8'));
  const vectors = suite.testGroups.flatMap((group) =>
    group.tests.map((test) => ({
      name: `wycheproof ${test.tcId}: ${test.comment}`,
      publicKey: bytes(group.publicKey.uncompressed),
      message: bytes(test.msg),
      signature: bytes(test.sig),
      valid: test.result === 'valid'
    }))
  );
  expectCount(path, vectors.length, suite.numberOfTests);
  return vectors;
}

/**
 * BIP340's vectors, as the schnorrsig module's own tests hold them: C arrays `sk`, `pk`, `aux_rand`, `msg`, `sig` and a check, a block each.
 * @param {string} secp256k1 the root of libsecp256k1's source
 * @returns {{ name: string, secretKey?: Uint8Array, publicKey: Uint8Array, auxiliaryRandomness?: Uint8Array, message: Uint8Array,
 *   signature?: Uint8Array, valid: boolean }[]} `signature` is absent where the public key alone is invalid
 */
export function readBip340(secp256k1) {
  const path = join(secp256k1, 'src/modules/schnorrsig/tests_impl.h');
  const source = readFileSync(path, 'utf8');
  const blocks = source.split(/\/\* Test vector (?=\d+ \*\/)/).slice(1);
  const vectors = blocks.map(readBip340Block);
  const numbered = blocks.every((block, index) => Number.parseInt(block, 10) === index);
  if (!numbered) throw new Error(`${path}: the vectors are not numbered one by one`);
  expectCount(path, vectors.length, 19);
  return vectors;
}

function readBip340Block(block) {
  const number = Number.parseInt(block, 10);
  const verdict = /check_verify\([^)]*\)?[^)]*, (0|1)\);/.exec(block);
  const parseFails = block.includes('CHECK(!') && block.includes('xonly_pubkey_parse');
  if (!verdict && !parseFails) throw new Error(`BIP340 vector ${number}: no check was found`);
  return {
    name: `BIP340 vector ${number}`,
    secretKey: cArray(block, 'sk'),
    publicKey: cArray(block, 'pk'),
    auxiliaryRandomness: cArray(block, 'aux_rand'),
    message: cArray(block, 'msg') ?? new Uint8Array(),
    signature: cArray(block, 'sig'),
    valid: verdict?.[1] === '1'
  };
}

function cArray(block, name) {
  const match = new RegExp(`^\\s*const unsigned char ${name}\\[(\\d*)\\] = \\{([^}]*)\\}`, 'm').exec(block);
  if (!match) return undefined;
  const values = match[2].match(/0x[0-9a-fA-F]{2}/g) ?? [];
  if (match[1] !== '') expectCount(name, values.length, Number(match[1]));
  return Uint8Array.from(values, Number);
}

function bytes(hex) {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function expectCount(what, found, declared) {
  if (found !== declared) throw new Error(`${what}: ${found} found, ${declared} declared`);
}
