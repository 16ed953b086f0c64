// Proves that only good settings are stored, that each lands where it belongs, and that what nobody chose follows the server.
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryDisk } from './memory-disk.js';
import type { ServerDefaults, Settings } from './api.js';
import { SettingsBook } from './settings.js';
import { Store } from './store.js';

const defaults: ServerDefaults = {
  network: 'regtest',
  esploraUrl: 'http://127.0.0.1:3000/',
  bridgeUrl: 'ws://127.0.0.1:3001/ln',
  vssUrl: 'http://127.0.0.1:3001/vss'
};
const row = { primary: 'settings', secondary: '', key: 'settings' };

let disk: MemoryDisk;
let book: SettingsBook;

beforeEach(async () => {
  disk = new MemoryDisk();
  book = await SettingsBook.open(disk, defaults, 'Chrome on Linux');
});

const reopened = (other: Partial<ServerDefaults> = {}) =>
  SettingsBook.open(disk, { ...defaults, ...other }, 'Chrome on Linux');
const text = (bytes: Uint8Array | undefined): unknown => bytes && JSON.parse(new TextDecoder().decode(bytes));

describe('SettingsBook', () => {
  it('begins with what the server offers', () => {
    expect(book.current).toEqual({
      esploraUrl: 'http://127.0.0.1:3000',
      bridgeUrl: 'ws://127.0.0.1:3001/ln',
      rapidGossipUrl: undefined,
      vssUrl: 'http://127.0.0.1:3001/vss',
      vssAuth: { type: 'signature' },
      backupMode: 'acknowledged',
      autoLockMinutes: 10,
      allowInsecure: false,
      deviceName: 'Chrome on Linux'
    });
  });

  it('keeps the device id over restarts, and gives another device another', async () => {
    const { deviceId } = book.device;
    expect((await reopened()).device.deviceId).toBe(deviceId);
    expect((await SettingsBook.open(new MemoryDisk(), defaults, 'x')).device.deviceId).not.toBe(deviceId);
  });

  it("stores the wallet's part in the replicated row and the device's part on the device", async () => {
    const store = new Store(disk);
    await book.change({ autoLockMinutes: 5, deviceName: ' My phone ', vssUrl: 'https://vss.example.com/' }, store);
    await store.commit();
    expect(text(await disk.read(row))).toEqual({ autoLockMinutes: 5 });
    expect((await reopened()).current).toMatchObject({
      autoLockMinutes: 5,
      deviceName: 'My phone',
      vssUrl: 'https://vss.example.com'
    });
    expect((await disk.outbox()).map((entry) => entry.row)).toEqual([row]);
  });

  it('stores only choices: what nobody chose follows a server that has moved', async () => {
    await book.change({ autoLockMinutes: 5 }, undefined);
    const moved = await reopened({ esploraUrl: 'https://new.example.com' });
    expect(moved.current).toMatchObject({ esploraUrl: 'https://new.example.com', autoLockMinutes: 5 });
  });

  it('keeps changes made before a wallet runs off the replicated rows until it does', async () => {
    await book.change({ esploraUrl: 'https://mine.example.com' }, undefined);
    expect(await disk.isEmpty()).toBe(true);
    const store = new Store(disk);
    const settle = await book.join(store);
    await store.commit();
    await settle();
    expect(text(await disk.read(row))).toEqual({ esploraUrl: 'https://mine.example.com' });
    expect(text(await disk.readLocal('settings'))).toEqual({});
    expect((await reopened()).current.esploraUrl).toBe('https://mine.example.com');
  });

  it('takes what a restore brought', async () => {
    const value = new TextEncoder().encode('{"autoLockMinutes":77,"fromTheFuture":true}');
    await disk.commit({ puts: [{ row, value }], removes: [], markDirty: false });
    const store = new Store(disk);
    await book.join(store);
    expect(book.current.autoLockMinutes).toBe(77);
    expect(store.hasStaged()).toBe(false);
  });

  it('turns the backup off, though the server offers one, and on again', async () => {
    await book.change({ vssUrl: undefined }, undefined);
    expect((await reopened()).current.vssUrl).toBeUndefined();
    await book.change({ vssUrl: 'https://vss.example.com' }, undefined);
    expect((await reopened()).current.vssUrl).toBe('https://vss.example.com');
  });

  it.each([
    [{ esploraUrl: 'http://example.com' }, 'insecure_url'],
    [{ bridgeUrl: 'ws://example.com/ln' }, 'insecure_url'],
    [{ vssUrl: 'http://example.com' }, 'insecure_url'],
    [{ esploraUrl: 'ftp://example.com' }, 'invalid_url'],
    [{ esploraUrl: '' }, 'invalid_url'],
    [{ bridgeUrl: 'https://example.com' }, 'invalid_url'],
    [{ rapidGossipUrl: 'nonsense' }, 'invalid_url'],
    [{ esploraUrl: undefined }, 'invalid_argument'],
    [{ autoLockMinutes: -1 }, 'invalid_argument'],
    [{ autoLockMinutes: 1.5 }, 'invalid_argument'],
    [{ deviceName: '  ' }, 'invalid_argument'],
    [{ vssAuth: { type: 'bearer', token: '' } }, 'invalid_argument'],
    [{ backupMode: 'never' }, 'invalid_argument'],
    [{ unknown: 1 }, 'invalid_argument']
  ])('refuses %j with %s and changes nothing', async (change, code) => {
    const before = book.current;
    await expect(book.change({ autoLockMinutes: 3, ...change } as Partial<Settings>, undefined)).rejects.toMatchObject({
      code
    });
    expect(book.current).toEqual(before);
    expect(await disk.readLocal('settings')).toBeUndefined();
  });

  it('takes plain text beyond this machine after the switch, and refuses to turn the switch off while it is in use', async () => {
    await book.change({ allowInsecure: true, esploraUrl: 'http://192.168.1.5:3000' }, undefined);
    await expect(book.change({ allowInsecure: false }, undefined)).rejects.toMatchObject({ code: 'insecure_url' });
    await book.change({ allowInsecure: false, esploraUrl: 'https://192.168.1.5:3000' }, undefined);
    expect(book.current.allowInsecure).toBe(false);
  });

  it('keeps what it understands of a damaged row', async () => {
    const value = new TextEncoder().encode('{"autoLockMinutes":"soon","esploraUrl":"https://kept.example.com"}');
    await disk.commit({ puts: [{ row, value }], removes: [] });
    expect((await reopened()).current).toMatchObject({ autoLockMinutes: 10, esploraUrl: 'https://kept.example.com' });
  });
});
