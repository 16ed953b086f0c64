// Proves that a cut shows one moment, however many turns are committed while it is made.
import { expect, it } from 'vitest';
import { bytes, MANAGER, MONITOR, row } from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../memory-disk.js';
import type { OutboxEntry, RowKey } from '../disk.js';
import { readCut } from './cut.js';

/** A disk on which another turn lands after each of the first `turns` looks at the outbox. */
class BusyDisk extends MemoryDisk {
  #turn = 0;

  constructor(private readonly turns: number) {
    super();
  }

  async turn(): Promise<void> {
    this.#turn += 1;
    const text = bytes(String(this.#turn));
    const fresh = row('monitors', String(this.#turn));
    await this.commit({ puts: [MANAGER, MONITOR, fresh].map((key) => ({ row: key, value: text })), removes: [] });
  }

  override async outbox(): Promise<OutboxEntry[]> {
    const entries = await super.outbox();
    if (this.#turn <= this.turns) await this.turn();
    return entries;
  }
}

const all = (outbox: OutboxEntry[]): RowKey[] => outbox.map((entry) => entry.row);

it.each([0, 1, 2, 5])('holds together while %i more turns are committed', async (turns) => {
  const disk = new BusyDisk(turns);
  await disk.turn();
  const cut = await readCut(disk, all);
  const text = (key: string) => new TextDecoder().decode(cut.find((found) => found.row.key === key)?.value);
  const turn = Number(text('manager'));
  expect(turn).toBeGreaterThan(0);
  expect(text('00aa_0')).toBe(text('manager'));
  const fresh = cut.map((found) => found.row.key).filter((key) => /^\d+$/.test(key));
  expect(fresh).toEqual(Array.from({ length: turn }, (_, index) => String(index + 1)));
  expect(cut.every((found) => found.value !== undefined)).toBe(true);
});

it('carries the marks of that moment, so that a later write keeps its own', async () => {
  const disk = new MemoryDisk();
  await disk.commit({ puts: [{ row: MANAGER, value: bytes('1') }], removes: [] });
  const cut = await readCut(disk, all);
  await disk.commit({ puts: [{ row: MANAGER, value: bytes('2') }], removes: [] });
  const clearOutbox = cut.map((found) => ({ row: found.row, generation: found.generation ?? -1 }));
  await disk.commit({ puts: [], removes: [], clearOutbox });
  expect(await disk.outbox()).toHaveLength(1);
});
