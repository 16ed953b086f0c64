// Proves that the memory disk keeps the contract, and that a clone is what a new process would find.
import { expect, it } from 'vitest';
import { describeDisk } from '../../tests/contract/disk.js';
import { MemoryDisk } from './memory-disk.js';

describeDisk('MemoryDisk', async () => {
  let disk: MemoryDisk | undefined;
  return {
    open: async () => (disk = disk?.clone() ?? new MemoryDisk()),
    cleanUp: async () => undefined
  };
});

it('a clone has nothing in common with its original', async () => {
  const row = { primary: 'a', secondary: '', key: 'k' };
  const original = new MemoryDisk();
  await original.commit({
    puts: [{ row, value: Uint8Array.of(1) }],
    removes: [],
    local: [{ name: 'n', value: Uint8Array.of(1) }]
  });
  const clone = original.clone();
  await original.commit({ puts: [{ row, value: Uint8Array.of(2) }], removes: [] });
  await clone.commit({ puts: [], removes: [], local: [{ name: 'n', value: undefined }] });
  expect(await clone.read(row)).toEqual(Uint8Array.of(1));
  expect(await original.read(row)).toEqual(Uint8Array.of(2));
  expect(await original.readLocal('n')).toEqual(Uint8Array.of(1));
});
