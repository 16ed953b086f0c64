// Proves the patience of a start: which refusals of the server a local-first wallet starts without, and what ends a start instead of being tried for ever.
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, type SimDevice } from '../../../tests/sim/backup-world.js';
import type { Fault } from '../../../tests/sim/memory-vss.js';
import { ErrorCode } from '../../wire/gen/vss_pb.js';
import { TernError, type ErrorCode as TernCode } from '../../wire/errors.js';
import { MemoryDisk } from '../memory-disk.js';

const page = (status: number): Fault => ({
  kind: 'answer',
  status,
  body: '<html>No.</html>',
  contentType: 'text/html'
});
const REFUSALS: [string, Fault, TernCode][] = [
  ['401', page(401), 'backup_unauthorized'],
  ['403', page(403), 'backup_unauthorized'],
  ['400 of a proxy', page(400), 'backup_bad_answer'],
  [
    '400 of the server',
    { kind: 'error', status: 400, code: ErrorCode.INVALID_REQUEST_EXCEPTION },
    'backup_invalid_request'
  ],
  ['413', page(413), 'backup_too_large']
];

/** A device whose server has what is on its disk, and which said goodbye. */
async function released(world: BackupWorld): Promise<SimDevice> {
  const a = await world.started('a');
  await a.writeAcknowledged([MANAGER, 'm1']);
  await world.clock.during(a.backup.release());
  return a;
}

describe('a start whose server refuses it', () => {
  it.each(REFUSALS)(
    'with %s: a local-first wallet on disk starts, says so, and claims later',
    async (_, fault, code) => {
      const world = new BackupWorld();
      const { disk } = await released(world);
      world.server.fault = () => fault;
      const again = await world.started('a', { mode: 'local-first', disk });
      expect(again.backup.quarantine).toBe('unclaimed');
      expect(again.backup.info().lastError).toMatchObject({ code });
      await again.write([MANAGER, 'm2']);
      await world.clock.advance(60_000);
      expect(again.backup.info()).toMatchObject({ pendingKeys: 1, lastError: { code } });
      world.server.fault = () => undefined;
      await world.clock.advance(60_000);
      expect(again.backup.quarantine).toBeUndefined();
      expect(again.backup.info()).toMatchObject({ state: 'up_to_date', lastError: undefined });
      expect(await world.restored()).toEqual({ '["","","manager"]': 'm2' });
    }
  );

  it('stays shut with a next step in acknowledged mode, and where there is no wallet on disk yet', async () => {
    const world = new BackupWorld();
    const { disk } = await released(world);
    world.server.fault = () => page(401);
    const refused = { code: 'backup_unauthorized', next: expect.stringContaining('token') as string };
    await expect(world.started('a', { disk })).rejects.toMatchObject(refused);
    await expect(world.started('b', { mode: 'local-first' })).rejects.toMatchObject(refused);
  });

  it('stays shut in local-first mode too where the server speaks of the owner or of the state', async () => {
    const world = new BackupWorld();
    const a = await world.started('a', { mode: 'local-first' });
    await a.write([MANAGER, 'm1']);
    await world.clock.during(a.backup.now());
    await world.started('b', {}, { choice: 'take_over' });
    const again = (): Promise<SimDevice> => world.started('a', { mode: 'local-first', disk: a.disk });
    await expect(again()).rejects.toMatchObject({ code: 'owned_elsewhere' });
    world.server.tamper = (_, stored) => ({ ...stored, value: stored.value.map((byte) => byte ^ 1) });
    await expect(again()).rejects.toMatchObject({ code: 'backup_seal_broken' });
    world.server.tamper = (_, stored) => ({ ...stored, version: stored.version + 1n });
    await expect(again()).rejects.toMatchObject({ code: 'backup_stale' });
  });
});

/** A disk that loses a row as soon as it is told to. */
class FailingDisk extends MemoryDisk {
  failure: TernError | undefined;

  override async readMany(...[rows]: Parameters<MemoryDisk['readMany']>): Promise<(Uint8Array | undefined)[]> {
    if (this.failure) throw this.failure;
    return super.readMany(rows);
  }
}

describe('a start that must store everything first', () => {
  const begun = async (code: TernCode): Promise<{ world: BackupWorld; disk: FailingDisk; again: SimDevice }> => {
    const world = new BackupWorld();
    const disk = new FailingDisk();
    const a = await world.started('a', { disk });
    a.kill();
    await a.write([MONITOR, 'c1']);
    const again = world.device('a', { disk });
    world.server.onWritten = () => (disk.failure = new TernError(code, 'A row is lost.', 'Ask.'));
    return { world, disk, again };
  };

  it.each(['storage_corrupt', 'internal', 'schema_too_new', 'backup_schema_too_new'] as const)(
    'ends with %s, which no time heals',
    async (code) => {
      const { again } = await begun(code);
      await expect(again.start()).rejects.toMatchObject({ code });
    }
  );

  it('waits for a disk that does not answer', async () => {
    const { world, disk, again } = await begun('storage_unavailable');
    const start = again.backup.start();
    await world.clock.advance(60_000);
    expect(again.backup.info()).toMatchObject({ state: 'paused', lastError: { code: 'storage_unavailable' } });
    world.server.onWritten = () => undefined;
    disk.failure = undefined;
    await world.clock.during(start);
    expect(again.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
  });

  it('tells the page why it waits although the disk cannot say how much there is to store', async () => {
    const { world, disk, again } = await begun('storage_unavailable');
    const start = again.backup.start();
    await world.clock.advance(0);
    await disk.commit({ puts: [{ row: MANAGER, value: bytes('m1') }], removes: [] });
    await world.clock.advance(60_000);
    expect(again.infos.at(-1)).toMatchObject({ state: 'paused', lastError: { code: 'storage_unavailable' } });
    disk.failure = undefined;
    world.server.onWritten = () => undefined;
    await world.clock.during(start);
  });
});

describe('a start that is woken while it asks the server', () => {
  const longAwayMs = 600_000;
  const requestTimeoutMs = 10_000;
  const refuse = (): Fault => ({ kind: 'refuse' });

  /** The server was away for long; a request is under way, the start is woken, and the request fails. Nothing else wakes it. */
  async function wokenMeanwhile(world: BackupWorld, device: SimDevice): Promise<void> {
    await world.clock.advance(longAwayMs);
    world.server.fault = () => ({ kind: 'hang' });
    const before = world.server.requests.length;
    while (world.server.requests.length === before) await world.clock.advance(100);
    device.backup.wake();
    world.server.fault = () => undefined;
    await world.clock.advance(requestTimeoutMs + 1_000);
  }

  it('tries again soon: where it claims', async () => {
    const world = new BackupWorld();
    const { disk } = await released(world);
    world.server.fault = refuse;
    const again = world.device('a', { disk });
    let isStarted = false;
    void again.backup.start().then(() => (isStarted = true));
    await wokenMeanwhile(world, again);
    expect(isStarted).toBe(true);
  });

  it('tries again soon: where it claims under a running node', async () => {
    const world = new BackupWorld();
    const { disk } = await released(world);
    world.server.fault = refuse;
    const again = await world.started('a', { mode: 'local-first', disk });
    await wokenMeanwhile(world, again);
    expect(again.backup.info().state).toBe('up_to_date');
  });

  it('keeps its pauses long where it stores what is on disk and nobody wakes it', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged([MANAGER, 'm1']);
    a.kill();
    await a.write([MANAGER, 'm2']);
    const again = world.device('a', { disk: a.disk });
    // The claim gets through, and nothing after it.
    world.server.onWritten = () =>
      (world.server.fault = ({ method }) => (method === 'putObjects' ? refuse() : undefined));
    again.backup.start().catch(() => undefined);
    await world.clock.advance(longAwayMs);
    const before = world.server.requests.length;
    await world.clock.advance(longAwayMs);
    expect(world.server.requests.length - before).toBeLessThan(100);
    again.kill();
  });
});
