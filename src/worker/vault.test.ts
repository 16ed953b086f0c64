// Proves that the vault opens for its password alone, refuses weaker forms of itself, and follows BIP39's published vectors. Real Argon2id throughout.
import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryDisk } from './memory-disk.js';
import { entropyOf, newEntropy, seedOf, wordsOf } from './mnemonic.js';
import { Vault } from './vault.js';

const password = 'correct horse';
const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** The vault's row after `change`, with its checksum made to fit again, as somebody who tampers would. */
async function tampered(disk: MemoryDisk, change: (box: Uint8Array) => void): Promise<Vault> {
  const copy = disk.clone();
  const box = (await copy.readLocal('vault'))!.slice();
  change(box);
  box.set(sha256(box.subarray(0, -32)), box.length - 32);
  await copy.commit({ puts: [], removes: [], local: [{ name: 'vault', value: box }] });
  return new Vault(copy);
}

describe('Vault', () => {
  const disk = new MemoryDisk();
  const vault = new Vault(disk);

  beforeAll(async () => {
    await vault.restore(password, words, 'TREZOR');
  });

  it('gives the seed of the words and the passphrase', async () => {
    const seed = await vault.seed(password);
    expect(bytesToHex(seed)).toBe(
      '2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607'
    );
  });

  it('shows the words and the passphrase again for the password', async () => {
    expect(await vault.revealMnemonic(password)).toEqual({ mnemonic: words, bip39Passphrase: 'TREZOR' });
  });

  it('refuses a wrong password, and an empty one', async () => {
    await expect(vault.seed('correct horsf')).rejects.toEqual(code('wrong_password'));
    await expect(vault.revealMnemonic('')).rejects.toEqual(code('wrong_password'));
  });

  it('takes a password typed in another Unicode form', async () => {
    const other = new Vault(new MemoryDisk());
    const { mnemonic } = await other.create('pässwörter', 24);
    expect(mnemonic.split(' ')).toHaveLength(24);
    expect((await other.revealMnemonic('pa\u0308sswo\u0308rter')).mnemonic).toBe(mnemonic);
  });

  it('refuses a second wallet and leaves the first as it was', async () => {
    await expect(vault.create(password, 12)).rejects.toEqual(code('wallet_exists'));
    await expect(vault.restore(password, words)).rejects.toEqual(code('wallet_exists'));
    expect((await vault.revealMnemonic(password)).mnemonic).toBe(words);
  });

  it('refuses a short password and stores nothing', async () => {
    const empty = new Vault(new MemoryDisk());
    await expect(empty.create('seven 7', 12)).rejects.toEqual(code('invalid_password'));
    expect(await empty.exists()).toBe(false);
    await expect(empty.seed('seven 7')).rejects.toEqual(code('wallet_missing'));
  });

  it('says that it is damaged when any byte has changed', async () => {
    for (const at of [0, 20, 60, 80]) {
      const copy = disk.clone();
      const box = (await copy.readLocal('vault'))!.slice();
      box[at]! ^= 1;
      await copy.commit({ puts: [], removes: [], local: [{ name: 'vault', value: box }] });
      await expect(new Vault(copy).seed(password)).rejects.toEqual(code('vault_corrupt'));
    }
  });

  it('says that it is damaged when it is cut short', async () => {
    const copy = disk.clone();
    const box = (await copy.readLocal('vault'))!;
    await copy.commit({ puts: [], removes: [], local: [{ name: 'vault', value: box.subarray(0, 50) }] });
    await expect(new Vault(copy).seed(password)).rejects.toEqual(code('vault_corrupt'));
  });

  it.each([
    ['less memory', 5, 64 * 1024 - 1],
    ['fewer iterations', 9, 2],
    ['fewer lanes', 13, 3],
    ['absurd memory', 5, 0xffff_ffff],
    ['absurd iterations', 9, 1_000_000]
  ])('refuses a vault that asks for %s, before it uses the password', async (_what, offset, value) => {
    const changed = await tampered(disk, (box) => new DataView(box.buffer).setUint32(offset, value));
    await expect(changed.seed(password)).rejects.toEqual(code('vault_downgraded'));
  });

  it('binds the parameters to the secret: stronger ones written into the header open nothing', async () => {
    const changed = await tampered(disk, (box) => new DataView(box.buffer).setUint32(9, 4));
    await expect(changed.seed(password)).rejects.toEqual(code('wrong_password'));
  });

  it('refuses a format it does not know', async () => {
    const changed = await tampered(disk, (box) => box.fill(2, 4, 5));
    await expect(changed.seed(password)).rejects.toEqual(code('schema_too_new'));
  });

  it('stores neither words, entropy nor passphrase in the clear', async () => {
    const box = (await disk.readLocal('vault'))!;
    const shown = bytesToHex(box);
    for (const secret of [entropyOf(words), new TextEncoder().encode('TREZOR'), new TextEncoder().encode('legal')]) {
      expect(shown).not.toContain(bytesToHex(secret));
    }
  });
});

describe('mnemonic', () => {
  it.each([
    ['eleven words', words.split(' ').slice(1).join(' '), '11 words'],
    ['fifteen words', `${words} legal winner thank`, '15 words'],
    ['nothing', '  ', '0 words'],
    ['an unknown word', words.replace('sausage', 'sausages'), 'Word 6'],
    ['a wrong checksum', words.replace('yellow', 'year'), 'do not fit'],
    ['swapped words', words.replace('legal winner', 'winner legal'), 'do not fit']
  ])('refuses %s and names no word', (_what, mnemonic, cause) => {
    let thrown: unknown;
    try {
      entropyOf(mnemonic);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'invalid_mnemonic', cause: expect.stringContaining(cause) as unknown });
    expect((thrown as Error).message).not.toContain('sausage');
  });

  it('reads words however they were typed', () => {
    const typed = `  ${words.toUpperCase().replaceAll(' ', '\n\t ')} `;
    expect(entropyOf(typed)).toEqual(entropyOf(words));
  });

  it('draws other entropy every time, and its words lead back to it', () => {
    const drawn = [newEntropy(12), newEntropy(12), newEntropy(24)];
    expect(new Set(drawn.map(bytesToHex)).size).toBe(3);
    expect(drawn.map((entropy) => entropy.length)).toEqual([16, 16, 32]);
    for (const entropy of drawn) expect(entropyOf(wordsOf(entropy))).toEqual(entropy);
  });

  it('treats passphrases of one text in two Unicode forms as one', async () => {
    const entropy = new Uint8Array(16);
    expect(await seedOf(entropy, 'é')).toEqual(await seedOf(entropy, 'e\u0301'));
  });
});
