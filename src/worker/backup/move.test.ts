// Proves a change of server: an empty one gets everything, one that holds something else is never believed or overwritten without being asked.
import { describe, expect, it } from 'vitest';
import { BackupWorld, MANAGER, row, type SimDevice } from '../../../tests/sim/backup-world.js';
import { MemoryVss } from '../../../tests/sim/memory-vss.js';

const OTHER_URL = 'http://127.0.0.1:2/vss';

/** The device of `from`, started again on another server. */
async function moved(
  world: BackupWorld,
  from: SimDevice,
  server: MemoryVss,
  choice?: 'take_over' | 'start_anyway'
): Promise<SimDevice> {
  await world.clock.during(from.backup.release());
  return world.started('a', { disk: from.disk, url: OTHER_URL, fetch: server.fetch }, { choice });
}

async function deviceWithRows(world: BackupWorld): Promise<SimDevice> {
  const a = await world.started('a');
  await a.writeAcknowledged([MANAGER, 'm1'], [row('labels', 'x'), 'one']);
  return a;
}

describe('a change of the backup server', () => {
  it('to an empty one uploads everything, without a word of loss', async () => {
    const world = new BackupWorld();
    const other = new MemoryVss();
    const a = await moved(world, await deviceWithRows(world), other);
    expect(a.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0, lastError: undefined });
    expect(a.notices).toEqual([]);
    expect(await world.clock.during(a.backup.verify())).toMatchObject({ problems: [] });
    await world.clock.during(a.backup.release());
    const b = await world.started('b', { url: OTHER_URL, fetch: other.fetch });
    expect(await b.content()).toEqual({ '["","","manager"]': 'm1', '["labels","","x"]': 'one' });
  });

  it('back to the one before asks which state counts, for that one is the older', async () => {
    const world = new BackupWorld();
    const other = new MemoryVss();
    const there = await moved(world, await deviceWithRows(world), other);
    await there.writeAcknowledged([MANAGER, 'm2']);
    await world.clock.during(there.backup.release());
    await expect(world.started('a', { disk: there.disk })).rejects.toMatchObject({ code: 'backup_conflict' });
    expect(await there.content()).toMatchObject({ '["","","manager"]': 'm2' });
    const back = await world.started('a', { disk: there.disk }, { choice: 'start_anyway' });
    expect(back.backup.quarantine).toBe('start_anyway');
    expect(await world.restored()).toMatchObject({ '["","","manager"]': 'm2' });
  });

  it('to one where the wallet ran on another device asks, and takes that state when told to', async () => {
    const world = new BackupWorld();
    const other = new MemoryVss();
    const b = await world.started('b', { url: OTHER_URL, fetch: other.fetch });
    for (const value of ['n1', 'n2', 'n3', 'n4']) await b.writeAcknowledged([MANAGER, value]);
    await world.clock.during(b.backup.release());
    const a = await deviceWithRows(world);
    await expect(moved(world, a, other)).rejects.toMatchObject({ code: 'backup_conflict' });
    expect(await a.content()).toMatchObject({ '["","","manager"]': 'm1' });
    const taken = await moved(world, a, other, 'take_over');
    expect(await taken.content()).toEqual({ '["","","manager"]': 'n4' });
    expect(taken.backup.quarantine).toBe('restored');
  });

  it('to another address of the same server goes on as before', async () => {
    const world = new BackupWorld();
    const a = await moved(world, await deviceWithRows(world), world.server);
    expect(a.backup.info()).toMatchObject({ state: 'up_to_date' });
    expect(a.backup.quarantine).toBeUndefined();
  });
});
