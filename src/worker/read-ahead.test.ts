// Proves that what is read ahead is what the store holds, channels with their updates included, that a value is given out once, and that failures are kept for whoever asks.
import { describe, expect, it } from 'vitest';
import { idle } from '../../tests/sim/virtual-clock.js';
import { TernError } from '../wire/errors.js';
import type { RowKey } from './disk.js';
import { MemoryDisk } from './memory-disk.js';
import { ReadAhead } from './read-ahead.js';
import { Store } from './store.js';

const manager: RowKey = { primary: '', secondary: '', key: 'manager' };
const monitor: RowKey = { primary: 'monitors', secondary: '', key: 'm' };
const update: RowKey = { primary: 'monitor_updates', secondary: 'm', key: '1' };
const other: RowKey = { primary: 'payments', secondary: '', key: 'p' };

/** A disk that counts its reads, and fails them on demand. */
class WatchedDisk extends MemoryDisk {
  reads: string[] = [];
  failure: TernError | undefined;

  override read(row: RowKey): Promise<Uint8Array | undefined> {
    this.reads.push(row.key);
    return this.failure ? Promise.reject(this.failure) : super.read(row);
  }
  override list(primary: string, secondary: string): Promise<string[]> {
    this.reads.push(primary);
    return this.failure ? Promise.reject(this.failure) : super.list(primary, secondary);
  }
}

async function watchedDisk(): Promise<WatchedDisk> {
  const disk = new WatchedDisk();
  const puts = [manager, monitor, update, other].map((row, index) => ({ row, value: Uint8Array.of(index) }));
  await disk.commit({ puts, removes: [] });
  return disk;
}

describe('ReadAhead', () => {
  it('has read what a start asks for, and reads the rest when it is asked for', async () => {
    const disk = await watchedDisk();
    const ahead = new ReadAhead(new Store(disk));
    await idle();
    disk.reads = [];
    expect(await ahead.read(manager)).toEqual(Uint8Array.of(0));
    expect(await ahead.list('monitors', '')).toEqual(['m']);
    expect(await ahead.list('monitors', '')).toEqual(['m']);
    expect(await ahead.read(monitor)).toEqual(Uint8Array.of(1));
    expect(await ahead.list('monitor_updates', 'm')).toEqual(['1']);
    expect(await ahead.read(update)).toEqual(Uint8Array.of(2));
    expect(disk.reads).toEqual([]);
    expect(await ahead.read(other)).toEqual(Uint8Array.of(3));
    expect(disk.reads).toEqual(['p']);
  });

  it('gives a value out once, and nothing of before once it is over', async () => {
    const disk = await watchedDisk();
    const store = new Store(disk);
    const ahead = new ReadAhead(store);
    await ahead.read(manager);
    for (const row of [manager, monitor]) store.stage(row, Uint8Array.of(9));
    expect(await ahead.read(manager)).toEqual(Uint8Array.of(9));
    ahead.end();
    expect(await ahead.read(monitor)).toEqual(Uint8Array.of(9));
  });

  it('follows no channel to its updates once it is over', async () => {
    const disk = await watchedDisk();
    const ahead = new ReadAhead(new Store(disk));
    ahead.end();
    await idle();
    expect(disk.reads).toContain('monitors');
    expect(disk.reads).not.toContain('monitor_updates');
  });

  it('fails when it is asked for what could not be read', async () => {
    const disk = await watchedDisk();
    disk.failure = new TernError('storage_corrupt', 'made to fail', 'none');
    const ahead = new ReadAhead(new Store(disk));
    await idle();
    disk.failure = undefined;
    await expect(ahead.read(manager)).rejects.toMatchObject({ code: 'storage_corrupt' });
    await expect(ahead.list('monitors', '')).rejects.toMatchObject({ code: 'storage_corrupt' });
  });
});
