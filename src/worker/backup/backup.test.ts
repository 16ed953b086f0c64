// Proves what a backup holds: every row, in its order, whole however long, and nothing that a server could read.
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, row } from '../../../tests/sim/backup-world.js';
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
    const sizes = [...world.server.store.values()].map(({ value }) => value.length).sort((x, y) => x - y);
    // The owner record, the longest by far, does not count.
    expect(a.backup.info().storedBytes).toBe(sizes.slice(0, -1).reduce((sum, size) => sum + size, 0));
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
