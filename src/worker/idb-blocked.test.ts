// Proves that a window which keeps its connection makes the wallet say so, instead of waiting for ever, and that it goes on once that window is closed.
import { openDB } from 'idb';
import { beforeEach, expect, it, vi } from 'vitest';
import { layFirst } from '../../tests/contract/disk-version-1.js';
import { useFreshIndexedDb } from '../../tests/contract/fresh-indexed-db.js';
import { systemClock } from './clock.js';
import { IdbDisk } from './idb.js';
import { SCHEMA_VERSION } from './idb-migrations.js';

const NAME = 'tern-test';
const held = expect.objectContaining({
  code: 'storage_unavailable',
  cause: expect.stringContaining('Another window') as unknown
}) as unknown;

useFreshIndexedDb();
beforeEach(() => {
  vi.spyOn(systemClock, 'setTimer').mockImplementation((_ms, run) => {
    setImmediate(run);
    return () => undefined;
  });
});

it('says that another window holds back the move to this version, and moves all when that is closed', async () => {
  const row = { primary: 'payments', secondary: '', key: 'a' };
  await layFirst(NAME, [{ row, created: 1, value: Uint8Array.of(7) }]);
  const hanging = await openDB(NAME, 1);
  await expect(IdbDisk.open(NAME)).rejects.toEqual(held);
  hanging.close();
  const disk = await IdbDisk.open(NAME);
  expect(await disk.read(row)).toEqual(Uint8Array.of(7));
  await disk.close();
});

it('says the same of a database that is to be deleted, and it is deleted when that window is closed', async () => {
  const hanging = await openDB(NAME, SCHEMA_VERSION);
  await expect(IdbDisk.delete(NAME)).rejects.toEqual(held);
  hanging.close();
  await expect.poll(async () => (await indexedDB.databases()).map(({ name }) => name)).not.toContain(NAME);
});
