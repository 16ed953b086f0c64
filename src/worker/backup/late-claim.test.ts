// Proves the claim under a running node: nothing is handed over, and no decision of the user outlives the start that it was made for.
import { describe, expect, it } from 'vitest';
import { BackupWorld, MANAGER, row } from '../../../tests/sim/backup-world.js';
import { MemoryVss } from '../../../tests/sim/memory-vss.js';

const OTHER_URL = 'http://127.0.0.1:2/vss';

describe('a server that is met only when the node runs', () => {
  /** A server where the wallet once ran on another device. */
  const otherServer = async (world: BackupWorld): Promise<MemoryVss> => {
    const other = new MemoryVss();
    const b = await world.started('b', { url: OTHER_URL, fetch: other.fetch });
    await b.writeAcknowledged([MANAGER, 'theirs']);
    await world.clock.during(b.backup.release());
    return other;
  };

  it.each(['take_over', 'start_anyway', 'start_empty'] as const)(
    'is neither taken nor overwritten by a %s that was said before: the next start asks anew',
    async (choice) => {
      const world = new BackupWorld();
      const other = await otherServer(world);
      const a = await world.started('a');
      for (const value of ['m1', 'm2', 'm3', 'm4']) await a.writeAcknowledged([MANAGER, value]);
      await world.clock.during(a.backup.release());
      const stored = other.snapshot();
      other.fault = () => ({ kind: 'refuse' });
      const change = { disk: a.disk, url: OTHER_URL, fetch: other.fetch, mode: 'local-first' as const };
      const running = await world.started('a', change, { choice });
      other.fault = () => undefined;
      await world.clock.advance(60_000);
      expect(await running.content()).toEqual({ '["","","manager"]': 'm4' });
      expect(other.snapshot()).toEqual(stored);
      expect(running.backup.info().lastError).toMatchObject({ code: 'backup_conflict' });
      expect(running.backup.quarantine).toBe('unclaimed');
      running.kill();
      await expect(world.started('a', change)).rejects.toMatchObject({ code: 'backup_conflict' });
    }
  );

  it('is not restored from either while the node has written nothing yet: the node stops', async () => {
    const world = new BackupWorld();
    const other = await otherServer(world);
    const a = await world.started('a');
    for (const value of ['1', '2', '3', '4']) await a.writeAcknowledged([row('settings', 'settings'), value]);
    await world.clock.during(a.backup.release());
    other.fault = () => ({ kind: 'refuse' });
    const change = {
      disk: a.disk,
      url: OTHER_URL,
      fetch: other.fetch,
      mode: 'local-first',
      isNewWallet: true
    } as const;
    const running = await world.started('a', change);
    other.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(await running.content()).toEqual({ '["settings","","settings"]': '4' });
    expect(running.halted).toMatchObject({ code: 'taken_over' });
  });
});
