// Proves that the wallet's backup works over HTTP against every VSS server of the contract: commit, restore, take-over, lost answers, limits.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Backup, type StartOptions } from '../../src/worker/backup/backup.js';
import { systemRandom } from '../../src/worker/backup/seal.js';
import { systemClock } from '../../src/worker/clock.js';
import type { RowKey } from '../../src/worker/disk.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { targets } from './targets.js';

const START_TIMEOUT_MS = 180_000;
const TEST_TIMEOUT_MS = 120_000;
const MANAGER = { primary: '', secondary: '', key: 'manager' };

const payment = (index: number): RowKey => ({ primary: 'payments', secondary: '', key: String(index) });

/** Of long values: a matcher would compare them byte by byte. */
const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0;

describe.each(targets)('a backup on $name', { timeout: TEST_TIMEOUT_MS }, (target) => {
  let running: { url: string; stop(): Promise<void> } | undefined;
  const open: Backup[] = [];
  beforeAll(async () => {
    running = await target.start();
  }, START_TIMEOUT_MS);
  afterEach(() => {
    for (const backup of open.splice(0)) backup.close();
  });
  afterAll(() => running?.stop(), START_TIMEOUT_MS);

  async function start(
    seed: Uint8Array,
    deviceName: string,
    disk = new MemoryDisk(),
    options: StartOptions & { fetch?: typeof fetch } = {}
  ): Promise<{ backup: Backup; disk: MemoryDisk; write(row: RowKey, value?: Uint8Array): Promise<void> }> {
    const backup = new Backup({
      disk,
      seed,
      network: 'regtest',
      url: running?.url ?? '',
      auth: { type: 'signature' },
      allowInsecure: false,
      mode: 'acknowledged',
      deviceId: deviceName,
      deviceName,
      clock: systemClock,
      fetch: options.fetch ?? globalThis.fetch,
      random: Math.random
    });
    open.push(backup);
    await backup.start(options);
    const write = async (row: RowKey, value?: Uint8Array): Promise<void> => {
      await disk.commit({ puts: value ? [{ row, value }] : [], removes: value ? [] : [row] });
      backup.committed();
      await backup.beforePersisted();
    };
    return { backup, disk, write };
  }

  it('restores rows in their order, with long values, and proves them', async () => {
    const seed = systemRandom(64);
    const disk = new MemoryDisk();
    // The first are longer together than this server takes at a time.
    const rows = Array.from({ length: 120 }, (_, index) => ({
      row: payment(index),
      value: new Uint8Array(index < 7 ? 700_000 : 512).fill(index % 251)
    }));
    await disk.commit({ puts: rows, removes: [] });
    const a = await start(seed, 'a', disk);
    // In parts.
    const long = new Uint8Array(2_500_000).map((_, index) => index % 253);
    await a.write(MANAGER, long);
    await a.backup.now();
    expect(a.backup.info()).toMatchObject({ state: 'up_to_date', pendingKeys: 0, storedKeys: 124 });
    await a.backup.release();
    const b = await start(seed, 'b');
    expect(isSame(await b.disk.read(MANAGER), long)).toBe(true);
    expect(await b.disk.listPage('payments', '', 3_000)).toEqual(await a.disk.listPage('payments', '', 3_000));
    const values = await b.disk.readMany(rows.map(({ row }) => row));
    expect(rows.every(({ value }, index) => isSame(values[index], value))).toBe(true);
    expect(await b.backup.verify()).toMatchObject({ keys: 124, problems: [] });
    await b.backup.release();
  });

  it('lets one device write: the second is refused, takes over, and the first is told', async () => {
    const seed = systemRandom(64);
    const a = await start(seed, 'Laptop');
    await a.write(MANAGER, Uint8Array.of(1));
    await expect(start(seed, 'Phone')).rejects.toMatchObject({ code: 'owned_elsewhere' });
    const b = await start(seed, 'Phone', new MemoryDisk(), { choice: 'take_over' });
    await expect(a.write(MANAGER, Uint8Array.of(9))).rejects.toMatchObject({ code: 'taken_over' });
    await b.write(MANAGER, Uint8Array.of(2));
    await b.write(payment(1), Uint8Array.of(3));
    await b.write(payment(1));
    await b.backup.release();
    const back = await start(seed, 'Laptop', a.disk);
    expect(await back.disk.read(MANAGER)).toEqual(Uint8Array.of(2));
    expect(await back.disk.allRows()).toEqual([MANAGER]);
    await back.backup.release();
  });

  it('sees through answers that were lost after the work was done', async () => {
    const seed = systemRandom(64);
    let requests = 0;
    const lossy: typeof fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init);
      await response.clone().arrayBuffer();
      requests += 1;
      if (requests % 3 === 0) throw new TypeError('terminated');
      return response;
    };
    const a = await start(seed, 'a', new MemoryDisk(), { fetch: lossy });
    for (let index = 0; index < 10; index += 1) {
      await a.write(MANAGER, Uint8Array.of(index));
      await a.write(payment(index % 3), index % 2 === 0 ? Uint8Array.of(index) : undefined);
    }
    a.backup.close();
    const b = await start(seed, 'b', new MemoryDisk(), { choice: 'take_over' });
    expect(await b.disk.allRows()).toEqual(await a.disk.allRows());
    expect(await b.disk.read(MANAGER)).toEqual(Uint8Array.of(9));
    expect((await b.backup.verify()).problems).toEqual([]);
    await b.backup.release();
  });

  it('tells a wrong address and a wrong proof by their codes', async () => {
    const seed = systemRandom(64);
    const elsewhere: typeof fetch = (input, init) =>
      globalThis.fetch(String(input).replace('/vss/', '/nowhere/'), init);
    const a = start(seed, 'a', new MemoryDisk(), { fetch: elsewhere, signal: AbortSignal.timeout(1_000) });
    await expect(a).rejects.toMatchObject({ code: 'wallet_locked' });
    expect(open.at(-1)?.info().lastError?.code).toBe('backup_bad_answer');
    if (!target.isAuthorizing) return;
    const forged: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', 'nobody');
      return globalThis.fetch(input, { ...init, headers });
    };
    await expect(start(seed, 'a', new MemoryDisk(), { fetch: forged })).rejects.toMatchObject({
      code: 'backup_unauthorized'
    });
  });
});
