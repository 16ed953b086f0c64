// Proves that a server which lost state is noticed and filled again, that one which lies to its owner is put right, and that a bad line only takes longer.
import { describe, expect, it } from 'vitest';
import { BackupWorld, MANAGER, MONITOR, row, SEED } from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../memory-disk.js';
import type { RowKey } from '../disk.js';
import { ErrorCode } from '../../wire/gen/vss_pb.js';
import { deriveBackupSecrets, Seal } from './seal.js';

const seal = new Seal(deriveBackupSecrets(SEED).vssSeed);
const key = (which: typeof MANAGER) => seal.storeKey(which);

describe('a server that lost state', () => {
  const losses: [string, (world: BackupWorld, old: ReturnType<BackupWorld['server']['snapshot']>) => void][] = [
    ['rolled back', (world, old) => world.server.rollBack(old)],
    ['wiped', (world) => world.server.rollBack(new Map())]
  ];

  describe.each(losses)('%s', (_, lose) => {
    it('while the wallet runs is noticed by the next commit, said, and filled again', async () => {
      const world = new BackupWorld();
      const a = await world.started('a');
      await a.writeAcknowledged([MANAGER, 'm1'], [MONITOR, 'c1'], [row('labels', 'x'), 'one']);
      const old = world.server.snapshot();
      await a.writeAcknowledged([MANAGER, 'm2'], [row('labels', 'x'), undefined], [row('labels', 'y'), 'two']);
      lose(world, old);
      await a.writeAcknowledged([MANAGER, 'm3']);
      expect(a.notices.map(({ code }) => code)).toEqual(['backup_stale']);
      expect(a.halted).toBeUndefined();
      expect((await world.clock.during(a.backup.verify())).problems).toEqual([]);
      expect(await world.restored()).toEqual(await a.content());
    });

    it('while the wallet idles is noticed by the heartbeat and filled again', async () => {
      const world = new BackupWorld();
      const a = await world.started('a');
      await a.writeAcknowledged([MANAGER, 'm1']);
      const old = world.server.snapshot();
      await a.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2']);
      lose(world, old);
      await world.clock.advance(35_000);
      expect(a.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
      expect(await world.restored()).toEqual(await a.content());
    });

    it('while the wallet was closed is noticed at the start and filled again', async () => {
      const world = new BackupWorld();
      const a = await world.started('a');
      await a.writeAcknowledged([MANAGER, 'm1']);
      const old = world.server.snapshot();
      await a.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2']);
      await world.clock.during(a.backup.release());
      lose(world, old);
      const again = await world.started('a', { disk: a.disk });
      expect(again.notices.map(({ code }) => code)).toEqual(['backup_stale']);
      expect(again.backup.quarantine).toBeUndefined();
      expect(await world.restored()).toEqual(await again.content());
    });
  });

  it('is not whole for others before it was filled again', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1'], [MONITOR, 'c1']);
    const old = world.server.snapshot();
    await a.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2']);
    await world.clock.during(a.backup.release());
    world.server.rollBack(old);
    let puts = 0;
    world.server.fault = ({ method }) => (method === 'putObjects' && (puts += 1) > 1 ? { kind: 'refuse' } : undefined);
    const again = world.device('a', { disk: a.disk });
    void again.backup.start().catch(() => undefined);
    await world.clock.advance(5_000);
    again.kill();
    world.server.fault = () => undefined;
    await expect(world.started('b', {}, { choice: 'take_over' })).rejects.toMatchObject({ code: 'backup_stale' });
  });
});

describe('a server that lies to its owner', () => {
  it('with conflicts for ever is reported, and hears from us ever more rarely', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    world.server.fault = ({ method }) =>
      method === 'putObjects' ? { kind: 'error', status: 409, code: ErrorCode.CONFLICT_EXCEPTION } : undefined;
    await a.write([MANAGER, 'm2']);
    await world.clock.advance(120_000);
    const before = world.server.requests.length;
    expect(a.backup.info()).toMatchObject({ state: 'paused', lastError: { code: 'backup_conflict' } });
    expect(a.halted).toBeUndefined();
    await world.clock.advance(120_000);
    expect(world.server.requests.length - before).toBeLessThan(60);
    world.server.fault = () => undefined;
    await world.clock.advance(31_000);
    expect(a.backup.info().state).toBe('up_to_date');
  });

  it('with one key changed behind our back is compared, and put right', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1'], [MONITOR, 'c1']);
    const stored = world.server.store.get(key(MONITOR));
    if (stored) stored.version = 7n;
    await a.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2']);
    expect((await world.clock.during(a.backup.verify())).problems).toEqual([]);
    expect(await world.restored()).toEqual({ '["","","manager"]': 'm2', '["monitors","","00aa_0"]': 'c2' });
  });
});

describe('a restore over a bad line', () => {
  it('goes on where it was, also in another session, and asks for nothing twice that it has', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    const many = Array.from(
      { length: 60 },
      (_, index) => [row('labels', `${index}`), 'x'.repeat(200_000)] as [typeof MANAGER, string]
    );
    await a.writeAcknowledged(...many);
    await world.clock.during(a.backup.release());
    const disk = new MemoryDisk();
    let served = 0;
    world.server.fault = ({ method }) => {
      if (method !== 'getObject') return undefined;
      served += 1;
      if (served > 50) return { kind: 'refuse' };
      return undefined;
    };
    // A slow line: every answer takes its time, so that keeping what has come is worth it.
    const slow: typeof globalThis.fetch = async (input, init) => {
      await world.clock.sleep(700);
      return world.server.fetch(input, init);
    };
    const first = world.device('b', { disk, fetch: slow });
    void first.backup.start().catch(() => undefined);
    await world.clock.advance(20_000);
    first.kill();
    expect(await disk.isEmpty()).toBe(true);
    world.server.fault = () => undefined;
    const before = world.server.requests.filter(({ method }) => method === 'getObject').length;
    const progress: number[] = [];
    const b = await world.started('b', { disk }, { onProgress: (value) => progress.push(value) });
    const gets = world.server.requests.filter(({ method }) => method === 'getObject').length - before;
    expect(gets).toBeLessThan(45);
    expect(Object.keys(await b.content())).toHaveLength(60);
    expect(await disk.listLocal('backup/fetched/')).toEqual([]);
    expect(progress.at(-1)).toBe(1);
  });
});

describe('a restore over a line that breaks again and again', () => {
  async function stored(world: BackupWorld, rows: number): Promise<Record<string, string>> {
    const a = await world.started('a');
    const labels = Array.from({ length: rows }, (_, at): [RowKey, string] => [row('labels', `l${at}`), `${at}`]);
    await a.writeAcknowledged(...labels);
    await world.clock.during(a.backup.release());
    return a.content();
  }

  it('ends, because what an attempt brought is kept for the next', async () => {
    const world = new BackupWorld();
    const content = await stored(world, 30);
    let gets = 0;
    // The owner record comes, and a few values with it; then the line is down for a while.
    world.server.fault = ({ method }) => {
      if (method === 'listKeyVersions') gets = 0;
      return method === 'getObject' && (gets += 1) > 6 && gets < 40 ? { kind: 'refuse' } : undefined;
    };
    const b = world.device('b');
    await world.clock.during(b.backup.start(), 600_000);
    expect(await b.content()).toEqual(content);
  });

  it('keeps nothing of a store that did not prove itself', async () => {
    const world = new BackupWorld();
    const content = await stored(world, 3);
    const victim = key(row('labels', 'l1'));
    world.server.tamper = (name, object) =>
      name === victim ? { ...object, value: object.value.map((byte, at) => (at === 20 ? byte ^ 1 : byte)) } : object;
    const b = world.device('b');
    await expect(world.clock.during(b.backup.start())).rejects.toMatchObject({ code: 'backup_seal_broken' });
    b.kill();
    expect(await b.disk.listLocal('backup/fetched/')).toEqual([]);
    world.server.tamper = undefined;
    const again = await world.started('b', { disk: b.disk });
    expect(await again.content()).toEqual(content);
  });
});
