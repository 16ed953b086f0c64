// Judges the WebAssembly build of libsecp256k1 by its published vectors. Every verdict comes from the module; the runner first proves that it can fail.
// Usage: node run.mjs <folder of vectors.js> <root of libsecp256k1's source>
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readBip340, readWycheproof } from './sources.mjs';

// Deterministic signatures (RFC 6979, SHA-256, low S) published with the secp256k1 tests of Trezor's crypto library.
const RFC6979 = [
  {
    secretKey: '0000000000000000000000000000000000000000000000000000000000000001',
    text: 'Satoshi Nakamoto',
    signature:
      '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5'
  },
  {
    secretKey: '0000000000000000000000000000000000000000000000000000000000000001',
    text: 'All those moments will be lost in time, like tears in rain. Time to die...',
    signature:
      '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21'
  }
];

const [moduleDirectory, secp256k1] = process.argv.slice(2).map((path) => resolve(path));
const { initSync, Curve } = await import(pathToFileURL(join(moduleDirectory, 'vectors.js')).href);
initSync({ module: readFileSync(join(moduleDirectory, 'vectors_bg.wasm')) });
const curve = new Curve();

const wycheproof = readWycheproof(secp256k1);
const bip340 = readBip340(secp256k1);
const tests = [
  ...wycheproof.map(ecdsaTest),
  ...wycheproof.filter((vector) => vector.valid).map((vector) => ecdsaTest(corrupted(vector))),
  ...RFC6979.map(deterministicTest),
  ...bip340.filter(fits).flatMap(schnorrTests)
];
const filteredOut = bip340.filter((vector) => !fits(vector)).length;

proveTheRunnerCanFail();
console.log(`\nrunning ${tests.length} tests`);
const failures = failing(tests);
for (const name of failures) console.log(`test ${name} ... FAILED`);
const passed = tests.length - failures.length;
// The secp256k1 crate signs 32-byte messages only, so nothing of ours can reach the vectors of other lengths.
console.log(
  `test result: ${failures.length === 0 ? 'ok' : 'FAILED'}. ${passed} passed; ${failures.length} failed; 0 ignored; 0 measured; ${filteredOut} filtered out (BIP340 messages that are not 32 bytes)\n`
);
process.exitCode = failures.length === 0 ? 0 : 1;

function ecdsaTest(vector) {
  return {
    name: vector.name,
    passes: () => curve.verifyEcdsa(vector.publicKey, vector.message, vector.signature) === vector.valid
  };
}

function deterministicTest(vector) {
  return {
    name: `RFC 6979: ${vector.text}`,
    passes: () => hex(curve.signEcdsa(Buffer.from(vector.secretKey, 'hex'), Buffer.from(vector.text))) === vector.signature
  };
}

function schnorrTests(vector) {
  const { name, publicKey, message, signature } = vector;
  // Without a signature the vector says that the public key itself is none.
  if (!signature) return [{ name: `${name}: public key`, passes: () => !curve.isXOnlyPublicKey(publicKey) }];
  const tests = [
    { name: `${name}: verify`, passes: () => curve.verifySchnorr(publicKey, message, signature) === vector.valid }
  ];
  if (vector.valid) tests.push(corruptedSchnorrTest(vector));
  if (vector.secretKey) {
    tests.push({
      name: `${vector.name}: public key`,
      passes: () => hex(curve.xOnlyPublicKey(vector.secretKey)) === hex(vector.publicKey)
    });
    tests.push({
      name: `${vector.name}: sign`,
      passes: () => hex(curve.signSchnorr(vector.secretKey, vector.message, vector.auxiliaryRandomness)) === hex(signature)
    });
  }
  return tests;
}

function corruptedSchnorrTest(vector) {
  const copy = corrupted(vector);
  return {
    name: `${copy.name}: verify`,
    passes: () => !curve.verifySchnorr(copy.publicKey, copy.message, copy.signature)
  };
}

/** A valid vector with the last bit of its signature turned: it must be refused. */
function corrupted(vector) {
  const signature = Uint8Array.from(vector.signature);
  signature[signature.length - 1] ^= 1;
  return { ...vector, name: `${vector.name}, one bit turned`, signature, valid: false };
}

/** True for what the secp256k1 crate can be asked; where parsing the key fails, the message does not matter. */
function fits(vector) {
  return vector.signature === undefined || vector.message.length === 32;
}

function failing(tests) {
  return tests.filter((test) => !test.passes()).map((test) => test.name);
}

/** A vector whose verdict is turned round must show up as the one failure. */
function proveTheRunnerCanFail() {
  const valid = wycheproof.find((vector) => vector.valid);
  const wrong = { ...valid, signature: corrupted(valid).signature };
  if (failing([ecdsaTest(valid), ecdsaTest(wrong)]).length !== 1) {
    throw new Error('a corrupted vector passed: this runner proves nothing');
  }
  console.log('a corrupted vector was rejected, as it must be');
}

function hex(bytes) {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
}
