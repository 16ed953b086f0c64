// Owns the words: 12 or 24 of BIP39's English list, from real entropy. Errors name positions, never words.
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeed } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { TernError } from '../wire/errors.js';

const WORDS = new Set(wordlist);
const ENTROPY_BYTES = { 12: 16, 24: 32 } as const;

/** Fresh entropy for as many words, from the platform's random source. */
export function newEntropy(words: 12 | 24): Uint8Array {
  if (words !== 12 && words !== 24) throw invalid('A wallet has 12 or 24 words.');
  return crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES[words]));
}

/** The words of an entropy of 16 or 32 bytes (BIP39). */
export function wordsOf(entropy: Uint8Array): string {
  return entropyToMnemonic(entropy, wordlist);
}

/** Checks words as a user typed them and answers their entropy. Throws `invalid_mnemonic`. */
export function entropyOf(mnemonic: string): Uint8Array {
  const words = mnemonic.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  if (words.length !== 12 && words.length !== 24) {
    throw invalid(`There are ${words[0] === '' ? 0 : words.length} words; a wallet has 12 or 24.`);
  }
  const unknown = words.findIndex((word) => !WORDS.has(word));
  if (unknown >= 0) throw invalid(`Word ${unknown + 1} is not in the list of words.`);
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    throw invalid('The words do not fit together: one of them is wrong, or two are swapped.');
  }
}

/** BIP39: the 64-byte seed of the words and the passphrase (normalised to NFKD). The caller zeroes it. */
export async function seedOf(entropy: Uint8Array, bip39Passphrase: string): Promise<Uint8Array> {
  return mnemonicToSeed(wordsOf(entropy), bip39Passphrase.normalize('NFKD'));
}

function invalid(cause: string): TernError {
  return new TernError('invalid_mnemonic', cause, 'Compare each word and their order with your backup.');
}
