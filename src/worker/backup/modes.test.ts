// Proves the two modes and the truth of the indicator: who waits for the server, who does not, and what is said meanwhile.
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, row, type SimDevice } from '../../../tests/sim/backup-world.js';

describe('acknowledged mode', () => {
  it('holds the turn until the server has it, and says paused with the reason while the server is away', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    world.server.fault = () => ({ kind: 'refuse' });
    await a.write([MONITOR, 'c1']);
    let isPersisted = false;
    void a.backup.beforePersisted().then(() => (isPersisted = true));
    await world.clock.advance(60_000);
    expect(isPersisted).toBe(false);
    expect(a.backup.info()).toMatchObject({
      state: 'paused',
      pendingKeys: 1,
      lastError: { code: 'backup_unavailable' }
    });
    expect(a.backup.info().behindSinceMs).toBeDefined();
    world.server.fault = () => undefined;
    await world.clock.advance(31_000);
    expect(isPersisted).toBe(true);
    expect(a.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
    expect(a.backup.info().lastError).toBeUndefined();
  });

  it('catches up at once when the network is back', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    world.server.fault = () => ({ kind: 'refuse' });
    await a.write([MONITOR, 'c1']);
    await world.clock.advance(600_000);
    world.server.fault = () => undefined;
    a.backup.wake();
    await world.clock.advance(0);
    expect(a.backup.info().state).toBe('up_to_date');
  });

  it('catches up within seconds where the network was announced before it carried, claimed or not', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    const awayAndBack = async (device: SimDevice): Promise<void> => {
      world.server.fault = () => ({ kind: 'refuse' });
      await device.write([MONITOR, 'c1']);
      await world.clock.advance(600_000);
      device.backup.wake();
      await world.clock.advance(1_000);
      world.server.fault = () => undefined;
      await world.clock.advance(2_000);
      expect(device.backup.info().state).toBe('up_to_date');
    };
    await awayAndBack(a);
    await world.clock.during(a.backup.release());
    world.server.fault = () => ({ kind: 'refuse' });
    await awayAndBack(await world.started('a', { mode: 'local-first', disk: a.disk }));
  });

  it('stays paused when the network is back and the server is not, also with nothing to back up', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    world.server.fault = () => ({ kind: 'refuse' });
    await world.clock.advance(45_000);
    expect(a.backup.info()).toMatchObject({ state: 'paused', pendingKeys: 0 });
    a.backup.wake();
    await world.clock.advance(5_000);
    expect(a.backup.info().state).toBe('paused');
    expect(a.backup.isPaused).toBe(true);
    world.server.fault = () => undefined;
    a.backup.wake();
    await world.clock.advance(0);
    expect(a.backup.info().state).toBe('up_to_date');
  });

  it('does not let the node load before everything on disk is on the server, and goes on local-first when asked', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    a.kill();
    await a.disk.commit({ puts: [{ row: MANAGER, value: bytes('m2') }], removes: [] });
    world.server.fault = ({ method }) => (method === 'putObjects' ? { kind: 'refuse' } : undefined);
    const again = world.device('a', { disk: a.disk });
    let isLoaded = false;
    const start = again.backup.start().then(() => (isLoaded = true));
    await world.clock.advance(120_000);
    expect(isLoaded).toBe(false);
    expect(again.backup.info().state).toBe('paused');
    await again.backup.setMode('local-first');
    await world.clock.during(start);
    expect(again.backup.info().state).toBe('quarantined');
    world.server.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(again.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
    expect(await world.restored()).toEqual({ '["","","manager"]': 'm2' });
  });

  it('is patient with a server that stays away, not with one that loses an answer now and then', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    world.server.fault = ({ number, method }) =>
      method === 'putObjects' && number % 3 === 0 ? { kind: 'lose' } : undefined;
    const startMs = world.clock.nowMs();
    for (let turn = 0; turn < 40; turn += 1) {
      const stored = a.disk.commit({ puts: [{ row: MANAGER, value: bytes(String(turn)) }], removes: [] }).then(() => {
        a.backup.committed();
        return a.backup.beforePersisted();
      });
      await world.clock.during(stored);
    }
    expect(world.clock.nowMs() - startMs).toBeLessThan(6_000);
  });

  it('groups what comes while a commit is under way into the next one', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    const puts = () => world.server.requests.filter(({ method }) => method === 'putObjects').length;
    const before = puts();
    const waits: Promise<void>[] = [];
    for (let index = 0; index < 20; index += 1) {
      await a.write([row('monitor_updates', `${index}`, 'x'), `u${index}`]);
      waits.push(a.backup.beforePersisted());
    }
    await world.clock.during(Promise.all(waits));
    expect(puts() - before).toBeLessThan(20);
    expect(Object.keys(await world.restored())).toHaveLength(20);
  });
});

describe('local-first mode', () => {
  it('never holds the node up, says how far behind it is, and catches up by itself', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    world.server.fault = () => ({ kind: 'hang' });
    await a.write([MONITOR, 'c1'], [MANAGER, 'm1']);
    await a.backup.beforePersisted();
    await world.clock.advance(15_000);
    expect(a.backup.info()).toMatchObject({ state: 'behind', pendingKeys: 2, pendingBytes: 4 });
    world.server.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(a.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0, pendingBytes: 0 });
  });

  it('switching to acknowledged waits for the whole outbox', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    world.server.fault = () => ({ kind: 'refuse' });
    await a.write([MANAGER, 'm1']);
    let isSwitched = false;
    void a.backup.setMode('acknowledged').then(() => (isSwitched = true));
    await world.clock.advance(60_000);
    expect(isSwitched).toBe(false);
    world.server.fault = () => undefined;
    await world.clock.advance(31_000);
    expect(isSwitched).toBe(true);
    expect(await a.disk.outbox()).toEqual([]);
  });

  it('a wallet on disk starts without the server, in doubt until it could claim', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await a.write([MANAGER, 'm1']);
    await world.clock.during(a.backup.release());
    world.server.fault = () => ({ kind: 'refuse' });
    const again = await world.started('a', { mode: 'local-first', disk: a.disk });
    expect(again.backup.quarantine).toBe('unclaimed');
    world.server.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(again.backup.quarantine).toBeUndefined();
    expect(again.backup.info().state).toBe('up_to_date');
  });

  it('claims what it stored itself although two answers in a row were lost around a crash, and loses nothing written since', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await a.write([MANAGER, 'm1']);
    await world.clock.advance(1_000);
    // The last commit lands, nobody hears of it, and the process dies.
    world.server.fault = ({ method }) => (method === 'putObjects' ? { kind: 'hangAfter' } : undefined);
    await a.write([MANAGER, 'm2']);
    await world.clock.advance(1_000);
    a.kill();
    // The next process reads the record, and then the server is gone.
    world.server.fault = ({ method }) => (method === 'putObjects' ? { kind: 'refuse' } : undefined);
    const again = await world.started('a', { mode: 'local-first', disk: a.disk });
    await again.write([MANAGER, 'm3']);
    world.server.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(again.halted).toBeUndefined();
    expect(again.backup.info().state).toBe('up_to_date');
    expect(await again.content()).toEqual({ '["","","manager"]': 'm3' });
    await world.clock.during(again.backup.release());
    expect(await world.restored()).toEqual({ '["","","manager"]': 'm3' });
  });

  it('holds a state no longer in doubt that its peers agreed to before it could be claimed', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await a.write([MANAGER, 'm1']);
    await world.clock.during(a.backup.release());
    const b = await world.started('b', { mode: 'local-first' });
    expect(b.backup.quarantine).toBe('restored');
    await world.clock.advance(1_000);
    b.kill();
    world.server.fault = () => ({ kind: 'refuse' });
    const again = await world.started('b', { mode: 'local-first', disk: b.disk });
    expect(again.backup.quarantine).toBe('restored');
    await again.backup.endQuarantine();
    expect(again.backup.quarantine).toBeUndefined();
    world.server.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(again.backup.info().state).toBe('up_to_date');
    expect(again.backup.quarantine).toBeUndefined();
  });

  it('stops when it finds that another device went on while it could not reach the server', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await a.write([MANAGER, 'm1']);
    await world.clock.during(a.backup.release());
    const b = await world.started('b');
    await b.writeAcknowledged([MANAGER, 'm2']);
    world.server.fault = () => ({ kind: 'refuse' });
    const again = await world.started('a', { mode: 'local-first', disk: a.disk });
    world.server.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(again.halted?.code).toBe('taken_over');
    expect(await again.content()).toEqual({ '["","","manager"]': 'm1' });
  });

  it('an empty device does not start before it has looked at the server', async () => {
    const world = new BackupWorld();
    world.server.fault = () => ({ kind: 'refuse' });
    const a = world.device('a', { mode: 'local-first' });
    let isStarted = false;
    void a.backup.start().then(() => (isStarted = true));
    await world.clock.advance(120_000);
    expect(isStarted).toBe(false);
    expect(a.backup.info().lastError?.code).toBe('backup_unavailable');
    world.server.fault = () => undefined;
    await world.clock.advance(31_000);
    expect(isStarted).toBe(true);
  });
});
