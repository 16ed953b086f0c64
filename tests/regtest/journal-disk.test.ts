// Proves that the journal disk keeps the contract, survives a torn tail at every byte, and refuses damage.
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDisk } from '../contract/disk.js';
import { JournalDisk } from './journal-disk.js';

describeDisk('JournalDisk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tern-journal-'));
  return {
    open: () => JournalDisk.open(join(directory, 'journal')),
    cleanUp: () => rm(directory, { recursive: true })
  };
});

describe('JournalDisk', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tern-journal-'));
    path = join(directory, 'journal');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const row = { primary: 'test', secondary: '', key: 'k' };
  const put = (value: number) => ({ puts: [{ row, value: Uint8Array.of(value) }], removes: [] });

  async function openAndRead(): Promise<Uint8Array | undefined> {
    const disk = await JournalDisk.open(path);
    const value = await disk.read(row);
    await disk.close();
    return value;
  }

  async function writeTwoCommits(): Promise<{ bytes: Buffer; secondStart: number }> {
    const disk = await JournalDisk.open(path);
    await disk.commit(put(1));
    const secondStart = (await stat(path)).size;
    await disk.commit(put(2));
    await disk.close();
    return { bytes: await readFile(path), secondStart };
  }

  it('drops a torn last record, wherever it was torn, and keeps all before it', async () => {
    const { bytes, secondStart } = await writeTwoCommits();
    for (let length = secondStart; length < bytes.byteLength; length += 1) {
      await writeFile(path, bytes.subarray(0, length));
      expect(await openAndRead()).toEqual(Uint8Array.of(1));
    }
    await writeFile(path, bytes);
    expect(await openAndRead()).toEqual(Uint8Array.of(2));
  });

  it('drops a last record of which some bytes never reached the disk', async () => {
    const { bytes, secondStart } = await writeTwoCommits();
    for (const holeStart of [secondStart, secondStart + 4, secondStart + 8, bytes.byteLength - 1]) {
      await writeFile(path, Buffer.from(bytes).fill(0, holeStart));
      expect(await openAndRead()).toEqual(Uint8Array.of(1));
    }
  });

  it('goes on after a torn tail', async () => {
    const { bytes } = await writeTwoCommits();
    await truncate(path, bytes.byteLength - 3);
    const disk = await JournalDisk.open(path);
    await disk.commit(put(3));
    await disk.close();
    expect(await openAndRead()).toEqual(Uint8Array.of(3));
  });

  it('refuses damage that is no torn tail, and does not touch the file', async () => {
    const { bytes, secondStart } = await writeTwoCommits();
    const damaged = Buffer.from(bytes);
    damaged[secondStart - 1] = (damaged[secondStart - 1] ?? 0) ^ 1;
    await writeFile(path, damaged);
    await expect(JournalDisk.open(path)).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect(await readFile(path)).toEqual(damaged);
  });

  it('refuses a file that is no journal, and one of another version', async () => {
    await writeFile(path, 'something else altogether');
    await expect(JournalDisk.open(path)).rejects.toMatchObject({ code: 'storage_corrupt' });
    await writeFile(path, 'TERNJ999 and what follows');
    await expect(JournalDisk.open(path)).rejects.toMatchObject({ code: 'schema_too_new' });
  });

  it('compacts at open: the file does not grow with the number of commits', async () => {
    const disk = await JournalDisk.open(path);
    for (let value = 0; value < 200; value += 1) await disk.commit(put(value));
    await disk.close();
    const grown = (await stat(path)).size;
    expect(await openAndRead()).toEqual(Uint8Array.of(199));
    expect((await stat(path)).size).toBeLessThan(grown / 20);
  });

  it('cuts back what a failed append left, and the commit can be repeated', async () => {
    const disk = await JournalDisk.open(path);
    const compacted = await readFile(path);
    await rm(path);
    await expect(disk.commit(put(3))).rejects.toMatchObject({ code: 'storage_unavailable' });
    await writeFile(path, Buffer.concat([compacted, Buffer.alloc(4096, 8)]));
    await disk.commit(put(3));
    expect((await stat(path)).size).toBeLessThan(compacted.byteLength + 1000);
    await disk.close();
    expect(await openAndRead()).toEqual(Uint8Array.of(3));
  });

  it('says storage_unavailable when the file cannot be opened, and shows nothing of that commit', async () => {
    const disk = await JournalDisk.open(path);
    await rm(path);
    await expect(disk.commit(put(1))).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await disk.read(row)).toBeUndefined();
  });
});
