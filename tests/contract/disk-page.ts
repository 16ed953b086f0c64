// Owns the page side of the disk contract in a real browser: it runs one case, or writes without end, when the test asks; no test runner comes along.
import { deleteDB, openDB } from 'idb';
import { TernError } from '../../src/wire/errors.js';
import { IdbDisk } from '../../src/worker/idb.js';
import { diskCases, runDiskCase } from './disk-cases.js';

/** What the page offers to the test that drives it. */
export interface DiskPage {
  /** Runs a case by name. Resolves with what went wrong, if anything did. */
  runCase(name: string): Promise<string | undefined>;
  /** Commits 0, 1, 2, … into one row and reports each when it is durable. Never resolves. */
  count(report: (value: number) => Promise<void>): Promise<never>;
  /** The last value of the row that `count` writes. */
  counted(): Promise<number | undefined>;
  /** What a disk says when another window deletes, or upgrades, its database under it, and the databases there are then. */
  disturb(how: 'delete' | 'upgrade'): Promise<{ code: string; databases: string[] }>;
}

const ROW = { primary: 'test', secondary: '', key: 'count' };

const diskPage: DiskPage = {
  async runCase(name) {
    const found = diskCases.find((diskCase) => diskCase.name === name);
    if (!found) return `there is no case of that name`;
    try {
      const database = `contract ${name}`;
      await IdbDisk.delete(database);
      await runDiskCase(found, async () => ({
        open: () => IdbDisk.open(database),
        cleanUp: () => IdbDisk.delete(database)
      }));
      return undefined;
    } catch (thrown) {
      return thrown instanceof Error ? `${thrown.message}\n${thrown.stack}` : String(thrown);
    }
  },
  async count(report) {
    const disk = await IdbDisk.open('count');
    for (let value = 0; ; value += 1) {
      await disk.commit({ puts: [{ row: ROW, value: new Uint8Array(new Uint32Array([value]).buffer) }], removes: [] });
      await report(value);
    }
  },
  async counted() {
    const disk = await IdbDisk.open('count');
    const value = await disk.read(ROW);
    await disk.close();
    return value && new Uint32Array(value.slice().buffer)[0];
  },
  async disturb(how) {
    const name = `disturbed by ${how}`;
    const disk = await IdbDisk.open(name);
    const batch = { puts: [{ row: ROW, value: Uint8Array.of(1) }], removes: [] };
    await disk.commit(batch);
    if (how === 'delete') await deleteDB(name);
    else (await openDB(name, 1_000)).close();
    const code = await disk.commit(batch).then(
      () => 'resolved',
      (thrown: unknown) => TernError.from(thrown).code
    );
    await disk.close();
    const databases = await indexedDB.databases();
    return { code, databases: databases.map((database) => database.name ?? '').filter((found) => found === name) };
  }
};

Object.assign(globalThis, { diskPage });
