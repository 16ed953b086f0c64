// Owns what stays open whether a wallet is locked or not: its disk, its sealed secret, its settings.
import type { ServerDefaults } from './api.js';
import type { Disk } from './disk.js';
import type { Platform } from './platform.js';
import { SettingsBook } from './settings.js';
import { Vault } from './vault.js';

const MNEMONIC_BACKED_UP_ROW = 'mnemonic_backed_up';

/** The place of one wallet on one device. */
export class Home {
  readonly disk: Disk;
  readonly vault: Vault;
  readonly settings: SettingsBook;

  private constructor(disk: Disk, settings: SettingsBook) {
    this.disk = disk;
    this.vault = new Vault(disk);
    this.settings = settings;
  }

  /** Opens the disk of the platform's network. Throws what the disk says. */
  static async open(platform: Platform, defaults: ServerDefaults): Promise<Home> {
    const disk = await platform.openDisk();
    return new Home(disk, await SettingsBook.open(disk, defaults, platform.deviceName));
  }

  /** The user has shown to have the words. */
  async markMnemonicBackedUp(): Promise<void> {
    await this.disk.commit({
      puts: [],
      removes: [],
      local: [{ name: MNEMONIC_BACKED_UP_ROW, value: Uint8Array.of(1) }]
    });
  }

  async isMnemonicBackedUp(): Promise<boolean> {
    return (await this.disk.readLocal(MNEMONIC_BACKED_UP_ROW)) !== undefined;
  }
}
