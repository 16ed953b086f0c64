// Proves that only marks which nobody can need are dropped, none once a backup has been at work, and that no mark keeps a wallet on a full disk from starting.
import { expect, it, vi } from 'vitest';
import { TernError } from '../wire/errors.js';
import { systemClock } from './clock.js';
import { MemoryDisk } from './memory-disk.js';
import type { RowKey } from './disk.js';
import { dropNeedlessMarks } from './outbox.js';
import { beginRescan, openSafeMode } from './safe-mode.js';
import { Logs } from './logs.js';
import { Store } from './store.js';

const at = (key: string): RowKey => ({ primary: 'monitor_updates', secondary: 'm', key });

async function diskWithMarks(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const value = Uint8Array.of(1);
  await disk.commit({ puts: ['kept', 'removed'].map((key) => ({ row: at(key), value })), removes: [] });
  await disk.commit({ puts: [], removes: [at('removed')] });
  return disk;
}

const marked = async (disk: MemoryDisk) => (await disk.outbox()).map(({ row }) => row.key);

it('drops the marks of removed rows, and no other, where there was never a backup', async () => {
  const disk = await diskWithMarks();
  expect(await marked(disk)).toEqual(['kept', 'removed']);
  await dropNeedlessMarks(disk);
  expect(await marked(disk)).toEqual(['kept']);
});

it('lets a wallet start on a full disk, and tries again at the next start', async () => {
  const disk = await diskWithMarks();
  const full = new TernError('storage_full', 'Full.', 'Free some space.');
  vi.spyOn(disk, 'commit').mockRejectedValueOnce(full);
  await dropNeedlessMarks(disk);
  expect(await marked(disk)).toEqual(['kept', 'removed']);
  await dropNeedlessMarks(disk);
  expect(await marked(disk)).toEqual(['kept']);
});

it('lets a wallet that ran in safe mode start on a full disk, and scan again at the next start; no other fault passes', async () => {
  const disk = new MemoryDisk();
  await (await openSafeMode(disk, new Logs(systemClock))).rememberRescan();
  const store = new Store(disk);
  const endRescan = await beginRescan(store, false);
  const commit = vi.spyOn(disk, 'commit');
  commit.mockRejectedValueOnce(new TernError('storage_full', 'Full.', 'Free some space.'));
  await endRescan?.();
  commit.mockRejectedValueOnce(new TernError('storage_corrupt', 'Broken.', 'Ask.'));
  await expect(endRescan?.()).rejects.toMatchObject({ code: 'storage_corrupt' });
  expect(await disk.readLocal('rescan')).toBeDefined();
  await endRescan?.();
  expect(await beginRescan(store, false)).toBeUndefined();
});

it('keeps them all once a backup has kept books on this device', async () => {
  const disk = await diskWithMarks();
  await disk.commit({ puts: [], removes: [], local: [{ name: 'backup/state', value: Uint8Array.of(1) }] });
  await dropNeedlessMarks(disk);
  expect(await marked(disk)).toEqual(['kept', 'removed']);
});
