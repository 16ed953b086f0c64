// Owns what every disk must do, as plain functions with asserts of their own: vitest runs them, and so does a page in a real browser.
import type { Disk, DiskBatch, RowKey } from '../../src/worker/disk.js';
import { at, bytes, equal, MIB, pattern, puts, rejects, removes, row } from './disk-fixtures.js';

/** A disk under test, empty at first. */
export interface DiskStand {
  /** Opens the disk with what is durable: at first, and again as another process would find it. */
  open(): Promise<Disk>;
  /** Frees what the stand holds. Disks it opened are closed already. */
  cleanUp(): Promise<void>;
}

export type MakeDiskStand = () => Promise<DiskStand>;

export interface DiskCase {
  /** A sentence that says what is proven. */
  name: string;
  run(stand: DiskStand): Promise<void>;
}

/** Runs one case on a stand of its own. Rejects with what was found wrong. */
export async function runDiskCase(diskCase: DiskCase, make: MakeDiskStand): Promise<void> {
  const stand = await make();
  try {
    await diskCase.run(stand);
  } finally {
    await stand.cleanUp();
  }
}

export const diskCases: DiskCase[] = [
  onDisk('a new disk is empty', async (disk) => {
    equal(await disk.isEmpty(), true);
    equal(await disk.allRows(), []);
    equal(await disk.outbox(), []);
    equal(await disk.list('a', ''), []);
    equal(await disk.listPage('payments', '', 10), []);
    equal(await disk.read(at('a')), undefined);
  }),
  onDisk('a value reads back byte for byte, the empty one and one inside a larger buffer too', async (disk) => {
    const view = new Uint8Array([9, 9, 1, 2, 3, 9]).subarray(2, 5);
    await disk.commit(puts([at('a'), bytes(0, 255)], [at('empty'), bytes()], [at('view'), view]));
    equal(await disk.read(at('a')), bytes(0, 255));
    equal(await disk.read(at('empty')), bytes());
    equal(await disk.read(at('view')), bytes(1, 2, 3));
    equal(await disk.isEmpty(), false);
  }),
  onDisk('a value may change its length across the chunk limit, and is removed without remains', async (disk) => {
    for (const long of [at('long'), row('n', 's', 'long')]) {
      for (const length of [10, MIB, MIB + 1, 3 * MIB + 7, 2 * MIB, 5, 2 * MIB + 1, MIB]) {
        await disk.commit(puts([long, pattern(length)]));
        equal(await disk.read(long), pattern(length));
      }
      await disk.commit(puts([long, pattern(2 * MIB)]));
      await disk.commit(removes(long));
      equal(await disk.read(long), undefined);
      await disk.commit(puts([long, bytes(1)]));
      equal(await disk.read(long), bytes(1));
    }
  }),
  onDisk('keys are listed in ascending order, of their own namespace only', async (disk) => {
    const rows: RowKey[] = [
      row('n', 's', 'b'),
      row('n', 's', 'a'),
      row('n', '', 's'),
      row('n', 'st', 'c'),
      row('', 'n', 'd')
    ];
    await disk.commit(puts(...rows.map((key): [RowKey, Uint8Array] => [key, bytes(1)])));
    equal(await disk.list('n', 's'), ['a', 'b']);
    equal(await disk.list('n', ''), ['s']);
    equal(await disk.list('', 'n'), ['d']);
    equal(await disk.allRows(), [rows[4], rows[2], rows[1], rows[0], rows[3]]);
  }),
  onDisk('pages run from the newest to the oldest, and an update does not move a key', async (disk) => {
    await disk.commit(puts([at('c'), bytes(1)], [at('a'), bytes(1)]));
    await disk.commit(puts([at('b'), bytes(1)], [at('c'), bytes(2)]));
    equal(await disk.listPage('payments', '', 2), ['b', 'a']);
    equal(await disk.listPage('payments', '', 2, 'a'), ['c']);
    equal(await disk.listPage('payments', '', 2, 'c'), []);
    equal(await disk.listPage('payments', '', 2, 'unknown'), []);
    equal(await disk.listPage('payments', '', 0), []);
  }),
  onDisk('a namespace without an order of creation is never paged', async (disk) => {
    await disk.commit(puts([row('n', 's', 'a'), bytes(1)]));
    for (const primary of ['n', 'payments']) await rejects(disk.listPage(primary, 's', 9), 'internal');
  }),
  onDisk('a key that was removed and put again counts as new', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)], [at('b'), bytes(1)]));
    await disk.commit(removes(at('a')));
    equal(await disk.listPage('payments', '', 9), ['b']);
    await disk.commit(puts([at('a'), bytes(2)]));
    equal(await disk.listPage('payments', '', 9), ['a', 'b']);
  }),
  {
    name: 'everything is there when the disk is opened again: rows, order, marks, local values',
    run: async (stand) => {
      const before = await stand.open();
      await before.commit(puts([at('z'), bytes(1)], [at('a'), pattern(MIB + 3)], [at('gone'), bytes(1)]));
      await before.commit({ ...removes(at('gone')), local: [{ name: 'vault', value: bytes(7) }] });
      const outbox = await before.outbox();
      await before.close();
      const after = await stand.open();
      equal(await after.readMany([at('z'), at('a'), at('gone')]), [bytes(1), pattern(MIB + 3), undefined]);
      equal(await after.listPage('payments', '', 9), ['a', 'z']);
      equal(await after.outbox(), outbox);
      equal(await after.readLocal('vault'), bytes(7));
      await after.commit(puts([at('m'), bytes(1)], [at('z'), bytes(2)]));
      equal(await after.listPage('payments', '', 9), ['m', 'a', 'z']);
      await after.close();
    }
  },
  onDisk('every write and remove marks its key in the outbox, once, with a new generation', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)], [at('b'), bytes(1)]));
    const first = await disk.outbox();
    equal(
      first.map(({ row: { key }, removed }) => [key, removed]),
      [
        ['a', false],
        ['b', false]
      ]
    );
    await disk.commit(puts([at('a'), bytes(2)]));
    await disk.commit(removes(at('b')));
    const second = await disk.outbox();
    equal(
      second.map(({ row: { key }, removed }) => [key, removed]),
      [
        ['a', false],
        ['b', true]
      ]
    );
    const generations = [...first, ...second].map(({ generation }) => generation);
    equal(
      generations,
      [...new Set(generations)].sort((a, b) => a - b)
    );
  }),
  onDisk('what the backup does not hold is never marked', async (disk) => {
    const device = [row('', '', 'network_graph'), row('', '', 'scorer'), row('local', '', 'a'), row('local', 'b', 'c')];
    const replicated = [row('', '', 'manager'), row('', 'x', 'scorer'), row('monitors', '', 'scorer')];
    await disk.commit(puts(...[...device, ...replicated].map((key): [RowKey, Uint8Array] => [key, bytes(1)])));
    equal(
      (await disk.outbox()).map((entry) => entry.row),
      replicated
    );
    await disk.commit(removes(...device));
    equal((await disk.outbox()).length, replicated.length);
  }),
  onDisk('the outbox clears a mark only if its generation is unchanged', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)], [at('b'), bytes(1)]));
    const clearOutbox = await disk.outbox();
    await disk.commit(puts([at('b'), bytes(2)]));
    await disk.commit({ puts: [], removes: [], clearOutbox });
    equal(
      (await disk.outbox()).map((entry) => entry.row.key),
      ['b']
    );
    const left = await disk.outbox();
    await disk.commit({ ...puts([at('b'), bytes(3)]), clearOutbox: left });
    equal(
      (await disk.outbox()).map((entry) => entry.row.key),
      ['b']
    );
  }),
  onDisk('rows from the server are not marked, and marks that exist stay', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)]));
    await disk.commit({ ...puts([at('a'), bytes(2)], [at('b'), bytes(2)]), markDirty: false });
    await disk.commit({ ...removes(at('b')), markDirty: false });
    equal(await disk.read(at('a')), bytes(2));
    equal(await disk.read(at('b')), undefined);
    equal(
      (await disk.outbox()).map((entry) => entry.row.key),
      ['a']
    );
  }),
  {
    name: 'a generation is never used twice, not even after the outbox was emptied and the disk opened again',
    run: async (stand) => {
      const before = await stand.open();
      await before.commit(puts([at('a'), bytes(1)]));
      const clearOutbox = await before.outbox();
      await before.commit({ puts: [], removes: [], clearOutbox });
      equal(await before.outbox(), []);
      await before.close();
      const after = await stand.open();
      await after.commit(puts([at('a'), bytes(2)]));
      await after.commit({ puts: [], removes: [], clearOutbox });
      equal((await after.outbox()).length, 1);
      await after.close();
    }
  },
  onDisk('a batch that names a row twice is refused and changes nothing', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)]));
    const outbox = await disk.outbox();
    const twice: DiskBatch[] = [
      puts([at('b'), bytes(1)], [at('a'), bytes(2)], [at('a'), bytes(3)]),
      { ...puts([at('b'), bytes(1)], [at('a'), bytes(2)]), removes: [at('a')] },
      { ...removes(at('a'), at('a')), local: [{ name: 'x', value: bytes(1) }] }
    ];
    for (const batch of twice) await rejects(disk.commit(batch), 'internal');
    equal(await disk.read(at('a')), bytes(1));
    equal(await disk.allRows(), [at('a')]);
    equal(await disk.outbox(), outbox);
    equal(await disk.listLocal(''), []);
  }),
  onDisk('many values are read in the order asked, with gaps where there is no row', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)], [at('b'), pattern(MIB * 2)]));
    equal(await disk.readMany([at('b'), at('none'), at('a'), at('b')]), [
      pattern(MIB * 2),
      undefined,
      bytes(1),
      pattern(MIB * 2)
    ]);
    equal(await disk.readMany([]), []);
  }),
  onDisk('local values are kept apart from the rows', async (disk) => {
    await disk.commit({
      puts: [],
      removes: [],
      local: ['b/2', 'a/1', 'b/1', 'b'].map((name) => ({ name, value: bytes(name.length) }))
    });
    equal(await disk.listLocal('b/'), ['b/1', 'b/2']);
    equal(await disk.listLocal(''), ['a/1', 'b', 'b/1', 'b/2']);
    await disk.commit({
      puts: [],
      removes: [],
      local: [
        { name: 'b/1', value: undefined },
        { name: 'b', value: bytes(5) }
      ]
    });
    equal(await disk.readLocal('b/1'), undefined);
    equal(await disk.readLocal('b'), bytes(5));
    equal(await disk.isEmpty(), true);
    equal(await disk.outbox(), []);
    equal(await disk.allRows(), []);
  }),
  onDisk('a read sees the disk as it was when it was called', async (disk) => {
    await disk.commit(puts([at('a'), bytes(1)]));
    const reads = Promise.all([
      disk.read(at('a')),
      disk.list('payments', ''),
      disk.listPage('payments', '', 9),
      disk.outbox()
    ]);
    const outbox = disk.outbox();
    await disk.commit({ ...puts([at('b'), bytes(2)]), removes: [at('a')] });
    equal(await reads, [bytes(1), ['a'], ['a'], await outbox]);
    equal((await outbox).length, 1);
    equal(await disk.list('payments', ''), ['b']);
  }),
  onDisk('commits called at once all land, in the order of the calls', async (disk) => {
    const calls = Array.from({ length: 20 }, (_, index) =>
      disk.commit(puts([at('a'), bytes(index)], [at(`k${index}`), bytes(index)]))
    );
    await Promise.all(calls);
    equal(await disk.read(at('a')), bytes(19));
    equal((await disk.listPage('payments', '', 99)).reverse(), ['a', ...calls.map((_, index) => `k${index}`)]);
  }),
  onDisk('bytes are copied in and out', async (disk) => {
    const given = bytes(1, 2);
    const committed = disk.commit({ ...puts([at('a'), given]), local: [{ name: 'a', value: given }] });
    await committed;
    given.fill(9);
    const [read, local] = [await disk.read(at('a')), await disk.readLocal('a')];
    read?.fill(8);
    local?.fill(8);
    equal(await disk.read(at('a')), bytes(1, 2));
    equal(await disk.readLocal('a'), bytes(1, 2));
  }),
  {
    name: 'closing waits for a commit that is under way',
    run: async (stand) => {
      const before = await stand.open();
      const committed = before.commit(puts([at('a'), pattern(MIB * 4)]));
      await before.close();
      const after = await stand.open();
      const found = await after.read(at('a'));
      await after.close();
      await committed;
      equal(found, pattern(MIB * 4));
    }
  }
];

/** A case on one open disk. */
function onDisk(name: string, run: (disk: Disk) => Promise<void>): DiskCase {
  return {
    name,
    run: async (stand) => {
      const disk = await stand.open();
      try {
        await run(disk);
      } finally {
        await disk.close();
      }
    }
  };
}
