// Proves that safe mode takes nothing along of what is stored but what the user decided: which coins are frozen, and labels.
import { beforeEach, describe, expect, it } from 'vitest';
import { TernError } from '../wire/errors.js';
import { systemClock } from './clock.js';
import type { Disk, DiskBatch, RowKey } from './disk.js';
import { Logs } from './logs.js';
import { MemoryDisk } from './memory-disk.js';
import { openSafeMode } from './safe-mode.js';

const unreadable = new TernError('storage_corrupt', 'A chunk is missing.', 'Ask.');
const frozenRow = (key: string): RowKey => ({ primary: 'bdk_wallet', secondary: 'frozen', key });
const frozen = frozenRow(`${'ab'.repeat(32)}_1`);
const label = { primary: 'labels', secondary: '', key: 'p1' };
const payment = { primary: 'payments', secondary: '', key: 'p1' };
const manager = { primary: '', secondary: '', key: 'manager' };
const put = (row: RowKey): DiskBatch['puts'][number] => ({ row, value: Uint8Array.of(1) });

describe('what safe mode takes along', () => {
  let own: MemoryDisk;
  let logs: Logs;
  const taken = async (): Promise<Disk> => (await openSafeMode(own, logs)).disk;

  beforeEach(async () => {
    [own, logs] = [new MemoryDisk(), new Logs(systemClock)];
    await own.commit({ puts: [put(frozen), put(label), put(manager), put(payment)], removes: [] });
  });

  it('is frozen coins and labels, and nothing of channels or payments', async () => {
    expect(await (await taken()).allRows()).toEqual([frozen, label]);
    expect(logs.lines()).toEqual([]);
  });

  it('is every frozen coin although its row cannot be read: the key says which it is', async () => {
    own.readMany = () => Promise.reject(unreadable);
    const disk = await taken();
    expect(await disk.allRows()).toEqual([frozen]);
    expect(await disk.read(frozen)).toEqual(Uint8Array.of(1));
  });

  it('is no key that names no coin, over which the node would stumble', async () => {
    const strange = [
      '',
      'x',
      `${'ab'.repeat(32)}`,
      `${'ab'.repeat(32)}_`,
      `${'ab'.repeat(32)}_01`,
      `${'ab'.repeat(32)}_4294967296`
    ];
    const puts = strange.map((key) => put(frozenRow(key)));
    await own.commit({ puts, removes: [] });
    expect(await (await taken()).allRows()).toEqual([frozen, label]);
  });

  it('is no frozen coin where not even the keys can be read, and the log says so', async () => {
    const list = own.list.bind(own);
    own.list = (primary, secondary) => (secondary === 'frozen' ? Promise.reject(unreadable) : list(primary, secondary));
    expect(await (await taken()).allRows()).toEqual([label]);
    expect(logs.lines()).toMatchObject([{ level: 'warn', message: expect.stringContaining('frozen') as string }]);
  });
});
