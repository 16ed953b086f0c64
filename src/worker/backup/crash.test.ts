// Proves that a commit survives everything: a crash at every request, every answer and every local transaction, and every answer lost or forged.
import { describe, expect, it } from 'vitest';
import { BackupWorld, contentOf, MANAGER, MONITOR, row, type SimDevice } from '../../../tests/sim/backup-world.js';
import { MemoryDisk } from '../memory-disk.js';
import type { Fault, VssRequest } from '../../../tests/sim/memory-vss.js';
import { ErrorCode } from '../../wire/gen/vss_pb.js';
import { CrashableDisk, type CrashPoint } from '../crash.js';
import type { Disk } from '../disk.js';
import { SessionDisk } from '../session-disk.js';

const TURNS = 4;

/** How far a story came: the last turn that is on disk, and the last that the server acknowledged. */
interface Progress {
  written: number;
  acknowledged: number;
}

/** A start, turns that change a manager, a monitor and its updates together, an idle while with a renewal, a release. */
async function story(device: SimDevice, progress: Progress, from = 1): Promise<void> {
  await device.start();
  for (let turn = from; turn < from + TURNS; turn += 1) {
    const overtaken = turn % 2 === 0 ? [row('monitor_updates', `${turn - 1}`, '00aa_0')] : [];
    await device.write(
      [MANAGER, `${turn}`],
      [MONITOR, `${turn}`],
      [row('monitor_updates', `${turn}`, '00aa_0'), `${turn}`],
      ...overtaken.map((key) => [key, undefined] as [typeof key, undefined])
    );
    progress.written = turn;
    await device.world.clock.during(device.backup.beforePersisted());
    progress.acknowledged = turn;
  }
  await device.world.clock.advance(300_000);
  await device.world.clock.during(device.backup.release());
}

/** The turn whose state a disk holds; fails when rows of different turns are mixed. */
async function turnOf(disk: Disk): Promise<number> {
  const content = await contentOf(disk);
  const manager = content['["","","manager"]'];
  expect(content['["monitors","","00aa_0"]']).toBe(manager);
  const updates = Object.keys(content).filter((id) => id.startsWith('["monitor_updates"'));
  const turn = Number(manager ?? 0);
  const expected = Array.from({ length: turn }, (_, index) => index + 1).filter((n) => n % 2 === 0 || n === turn);
  expect(updates).toEqual(expected.map((n) => `["monitor_updates","00aa_0","${n}"]`));
  return turn;
}

/** The story until the process dies, which `mortal` tells. */
async function until(died: Promise<void>, run: Promise<void>): Promise<void> {
  run.catch(() => undefined);
  await Promise.race([died, run]);
}

/** What must hold after a crash: the server alone holds a whole state that lost nothing acknowledged, and the device goes on from its own. */
async function checkAfterCrash(world: BackupWorld, disk: MemoryDisk, progress: Progress): Promise<void> {
  world.server.fault = () => undefined;
  const stored = world.server.snapshot();
  if (progress.acknowledged > 0) {
    const elsewhere = await world.started('elsewhere', {}, { choice: 'take_over' });
    expect(await turnOf(elsewhere.disk)).toBeGreaterThanOrEqual(progress.acknowledged);
    elsewhere.kill();
    world.server.rollBack(stored);
  }
  const again = world.device('a', { disk });
  await again.start();
  expect(await turnOf(again.disk)).toBe(progress.written);
  expect(again.notices).toEqual([]);
  expect(await again.disk.outbox()).toEqual([]);
  const later = { written: 0, acknowledged: 0 };
  await again.writeAcknowledged([MANAGER, 'last'], [MONITOR, 'last']);
  expect(later.written).toBe(0);
  await world.clock.during(again.backup.release());
  const end = await world.started('b');
  expect(await contentOf(end.disk)).toEqual(await contentOf(disk));
  expect((await world.clock.during(end.backup.verify())).problems).toEqual([]);
  await world.clock.during(end.backup.release());
}

async function countStory(): Promise<{ requests: number; commits: number }> {
  const world = new BackupWorld();
  const disk = new CrashableDisk(new MemoryDisk(), undefined, () => undefined);
  await story(world.device('a', { disk }), { written: 0, acknowledged: 0 });
  // The turns' own transactions are not the backup's to survive, but counting them does no harm.
  return { requests: world.server.requests.length, commits: disk.commitCount };
}

const counted = await countStory();
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a crash', () => {
  it('has a story with enough points to die at', () => {
    expect(counted.requests).toBeGreaterThan(15);
    expect(counted.commits).toBeGreaterThan(15);
  });

  describe.each(['before', 'after'] as const)('%s a request', (when) => {
    it.each(numbers(counted.requests))('number %i loses nothing', async (number) => {
      const world = new BackupWorld();
      const memory = new MemoryDisk();
      const session = new SessionDisk(memory);
      const progress = { written: 0, acknowledged: 0 };
      let die: () => void = () => undefined;
      const died = new Promise<void>((resolve) => (die = resolve));
      world.server.fault = (request) => {
        if (request.number < number) return undefined;
        if (request.number > number) return { kind: 'hang' };
        void session.end();
        die();
        return { kind: when === 'before' ? 'hang' : 'hangAfter' };
      };
      const device = world.device('a', { disk: session });
      await until(died, story(device, progress));
      await world.clock.advance(0);
      device.kill();
      await checkAfterCrash(world, memory, progress);
    });
  });

  describe.each(['before', 'after'] as const)('%s a local transaction', (when) => {
    it.each(numbers(counted.commits))('number %i loses nothing', async (commit) => {
      const world = new BackupWorld();
      const memory = new MemoryDisk();
      const progress = { written: 0, acknowledged: 0 };
      let die: () => void = () => undefined;
      const died = new Promise<void>((resolve) => (die = resolve));
      const crashAt: CrashPoint = { commit, when };
      const device = world.device('a', { disk: new CrashableDisk(memory, crashAt, () => die()) });
      await until(died, story(device, progress));
      device.kill();
      await world.clock.advance(0);
      // A turn's own transaction that landed counts as written although nobody was told.
      const manager = (await contentOf(memory))['["","","manager"]'];
      await checkAfterCrash(world, memory, { ...progress, written: Number(manager ?? 0) });
    });
  });
});

describe('an answer', () => {
  const faults: [string, (request: VssRequest) => Fault][] = [
    ['lost after the work was done', () => ({ kind: 'lose' })],
    ['that never comes, after the work was done', () => ({ kind: 'hangAfter' })],
    ['that never comes', () => ({ kind: 'hang' })],
    ['cut short', () => ({ kind: 'truncate' })],
    ['500', () => ({ kind: 'error', status: 500, code: ErrorCode.INTERNAL_SERVER_EXCEPTION })],
    ['in HTML', () => ({ kind: 'answer', status: 200, body: '<html>', contentType: 'text/html' })]
  ];
  describe.each(faults)('%s', (_, fault) => {
    it.each(numbers(counted.requests))('to request %i changes nothing in the end', async (number) => {
      const world = new BackupWorld();
      world.server.fault = (request) => (request.number === number ? fault(request) : undefined);
      const device = world.device('a');
      const progress = { written: 0, acknowledged: 0 };
      await story(device, progress);
      expect(progress).toEqual({ written: TURNS, acknowledged: TURNS });
      expect(device.halted).toBeUndefined();
      expect(device.notices).toEqual([]);
      world.server.fault = () => undefined;
      const elsewhere = await world.started('b', {}, { choice: 'take_over' });
      expect(await turnOf(elsewhere.disk)).toBe(TURNS);
    });
  });

  it.each(numbers(counted.requests))('that is a forged conflict to request %i is seen through', async (number) => {
    const world = new BackupWorld();
    const forged: Fault = { kind: 'error', status: 409, code: ErrorCode.CONFLICT_EXCEPTION };
    world.server.fault = (request) => (request.number === number ? forged : undefined);
    const device = world.device('a');
    const progress = { written: 0, acknowledged: 0 };
    const isPut = () => world.server.requests[number - 1]?.method === 'putObjects';
    await story(device, progress).catch((thrown: unknown) =>
      expect([isPut(), thrown]).toEqual([false, expect.anything()])
    );
    expect(device.halted).toBeUndefined();
    if (isPut()) expect(progress.acknowledged).toBe(TURNS);
  });
});
