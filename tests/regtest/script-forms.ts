// Owns what a script means to people and to Esplora: its regtest address, its type's name and its hash.
import { sha256 } from '@noble/hashes/sha2.js';
import { hex } from '@scure/base';
import { Address, OutScript } from '@scure/btc-signer';
import { TernError } from '../../src/wire/errors.js';

/** Address prefixes of regtest, as @scure/btc-signer takes them. */
export const regtestNetwork = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

/** Esplora's names by @scure/btc-signer's. */
const typeNames: Record<string, string> = {
  pk: 'p2pk',
  pkh: 'p2pkh',
  sh: 'p2sh',
  wpkh: 'v0_p2wpkh',
  wsh: 'v0_p2wsh',
  tr: 'v1_p2tr',
  ms: 'multisig',
  p2a: 'anchor'
};

/** The key of a script's history: SHA-256 of the script, in the order it was computed, not reversed. */
export function scriptHashOf(script: Uint8Array): string {
  return hex.encode(sha256(script));
}

/** The output script an address stands for; `invalid_address` if it is none of regtest's. */
export function scriptOfAddress(address: string): Uint8Array {
  try {
    return OutScript.encode(Address(regtestNetwork).decode(address));
  } catch {
    throw new TernError(
      'invalid_address',
      `${address} is not a regtest address`,
      'Give an address that begins with bcrt1, m, n or 2.'
    );
  }
}

type AddressScript = Parameters<ReturnType<typeof Address>['encode']>[0];

/** Esplora's type of the script and, where it has one, its address. */
export function describeScript(script: Uint8Array): { type: string; address?: string } {
  if (script.length === 0) return { type: 'empty' };
  if (script[0] === 0x6a) return { type: 'op_return' };
  try {
    // The library's two types differ only in how they brand byte arrays.
    const decoded = OutScript.decode(script) as AddressScript;
    const type = typeNames[decoded.type];
    return type === undefined ? { type: 'unknown' } : { type, address: addressOf(decoded) };
  } catch {
    return { type: 'unknown' };
  }
}

function addressOf(decoded: AddressScript): string | undefined {
  try {
    return Address(regtestNetwork).encode(decoded);
  } catch {
    return undefined;
  }
}
