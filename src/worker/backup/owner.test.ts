// Proves that one device writes: refusal, take-over, hand-over, clones, the heartbeat, the goodbye.
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, row } from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../memory-disk.js';

describe('one owner', () => {
  it('a second device is refused with the name of the first, takes over when asked, and the first stops within a heartbeat', async () => {
    const world = new BackupWorld();
    const a = await world.started('Laptop');
    await a.writeAcknowledged([MANAGER, 'm1']);
    const b = world.device('Phone');
    await expect(b.start()).rejects.toMatchObject({
      code: 'owned_elsewhere',
      cause: expect.stringContaining('Laptop') as string
    });
    await b.start({ choice: 'take_over' });
    expect(await b.content()).toEqual({ '["","","manager"]': 'm1' });
    expect(a.halted).toBeUndefined();
    await world.clock.advance(31_000);
    expect(a.halted).toMatchObject({ code: 'taken_over', cause: expect.stringContaining('Phone') as string });
    expect(a.backup.info().state).toBe('taken_over');
  });

  it('whoever was taken over cannot write again: its commit is refused, and those who wait for it are told', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    const b = await world.started('b', {}, { choice: 'take_over' });
    const stored = world.server.snapshot();
    await expect(a.writeAcknowledged([MANAGER, 'stale'])).rejects.toMatchObject({ code: 'taken_over' });
    expect(world.server.snapshot()).toEqual(stored);
    await b.writeAcknowledged([MANAGER, 'm2']);
    expect(await world.restored()).toEqual({ '["","","manager"]': 'm2' });
  });

  it('those whose commit is under way when it is refused are told, and so are those when the wallet is locked', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    const b = await world.started('b', {}, { choice: 'take_over' });
    await a.disk.commit({ puts: [{ row: MANAGER, value: bytes('stale') }], removes: [] });
    await expect(world.clock.during(a.backup.beforePersisted(), 20_000)).rejects.toMatchObject({ code: 'taken_over' });
    world.server.fault = () => ({ kind: 'hang' });
    await b.disk.commit({ puts: [{ row: MANAGER, value: bytes('late') }], removes: [] });
    const late = b.backup.beforePersisted();
    await world.clock.advance(1_000);
    b.backup.close();
    await expect(late).rejects.toMatchObject({ code: 'wallet_locked' });
  });

  it('asks before a peer is dialled: whoever was taken over stops there, and acknowledged mode waits for a server that is away', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    await world.clock.during(a.backup.confirmOwner());
    world.server.fault = () => ({ kind: 'refuse' });
    await expect(world.clock.during(a.backup.confirmOwner())).rejects.toMatchObject({ code: 'backup_unavailable' });
    expect(a.halted).toBeUndefined();
    await world.clock.during(a.backup.setMode('local-first'));
    await world.clock.during(a.backup.confirmOwner());
    world.server.fault = () => ({ kind: 'hang' });
    await world.clock.during(a.backup.confirmOwner(), 3_000);
    world.server.fault = () => undefined;
    await world.clock.during(a.backup.setMode('acknowledged'));
    await world.started('b', {}, { choice: 'take_over' });
    await expect(world.clock.during(a.backup.confirmOwner())).rejects.toMatchObject({ code: 'taken_over' });
    expect(a.halted).toMatchObject({ code: 'taken_over' });
  });

  it('stops before a dial in local-first mode too, where the server can be reached', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await world.started('b', {}, { choice: 'take_over' });
    expect(a.halted).toBeUndefined();
    await world.clock.during(a.backup.confirmOwner(), 1_000);
    expect(a.halted).toMatchObject({ code: 'taken_over' });
  });

  it('takes back by hand-over: changed rows come, gone rows go, what was not stored is dropped', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged(
      [MANAGER, 'm1'],
      [MONITOR, 'c1'],
      [row('labels', 'x'), 'old'],
      [row('labels', 'same'), 'same']
    );
    const b = await world.started('b', {}, { choice: 'take_over' });
    await a.write([row('labels', 'late'), 'never stored'], [MONITOR, 'c1 diverged']);
    await world.clock.advance(1_000);
    await b.writeAcknowledged([MANAGER, 'm2'], [row('labels', 'x'), undefined], [row('labels', 'new'), 'new']);
    await world.clock.during(b.backup.release());
    const again = world.device('a', { disk: a.disk });
    expect(again.backup.info().state).not.toBe('up_to_date');
    const gets = () => world.server.requests.filter(({ method }) => method === 'getObject').length;
    const before = gets();
    await again.start();
    expect(await again.content()).toEqual({
      '["","","manager"]': 'm2',
      '["monitors","","00aa_0"]': 'c1',
      '["labels","","new"]': 'new',
      '["labels","","same"]': 'same'
    });
    expect(await again.disk.outbox()).toEqual([]);
    // The owner, the manager, the monitor that was dirty here, the new label: not what both had.
    expect(gets() - before).toBe(4);
    expect(again.backup.quarantine).toBeUndefined();
  });

  it('a hand-over from an owner that did not say goodbye starts in quarantine, which ends when the peers agree', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    await world.clock.during(a.backup.release());
    const b = await world.started('b');
    await b.writeAcknowledged([MANAGER, 'm2']);
    b.kill();
    const again = await world.started('a', { disk: a.disk }, { choice: 'take_over' });
    expect(again.backup.quarantine).toBe('lagging_owner');
    expect(again.backup.info().state).toBe('quarantined');
    await again.backup.endQuarantine();
    expect(again.backup.quarantine).toBeUndefined();
    again.kill();
    expect((await world.started('a', { disk: a.disk })).backup.quarantine).toBeUndefined();
  });

  it('keeps turns that were not stored when nobody went on since, but not without doubt', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await a.write([MANAGER, 'm1']);
    await world.clock.during(a.backup.now());
    world.server.fault = () => ({ kind: 'refuse' });
    await a.write([MANAGER, 'm2']);
    a.kill();
    world.server.fault = () => undefined;
    const b = await world.started('b', { mode: 'local-first' }, { choice: 'take_over' });
    expect(await b.content()).toEqual({ '["","","manager"]': 'm1' });
    await world.clock.during(b.backup.release());
    const back = await world.started('a', { disk: a.disk });
    expect(await back.content()).toEqual({ '["","","manager"]': 'm2' });
    expect(back.backup.quarantine).toBeUndefined();
    await world.clock.during(back.backup.release());
    (await world.started('b', { disk: b.disk, mode: 'local-first' }, { choice: 'take_over' })).kill();
    expect((await world.started('a', { disk: a.disk }, { choice: 'take_over' })).backup.quarantine).toBe(
      'lagging_owner'
    );
  });

  it('a cloned profile that starts after the original went on hands over, and never starts old', async () => {
    const world = new BackupWorld();
    const original = await world.started('a', { disk: new MemoryDisk() });
    await original.writeAcknowledged([MANAGER, 'm1'], [MONITOR, 'c1']);
    const clone = (original.disk as MemoryDisk).clone();
    await original.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2']);
    const started = await world.started('a', { disk: clone });
    expect(await started.content()).toEqual({ '["","","manager"]': 'm2', '["monitors","","00aa_0"]': 'c2' });
    await expect(original.writeAcknowledged([MANAGER, 'm3'])).rejects.toMatchObject({ code: 'taken_over' });
  });

  it('renews the record at least every five minutes while idle, and reads it every 30 s while visible', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    const count = (method: string) => world.server.requests.filter((request) => request.method === method).length;
    const [puts, gets] = [count('putObjects'), count('getObject')];
    await world.clock.advance(300_000);
    expect(count('putObjects') - puts).toBe(1);
    expect(count('getObject') - gets).toBeGreaterThanOrEqual(8);
    a.backup.touch(false);
    const hidden = count('getObject');
    await world.clock.advance(290_000);
    expect(count('getObject')).toBe(hidden);
    expect(count('putObjects') - puts).toBe(2);
  });

  it('a released wallet is claimed without a question', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    await world.clock.during(a.backup.release());
    await expect(world.started('b')).resolves.toBeDefined();
  });
});
