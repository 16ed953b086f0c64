// Owns the wallet's secret: at rest only sealed, in memory only as bytes that are zeroed when they have served.
import { TernError } from '../wire/errors.js';
import type { PasskeyHint } from './api.js';
import type { Disk } from './disk.js';
import { entropyOf, newEntropy, seedOf, wordsOf } from './mnemonic.js';
import { openBox, sealBox } from './vault-box.js';

const VAULT_ROW = 'vault';
/** The same secret, sealed for a passkey. */
const PASSKEY_ROW = 'vault_passkey';
const LEAST_PASSWORD_CHARACTERS = 8;
/** Argon2 takes any length; this keeps a pasted file out. */
const MOST_PASSWORD_CHARACTERS = 1024;
const MOST_PASSPHRASE_BYTES = 1024;

/** Creates, opens and shows the one vault of a disk. Every password is a fresh one: nothing is kept between calls. */
export class Vault {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Whether a wallet was created or restored here. */
  async exists(): Promise<boolean> {
    return (await this.#disk.readLocal(VAULT_ROW)) !== undefined;
  }

  /** Draws new words and seals them. Answers the words and the seed. Throws `wallet_exists` or `invalid_password`. */
  async create(
    password: string,
    words: 12 | 24,
    bip39Passphrase = ''
  ): Promise<{ mnemonic: string; seed: Uint8Array }> {
    const entropy = newEntropy(words);
    try {
      await this.#store(entropy, bip39Passphrase, password);
      return { mnemonic: wordsOf(entropy), seed: await seedOf(entropy, bip39Passphrase) };
    } finally {
      entropy.fill(0);
    }
  }

  /** Seals words a user typed. Answers the seed. Throws `wallet_exists`, `invalid_mnemonic` or `invalid_password`. */
  async restore(password: string, mnemonic: string, bip39Passphrase = ''): Promise<Uint8Array> {
    const entropy = entropyOf(mnemonic);
    try {
      await this.#store(entropy, bip39Passphrase, password);
      return await seedOf(entropy, bip39Passphrase);
    } finally {
      entropy.fill(0);
    }
  }

  /** The 64-byte BIP39 seed; the caller zeroes it. Throws `wallet_missing`, `wrong_password`, `vault_corrupt` or `vault_downgraded`. */
  async seed(password: string): Promise<Uint8Array> {
    return this.#open(password, (entropy, bip39Passphrase) => seedOf(entropy, bip39Passphrase));
  }

  /** The seed, with what the passkey answered. The caller zeroes it. Throws `wallet_missing`, `passkey_refused` or `vault_corrupt`. */
  async seedByPasskey(prf: Uint8Array): Promise<Uint8Array> {
    const box = await this.#disk.readLocal(PASSKEY_ROW);
    if (box === undefined) throw walletMissing();
    const { openPasskeyBox } = await passkeyBox();
    return usingSecret(openPasskeyBox(box, prf), seedOf);
  }

  /** The passkey that opens the vault, if there is one. Throws `vault_corrupt`. */
  async passkey(): Promise<PasskeyHint | undefined> {
    const box = await this.#disk.readLocal(PASSKEY_ROW);
    return box && (await passkeyBox()).hintOf(box);
  }

  /** Lets a passkey open the vault, in place of any other. Throws as `seed` does, and `invalid_argument`. */
  async addPasskey(password: string, hint: PasskeyHint, prf: Uint8Array): Promise<void> {
    const { sealPasskeyBox } = await passkeyBox();
    const secret = await this.#unsealed(password);
    try {
      await this.#writePasskey(sealPasskeyBox(secret, hint, prf));
    } finally {
      secret.fill(0);
    }
  }

  /** From now on no passkey opens the vault. */
  async removePasskey(): Promise<void> {
    await this.#writePasskey(undefined);
  }

  /** The words, after the password was given again. Throws as `seed` does. */
  async revealMnemonic(password: string): Promise<{ mnemonic: string; bip39Passphrase?: string }> {
    return this.#open(password, (entropy, bip39Passphrase) => {
      const mnemonic = wordsOf(entropy);
      return bip39Passphrase === '' ? { mnemonic } : { mnemonic, bip39Passphrase };
    });
  }

  async #store(entropy: Uint8Array, bip39Passphrase: string, password: string): Promise<void> {
    checkNewPassword(password);
    if (await this.exists()) throw walletExists();
    const passphrase = new TextEncoder().encode(bip39Passphrase.normalize('NFKD'));
    if (passphrase.length > MOST_PASSPHRASE_BYTES) {
      throw new TernError(
        'invalid_argument',
        'The passphrase is too long.',
        `Use at most ${MOST_PASSPHRASE_BYTES} bytes.`
      );
    }
    const secret = new Uint8Array(1 + entropy.length + passphrase.length);
    secret[0] = entropy.length;
    secret.set(entropy, 1);
    secret.set(passphrase, 1 + entropy.length);
    try {
      const box = await sealBox(secret, password);
      await this.#disk.commit({ puts: [], removes: [], local: [{ name: VAULT_ROW, value: box }] });
    } finally {
      secret.fill(0);
      passphrase.fill(0);
    }
  }

  async #open<T>(password: string, use: UseOfSecret<T>): Promise<T> {
    return usingSecret(await this.#unsealed(password), use);
  }

  async #unsealed(password: string): Promise<Uint8Array> {
    const box = await this.#disk.readLocal(VAULT_ROW);
    if (box === undefined) throw walletMissing();
    return openBox(box, password);
  }

  #writePasskey(value: Uint8Array | undefined): Promise<void> {
    return this.#disk.commit({ puts: [], removes: [], local: [{ name: PASSKEY_ROW, value }] });
  }
}

/** Loaded by those alone who have a passkey. */
const passkeyBox = (): Promise<typeof import('./passkey-box.js')> => import('./passkey-box.js');

type UseOfSecret<T> = (entropy: Uint8Array, bip39Passphrase: string) => T | Promise<T>;

/** Zeroes the secret afterwards. */
async function usingSecret<T>(secret: Uint8Array, use: UseOfSecret<T>): Promise<T> {
  try {
    const entropyBytes = secret[0] ?? 0;
    return await use(secret.subarray(1, 1 + entropyBytes), new TextDecoder().decode(secret.subarray(1 + entropyBytes)));
  } finally {
    secret.fill(0);
  }
}

/** There is nothing to unlock. */
export function walletMissing(): TernError {
  return new TernError(
    'wallet_missing',
    'There is no wallet on this device.',
    'Create one, or restore one from its words.'
  );
}

function checkNewPassword(password: string): void {
  const characters = [...password.normalize('NFKC')].length;
  if (characters >= LEAST_PASSWORD_CHARACTERS && characters <= MOST_PASSWORD_CHARACTERS) return;
  throw new TernError(
    'invalid_password',
    `The password has ${characters} characters; it must have at least ${LEAST_PASSWORD_CHARACTERS}.`,
    'Choose a longer password. A few random words are easy to remember.'
  );
}

/** Says that this device has a wallet, which is left as it is. */
export function walletExists(): TernError {
  return new TernError('wallet_exists', 'There is already a wallet on this device.', 'Unlock it, or delete it first.');
}
