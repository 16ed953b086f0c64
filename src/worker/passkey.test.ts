// Proves that a passkey opens the vault beside the password, that no other does, and that what was tampered with opens for nobody.
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryDisk } from './memory-disk.js';
import { Vault } from './vault.js';

const password = 'correct horse';
const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const hint = { credentialId: new Uint8Array(20).fill(1), salt: new Uint8Array(32).fill(2) };
const prf = (filledWith: number): Uint8Array => new Uint8Array(32).fill(filledWith);
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('a passkey', () => {
  const disk = new MemoryDisk();
  const vault = new Vault(disk);
  let seed: Uint8Array;

  beforeAll(async () => {
    seed = await vault.restore(password, words, 'TREZOR');
    await vault.addPasskey(password, hint, prf(3));
  });

  it('gives the seed that the password gives, and says how to ask for it', async () => {
    expect(await vault.seedByPasskey(prf(3))).toEqual(seed);
    expect(await vault.seed(password)).toEqual(seed);
    expect(await vault.passkey()).toEqual(hint);
  });

  it('that answers anything else opens nothing', async () => {
    await expect(vault.seedByPasskey(prf(4))).rejects.toEqual(code('passkey_refused'));
    await expect(vault.seedByPasskey(new Uint8Array())).rejects.toEqual(code('passkey_refused'));
  });

  it('is added with the password only, and with what a passkey answers', async () => {
    await expect(vault.addPasskey('correct horsf', hint, prf(5))).rejects.toEqual(code('wrong_password'));
    await expect(vault.addPasskey(password, hint, new Uint8Array(31))).rejects.toEqual(code('invalid_argument'));
    await expect(vault.addPasskey(password, { ...hint, credentialId: new Uint8Array() }, prf(5))).rejects.toEqual(
      code('invalid_argument')
    );
    expect(await vault.seedByPasskey(prf(3))).toEqual(seed);
  });

  it('opens nothing once a byte of its box has changed, wherever', async () => {
    const box = (await disk.readLocal('vault_passkey')) ?? new Uint8Array();
    for (let at = 0; at < box.length; at += 1) {
      const copy = disk.clone();
      const changed = box.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      await copy.commit({ puts: [], removes: [], local: [{ name: 'vault_passkey', value: changed }] });
      const refusal: unknown = await new Vault(copy).seedByPasskey(prf(3)).catch((thrown: unknown) => thrown);
      const expected = ['passkey_refused', 'vault_corrupt', 'schema_too_new'];
      expect(expected, `byte ${at}`).toContain((refusal as { code: string }).code);
    }
  });

  it('shows nothing of the words on the disk', async () => {
    const box = (await disk.readLocal('vault_passkey')) ?? new Uint8Array();
    expect(Buffer.from(box).includes('TREZOR')).toBe(false);
  });

  it('gives way to another, and to none', async () => {
    const other = { credentialId: Uint8Array.of(9), salt: prf(9) };
    await vault.addPasskey(password, other, prf(6));
    await expect(vault.seedByPasskey(prf(3))).rejects.toEqual(code('passkey_refused'));
    expect(await vault.passkey()).toEqual(other);
    await vault.removePasskey();
    expect(await vault.passkey()).toBeUndefined();
    await expect(vault.seedByPasskey(prf(6))).rejects.toEqual(code('wallet_missing'));
  });
});
