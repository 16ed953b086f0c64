// Proves that a transaction gets the id that @scure/btc-signer gives it, with witnesses and without, however many inputs and outputs it has.
import { RawOldTx, RawTx } from '@scure/btc-signer/script.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { txidOf } from './txid.js';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const transaction = fc.record({
  version: fc.constantFrom(1, 2),
  inputs: fc.array(
    fc.record({
      txid: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      index: uint32,
      finalScriptSig: bytes(300),
      sequence: uint32
    }),
    { minLength: 1, maxLength: 300 }
  ),
  outputs: fc.array(fc.record({ amount: fc.bigInt(0n, 21_000_000_00000000n), script: bytes(40) }), {
    minLength: 1,
    maxLength: 300
  }),
  lockTime: uint32
});

describe('txidOf', () => {
  it('is the hash of the transaction without its witnesses, which change nothing', () => {
    fc.assert(
      fc.property(transaction, fc.array(bytes(80), { minLength: 1, maxLength: 3 }), (made, witness) => {
        const plain = RawOldTx.encode(made);
        const id = bytesToHex(sha256(sha256(plain)).reverse());
        const witnesses = made.inputs.map(() => witness);
        expect(txidOf(plain)).toBe(id);
        expect(txidOf(RawTx.encode({ ...made, segwitFlag: true, witnesses }))).toBe(id);
      })
    );
  });
});
