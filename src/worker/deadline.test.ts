// Proves that a start which waits for the backup says how near a deadline is, and asks for nothing where there is none.
import { afterEach, expect, it } from 'vitest';
import { VirtualClock } from '../../tests/sim/virtual-clock.js';
import { WalletWorld } from '../../tests/sim/wallet-world.js';
import type { BackupInfo, ServerDefaults } from './api.js';
import { DeadlineWatch } from './deadline.js';
import { Events } from './events.js';
import { Lifecycle } from './lifecycle.js';
import { Logs } from './logs.js';
import type { Platform } from './platform.js';

let world: WalletWorld | undefined;
afterEach(() => world?.stop());

const backup: BackupInfo = {
  state: 'paused',
  mode: 'acknowledged',
  deviceName: 'Test',
  deviceId: 'test',
  pendingKeys: 0,
  pendingBytes: 0,
  storedKeys: 0,
  storedBytes: 0,
  lastError: { code: 'backup_unavailable', cause: 'Away.', next: 'Wait.' }
};

/** A wallet whose start waits, over a disk that may know of an HTLC. */
async function waiting(expiryHeight?: number) {
  world = await WalletWorld.start();
  const clock = new VirtualClock();
  const asked: string[] = [];
  let tip = 100;
  const fetch = ((url: string) => {
    asked.push(url);
    return Promise.resolve(new Response(String(tip++)));
  }) as Platform['fetch'];
  const { disk } = world;
  if (expiryHeight !== undefined) {
    const value = new TextEncoder().encode(String(expiryHeight));
    await disk.commit({ puts: [], removes: [], local: [{ name: 'next_htlc_expiry', value }] });
  }
  const platform = { network: 'regtest', clock, fetch, openDisk: () => Promise.resolve(disk) } as unknown as Platform;
  const defaults: ServerDefaults = { network: 'regtest', esploraUrl: 'http://127.0.0.1:1', bridgeUrl: '' };
  const events = new Events();
  const logs = new Logs(clock);
  const lifecycle = await Lifecycle.open({ platform, logs, defaults, emit: events.emit });
  let phase = 'starting';
  Object.defineProperty(lifecycle, 'status', { get: () => ({ phase, network: 'regtest' }) });
  new DeadlineWatch(platform, lifecycle, events, logs);
  const told: number[] = [];
  events.subscribe((event) => event.type === 'htlcDeadline' && told.push(event.blocksLeft));
  events.emit({ type: 'backupChanged', backup });
  const end = (): void => {
    phase = 'ready';
    events.emit({ type: 'status', status: { phase: 'ready', network: 'regtest' } });
  };
  return { clock, asked, told, end };
}

it('tells the blocks that are left, at once and every minute, until the start is over', async () => {
  const { clock, asked, told, end } = await waiting(136);
  await clock.advance(0);
  expect(told).toEqual([36]);
  await clock.advance(120_000);
  expect(told).toEqual([36, 35, 34]);
  expect(new Set(asked)).toEqual(new Set(['http://127.0.0.1:1/blocks/tip/height']));
  end();
  await clock.advance(600_000);
  expect(told).toHaveLength(3);
  expect(asked).toHaveLength(3);
});

it('asks for nothing where no HTLC is on its way', async () => {
  const { clock, asked, told } = await waiting();
  await clock.advance(120_000);
  expect({ asked, told }).toEqual({ asked: [], told: [] });
});

it('forgets the deadline of an earlier process whose HTLC is gone before this one looks', async () => {
  world = await WalletWorld.start();
  const clock = new VirtualClock();
  world.clock = clock;
  const wallet = await world.open();
  await wallet.changeSettings({ autoLockMinutes: 0 });
  await wallet.create({ password: 'correct horse', words: 12 });
  const local = [{ name: 'next_htlc_expiry', value: new TextEncoder().encode('136') }];
  await world.disk.commit({ puts: [], removes: [], local });
  world.nodes[0]!.tell({ type: 'synced', blockHeight: 100 });
  await clock.advance(2_000);
  expect(await world.disk.readLocal('next_htlc_expiry')).toBeUndefined();
  await wallet.lock();
});

it('keeps the deadline of an HTLC that stays for a second, and at a lock at once; one that is gone by then costs no commit', async () => {
  world = await WalletWorld.start();
  const clock = new VirtualClock();
  world.clock = clock;
  const { disk } = world;
  const kept = async (): Promise<string | undefined> => {
    const row = await disk.readLocal('next_htlc_expiry');
    return row && new TextDecoder().decode(row);
  };
  const wallet = await world.open();
  await wallet.changeSettings({ autoLockMinutes: 0 });
  await wallet.create({ password: 'correct horse', words: 12 });
  const node = world.nodes[0]!;
  const changes = async (height: number | undefined): Promise<void> => {
    node.nextHtlcExpiryHeight = height;
    node.tell({ type: 'synced', blockHeight: 100 });
    await clock.advance(1);
  };

  await changes(undefined);
  await clock.advance(2_000);
  const commits = disk.localCommits;
  await changes(136);
  await changes(undefined);
  await clock.advance(2_000);
  expect(disk.localCommits).toBe(commits);

  await changes(136);
  expect(await kept()).toBeUndefined();
  await clock.advance(2_000);
  expect(await kept()).toBe('136');

  await changes(140);
  await wallet.lock();
  expect(await kept()).toBe('140');
});
