// Owns who holds a wallet in the simulated world: the words, sealed once a program, and what the world was told of this wallet for good.
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { entropyToMnemonic } from '@scure/bip39';
import type { Payment } from '../../src/worker/api.js';
import { Vault } from '../../src/worker/vault.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';

export const PASSWORD = 'correct horse battery';
const VAULT_ROW = 'vault';

const vaults = new Map<string, Promise<Uint8Array>>();

/** A person with words. */
export class Persona {
  readonly name: string;
  /** Payments that the wallet called final, as it told them. */
  readonly finalPayments = new Map<string, Payment>();
  nodeId = '';
  readonly #vault: Uint8Array;

  private constructor(name: string, vault: Uint8Array) {
    this.name = name;
    this.#vault = vault;
  }

  /** The same name always has the same words. Call it before the crypto is seeded: sealing draws. */
  static async of(name: string): Promise<Persona> {
    const sealing = vaults.get(name) ?? sealWords(name);
    vaults.set(name, sealing);
    return new Persona(name, await sealing);
  }

  get words(): string {
    return wordsOf(this.name);
  }

  get host(): string {
    return `${this.name}.sim`;
  }

  get nodeUri(): string {
    return `${this.nodeId}@${this.host}:9735`;
  }

  /** A device into which the words were typed, and that has never been unlocked. */
  async freshDisk(): Promise<MemoryDisk> {
    const disk = new MemoryDisk();
    await disk.commit({ puts: [], removes: [], local: [{ name: VAULT_ROW, value: this.#vault }] });
    return disk;
  }
}

function wordsOf(name: string): string {
  const entropy = new Uint8Array(16).map((_, at) => name.charCodeAt(at % name.length) ^ at);
  return entropyToMnemonic(entropy, wordlist);
}

async function sealWords(name: string): Promise<Uint8Array> {
  const disk = new MemoryDisk();
  await new Vault(disk).restore(PASSWORD, wordsOf(name));
  const vault = await disk.readLocal(VAULT_ROW);
  if (!vault) throw new Error('the vault has a new place on the disk');
  return vault;
}
