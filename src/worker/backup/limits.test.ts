// Proves how commits are split: history may go ahead, what channels depend on never comes apart, and what does not fit is said, not cut.
import { describe, expect, it } from 'vitest';
import { BackupWorld, MANAGER, MONITOR, row, SEED } from '../../../tests/sim/backup-world.js';
import { PutObjectRequestSchema } from '../../wire/gen/vss_pb.js';
import { fromBinary } from '@bufbuild/protobuf';
import { deriveBackupSecrets, Seal } from './seal.js';
import type { RowKey } from '../disk.js';

const seal = new Seal(deriveBackupSecrets(SEED).vssSeed);

/** The rows of every put, as `primary/key`, without the owner record. */
function putsOf(world: BackupWorld): string[][] {
  return world.server.requests
    .filter(({ method }) => method === 'putObjects')
    .map(({ body }) => {
      const { transactionItems, deleteItems } = fromBinary(PutObjectRequestSchema, body);
      return [...transactionItems, ...deleteItems]
        .map(({ key }) => seal.rowOf(key))
        .filter(({ primary }) => primary !== 'tern')
        .map(({ primary, key }) => `${primary}/${key}`);
    });
}

const many = (count: number, primary: string): [RowKey, string][] =>
  Array.from({ length: count }, (_, index) => [row(primary, `${index}`), `${index}`]);

describe('beyond the limits', () => {
  it('history goes ahead, and the channels follow in one commit', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { limits: { items: 10, bytes: 1_000_000 } });
    await a.writeAcknowledged(...many(25, 'payments'), [MANAGER, 'm1'], [MONITOR, 'c1'], ...many(4, 'peers'));
    const puts = putsOf(world);
    expect(Math.max(...puts.map((put) => put.length))).toBeLessThan(10);
    const critical = puts.filter((put) =>
      put.some((name) => !name.startsWith('payments/') && name !== '/vss_schema_version')
    );
    expect(critical).toHaveLength(1);
    expect(critical[0]).toEqual(expect.arrayContaining(['/manager', 'monitors/00aa_0', 'peers/0', 'peers/3']));
    expect(puts.at(-1)).toEqual(critical[0]);
    expect(Object.keys(await world.restored())).toHaveLength(31);
  });

  it('counts bytes as well as keys', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { limits: { items: 1000, bytes: 100_000 } });
    const long = (index: number): [RowKey, string] => [row('payments', `${index}`), 'x'.repeat(20_000)];
    await a.writeAcknowledged(...[1, 2, 3, 4, 5, 6, 7].map(long), [MANAGER, 'x'.repeat(50_000)]);
    const sizes = world.server.requests.map(({ body }) => body.length);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
    expect((await world.clock.during(a.backup.verify())).problems).toEqual([]);
  });

  it('stale monitor updates are deleted later, and those who wait do not wait for them for ever', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { limits: { items: 10, bytes: 1_000_000 } });
    const updates = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => row('monitor_updates', `${from + index}`, '00aa_0'));
    for (let from = 0; from < 24; from += 6)
      await a.writeAcknowledged(...updates(from, from + 6).map((key) => [key, 'u'] as [RowKey, string]));
    const before = putsOf(world).length;
    await a.writeAcknowledged(
      [MANAGER, 'm1'],
      [MONITOR, 'c1'],
      ...updates(0, 24).map((key) => [key, undefined] as [RowKey, undefined])
    );
    const puts = putsOf(world).slice(before);
    expect(puts[0]).toEqual(expect.arrayContaining(['/manager', 'monitors/00aa_0']));
    expect(Math.max(...puts.map((put) => put.length))).toBeLessThan(10);
    expect(await world.restored()).toEqual({ '["","","manager"]': 'm1', '["monitors","","00aa_0"]': 'c1' });
  });

  it('what belongs together and does not fit is refused with a code, and never sent in pieces', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { limits: { items: 10, bytes: 1_000_000 } });
    const before = putsOf(world).length;
    await a.write(...many(15, 'monitors'), [MANAGER, 'm1']);
    await world.clock.advance(20_000);
    expect(a.backup.info()).toMatchObject({
      state: 'paused',
      lastError: { code: 'backup_too_large' },
      pendingKeys: 16
    });
    expect(putsOf(world).slice(before).flat()).toEqual([]);
  });

  it('a server that takes less than expected gets less at a time', async () => {
    const world = new BackupWorld();
    world.server.fault = ({ body }) =>
      body.length > 4_000_000 ? { kind: 'answer', status: 413, body: 'too large' } : undefined;
    const a = await world.started('a');
    const long = (index: number): [RowKey, string] => [row('payments', `${index}`), 'x'.repeat(900_000)];
    await a.writeAcknowledged(...[1, 2, 3, 4, 5, 6, 7, 8].map(long), [MANAGER, 'm1']);
    expect(a.backup.info().state).toBe('up_to_date');
    expect((await world.clock.during(a.backup.verify())).problems).toEqual([]);
  });
});
