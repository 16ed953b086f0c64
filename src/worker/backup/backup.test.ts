// Proves the life of a backup: first commit, restore elsewhere, take-over, hand-over, release, two modes, and the truth of the indicator.
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, row } from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../../../tests/sim/memory-disk.js';
import { isReplicated } from '../replication.js';

describe('a first backup', () => {
  it('puts every row of the disk on the server, and a device with nothing but the words has them all', async () => {
    const world = new BackupWorld();
    const a = world.device('a');
    await a.disk.commit({
      puts: [
        { row: MANAGER, value: bytes('m1') },
        { row: row('', 'scorer'), value: bytes('s') }
      ],
      removes: []
    });
    await a.start();
    await a.writeAcknowledged([MONITOR, 'c1'], [MANAGER, 'm2']);
    expect(a.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0, storedKeys: 3 });
    await world.clock.during(a.backup.release());
    const b = await world.started('b');
    expect(await b.content()).toEqual({ '["","","manager"]': 'm2', '["monitors","","00aa_0"]': 'c1' });
    expect(b.backup.quarantine).toBe('restored');
    expect(await b.disk.outbox()).toEqual([]);
  });

  it('removes what was removed, and sends no delete for what the server never had', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([row('labels', 'x'), 'one'], [row('labels', 'y'), 'two']);
    await a.write([row('labels', 'z'), 'three'], [row('labels', 'x'), undefined]);
    await a.writeAcknowledged([row('labels', 'z'), undefined]);
    expect(await a.disk.outbox()).toEqual([]);
    expect(await world.restored()).toEqual({ '["labels","","y"]': 'two' });
  });

  it('shows the server nothing of what it keeps', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([row('monitors', 'planted-key'), 'planted-value']);
    const seen = [...world.server.stores].map(([id, store]) => [id, ...store].join()).join();
    const values = [...world.server.store.values()].map(({ value }) => new TextDecoder('latin1').decode(value)).join();
    const traffic = world.server.requests.map(({ body, url }) => url + new TextDecoder('latin1').decode(body)).join();
    for (const plain of ['planted', 'monitors', 'regtest', 'manager', 'owner'])
      expect(seen + values + traffic).not.toContain(plain);
    // The search finds what is there to be found.
    expect(values).toContain('ChaCha20Poly1305');
  });
});

describe('one owner', () => {
  it('a second device is refused with the name of the first, takes over when asked, and the first stops within a heartbeat', async () => {
    const world = new BackupWorld();
    const a = await world.started('Laptop');
    await a.writeAcknowledged([MANAGER, 'm1']);
    const b = world.device('Phone');
    await expect(b.start()).rejects.toMatchObject({
      code: 'owned_elsewhere',
      cause: expect.stringContaining('Laptop')
    });
    await b.start({ choice: 'take_over' });
    expect(await b.content()).toEqual({ '["","","manager"]': 'm1' });
    expect(a.halted).toBeUndefined();
    await world.clock.advance(31_000);
    expect(a.halted).toMatchObject({ code: 'taken_over', cause: expect.stringContaining('Phone') });
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

describe('what a restore keeps', () => {
  it('the order in which rows were created, whatever the order of the commits', async () => {
    const world = new BackupWorld();
    const a = world.device('a');
    for (const key of ['p3', 'p1', 'p2'])
      await a.disk.commit({ puts: [{ row: row('payments', key), value: bytes(key) }], removes: [] });
    await a.disk.commit({ puts: [{ row: row('payments', 'p3'), value: bytes('settled') }], removes: [] });
    await a.start();
    await a.writeAcknowledged([row('payments', 'p0'), 'p0']);
    await a.writeAcknowledged([row('payments', 'p1'), 'p1 settled']);
    await world.clock.during(a.backup.release());
    const b = await world.started('b');
    expect(await b.disk.listPage('payments', '', 10)).toEqual(['p0', 'p2', 'p1', 'p3']);
    expect(await b.disk.listPage('payments', '', 10)).toEqual(await a.disk.listPage('payments', '', 10));
  });

  it('values of many mebibytes, which may shrink and grow', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    const long = (length: number, fill: string) => fill.repeat(length);
    await a.writeAcknowledged([MONITOR, long(3_500_000, 'a')], [MANAGER, 'm1']);
    expect(world.server.store.size).toBe(7);
    expect((await world.restored())['["monitors","","00aa_0"]']).toBe(long(3_500_000, 'a'));
    const b = await world.started('b');
    await b.writeAcknowledged([MONITOR, long(1_100_000, 'b')]);
    expect(world.server.store.size).toBe(5);
    await b.writeAcknowledged([MONITOR, long(2_500_000, 'c')]);
    expect((await world.restored())['["monitors","","00aa_0"]']).toBe(long(2_500_000, 'c'));
    const c = await world.started('c');
    await c.writeAcknowledged([MONITOR, undefined]);
    expect(await world.restored()).toEqual({ '["","","manager"]': 'm1' });
  });

  it('what cannot be replicated stays on its device', () => {
    expect(isReplicated(row('local', 'x'))).toBe(false);
    expect(isReplicated(row('', 'network_graph'))).toBe(false);
  });
});
