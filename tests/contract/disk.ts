// Owns how vitest runs the disk contract: one test a case, each on a fresh stand.
import { describe, it } from 'vitest';
import { diskCases, runDiskCase, type MakeDiskStand } from './disk-cases.js';

export type { DiskStand, MakeDiskStand } from './disk-cases.js';

/** Declares the contract's tests for one kind of disk. */
export function describeDisk(name: string, make: MakeDiskStand): void {
  describe(`${name} keeps the contract of a disk`, () => {
    for (const diskCase of diskCases) it(diskCase.name, () => runDiskCase(diskCase, make));
  });
}
