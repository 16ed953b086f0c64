// Proves that a server which omits, swaps, ages or loses what it was given is found out with its code, before a row is used, and put right by a device that knows better.
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, row, SEED, type SimDevice } from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../memory-disk.js';
import type { Stored } from '../../../tests/sim/memory-vss.js';
import { ErrorCode } from '../../wire/gen/vss_pb.js';
import { deriveBackupSecrets, Seal } from './seal.js';

const seal = new Seal(deriveBackupSecrets(SEED).vssSeed);
const OWNER = seal.storeKey(row('tern', 'owner'));
const key = (which: typeof MANAGER) => seal.storeKey(which);

/** A store with a history: every key was written, then written again, then released. */
async function storeWithHistory(): Promise<{ world: BackupWorld; a: SimDevice; old: Map<string, Stored> }> {
  const world = new BackupWorld();
  const a = await world.started('a');
  await a.writeAcknowledged([MANAGER, 'm1'], [MONITOR, 'c1'], [row('labels', 'x'), 'one'], [row('labels', 'y'), 'two']);
  const [old] = world.server.snapshot().values();
  await a.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2'], [row('labels', 'x'), 'one again']);
  await world.clock.during(a.backup.release());
  return { world, a, old: old ?? new Map<string, Stored>() };
}

type Lie = (context: { world: BackupWorld; old: Map<string, Stored> }) => void;
const lies: [string, string, Lie][] = [
  [
    'omits a key from list and get',
    'backup_incomplete',
    ({ world }) => (world.server.tamper = (name, stored) => (name === key(MONITOR) ? undefined : stored))
  ],
  [
    'lists a key that it then does not have',
    'backup_incomplete',
    ({ world }) => {
      const missing = key(MONITOR);
      world.server.fault = ({ method, body }) =>
        method === 'getObject' && new TextDecoder().decode(body).includes(missing)
          ? { kind: 'error', status: 404, code: ErrorCode.NO_SUCH_KEY_EXCEPTION }
          : undefined;
    }
  ],
  [
    'serves an old value under its old version',
    'backup_stale',
    ({ world, old }) => (world.server.tamper = (name, stored) => (name === key(MONITOR) ? old.get(name) : stored))
  ],
  [
    'serves an old value under the new version',
    'backup_stale',
    ({ world, old }) =>
      (world.server.tamper = (name, stored) =>
        name === key(MONITOR) ? { ...stored, value: old.get(name)?.value ?? stored.value } : stored)
  ],
  [
    'swaps two values',
    'backup_seal_broken',
    ({ world }) =>
      (world.server.tamper = (name, stored) => {
        const other = name === key(MANAGER) ? key(MONITOR) : name === key(MONITOR) ? key(MANAGER) : undefined;
        const swapped = other === undefined ? undefined : world.server.store.get(other);
        return swapped ? { ...stored, value: swapped.value } : stored;
      })
  ],
  [
    'changes a bit',
    'backup_seal_broken',
    ({ world }) =>
      (world.server.tamper = (name, stored) => {
        if (name !== key(MANAGER)) return stored;
        const value = stored.value.slice();
        value[5] = (value[5] ?? 0) ^ 1;
        return { ...stored, value };
      })
  ],
  [
    'serves an old owner record',
    'backup_stale',
    ({ world, old }) => {
      const record = old.get(OWNER);
      world.server.tamper = (name, stored) => (name === OWNER && record ? { ...stored, value: record.value } : stored);
    }
  ],
  [
    'keeps a key that was deleted',
    'backup_stale',
    ({ world, old }) => {
      const store = world.server.store;
      const extra = old.get(key(MANAGER));
      const added = seal.storeKey(row('labels', 'gone'));
      if (extra) store.set(added, { ...extra, version: 1n, value: seal.seal(added, bytes('gone'), 0n).bytes });
    }
  ],
  [
    'adds a key that this wallet did not make',
    'backup_seal_broken',
    ({ world }) => world.server.store.set('intruder', { version: 1n, value: bytes('x'), created: 999 })
  ]
];

describe.each(lies)('a server that %s', (_, code, lie) => {
  it('is refused by a restore, which then has used nothing', async () => {
    const { world, old } = await storeWithHistory();
    lie({ world, old });
    const b = world.device('b');
    await expect(b.start()).rejects.toMatchObject({ code });
    expect(await b.disk.isEmpty()).toBe(true);
    expect(await b.disk.listLocal('backup/')).toEqual([]);
  });

  it('is found out by a drill, which touches nothing', async () => {
    const { world, old } = await storeWithHistory();
    const b = await world.started('b');
    lie({ world, old });
    const stored = world.server.snapshot();
    const found = await world.clock
      .during(b.backup.verify())
      .catch((thrown: { code: string }) => ({ problems: [thrown] }));
    expect(found.problems.map((problem) => problem.code)).toContain(code);
    expect(world.server.snapshot()).toEqual(stored);
  });
});

describe('a drill', () => {
  it('of an honest server finds no problem and says what there is', async () => {
    const { world } = await storeWithHistory();
    const b = await world.started('b');
    const found = await world.clock.during(b.backup.verify());
    expect(found).toMatchObject({ keys: 5, problems: [], commitId: 3n });
    expect(found.bytes).toBeGreaterThan(0);
  });

  it('finds a server that was rolled back as a whole, which is sound in itself', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    const old = world.server.snapshot();
    await a.writeAcknowledged([MANAGER, 'm2']);
    world.server.rollBack(old);
    const found = await world.clock.during(a.backup.verify());
    expect(found.problems.map(({ code }) => code)).toEqual(['backup_stale']);
  });
});

describe('explicit choices', () => {
  it('start anyway takes what is sound, in quarantine, and makes the server whole again', async () => {
    const { world } = await storeWithHistory();
    world.server.store.delete(key(MONITOR));
    const store = world.server.store;
    const manager = store.get(key(row('labels', 'x')));
    if (manager) store.set(key(row('labels', 'y')), { ...manager, version: 1n });
    const b = await world.started('b', {}, { choice: 'start_anyway' });
    expect(await b.content()).toEqual({ '["","","manager"]': 'm2', '["labels","","x"]': 'one again' });
    expect(b.backup.quarantine).toBe('start_anyway');
    const found = await world.clock.during(b.backup.verify());
    expect(found.problems).toEqual([]);
    expect(found.keys).toBe(3);
  });

  it('a record that cannot be read stops nobody who chose to go on', async () => {
    const { world, a, old } = await storeWithHistory();
    const record = old.get(OWNER);
    const breakRecord = () => {
      const stored = world.server.store.get(OWNER);
      if (stored && record) stored.value = record.value;
    };
    breakRecord();
    await expect(world.started('b')).rejects.toMatchObject({ code: 'backup_stale' });
    const b = await world.started('b', {}, { choice: 'start_anyway' });
    expect((await b.content())['["","","manager"]']).toBe('m2');
    expect(b.backup.quarantine).toBe('start_anyway');
    expect((await world.clock.during(b.backup.verify())).problems).toEqual([]);
    await world.clock.during(b.backup.release());
    breakRecord();
    await expect(world.started('a', { disk: a.disk })).rejects.toMatchObject({ code: 'backup_stale' });
    const again = await world.started('a', { disk: a.disk }, { choice: 'start_anyway' });
    expect((await again.content())['["","","manager"]']).toBe('m2');
    expect(again.backup.quarantine).toBe('start_anyway');
    await world.clock.during(again.backup.release());
    breakRecord();
    const c = await world.started('c', {}, { choice: 'start_empty' });
    expect(await c.disk.isEmpty()).toBe(true);
    expect((await world.clock.during(c.backup.verify())).problems).toEqual([]);
  });

  it('start empty overwrites what the server held', async () => {
    const { world } = await storeWithHistory();
    world.server.store.set('intruder', { version: 1n, value: bytes('x'), created: 999 });
    const b = await world.started('b', {}, { choice: 'start_empty' });
    expect(await b.disk.isEmpty()).toBe(true);
    await b.writeAcknowledged([MANAGER, 'new']);
    expect((await world.clock.during(b.backup.verify())).problems).toEqual([]);
    expect(world.server.store.has('intruder')).toBe(false);
    expect(await world.restored()).toEqual({ '["","","manager"]': 'new' });
  });

  it('a device with another state of the wallet is asked which one counts', async () => {
    const { world } = await storeWithHistory();
    const disk = new MemoryDisk();
    await disk.commit({ puts: [{ row: MANAGER, value: bytes('mine') }], removes: [] });
    await expect(world.started('b', { disk: disk.clone() })).rejects.toMatchObject({ code: 'backup_conflict' });
    const theirs = await world.started('b', { disk: disk.clone() }, { choice: 'take_over' });
    expect((await theirs.content())['["","","manager"]']).toBe('m2');
    await world.clock.during(theirs.backup.release());
    const mine = await world.started('c', { disk }, { choice: 'start_empty' });
    expect(await mine.content()).toEqual({ '["","","manager"]': 'mine' });
    expect(await world.restored()).toEqual({ '["","","manager"]': 'mine' });
  });
});
