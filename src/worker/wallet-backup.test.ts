// Proves the wallet with its real backup, over a VSS server in memory: restore, ownership, pauses and a change of server. Only the node is scripted.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryVss, type Fault } from '../../tests/sim/memory-vss.js';
import { idle, VirtualClock } from '../../tests/sim/virtual-clock.js';
import { WalletWorld } from '../../tests/sim/wallet-world.js';
import { openBackup } from './backup/open.js';
import type { Wallet } from './wallet.js';

const password = 'correct horse';
const bolt11 = `lnbcrt10n1p${'q'.repeat(100)}`;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const refuse = (): Fault => ({ kind: 'refuse' });

/** One device with a clock of its own; all share the server. */
class Device {
  readonly clock = new VirtualClock();
  wallet!: Wallet;

  private constructor(readonly world: WalletWorld) {}

  static async open(vss: MemoryVss, deviceName: string): Promise<Device> {
    const device = new Device(await WalletWorld.start());
    device.world.clock = device.clock;
    const route: typeof fetch = async (input, init) => {
      if (!String(input).includes('/vss')) return fetch(input, init);
      await held;
      return vss.fetch(input, init);
    };
    device.wallet = await device.world.open({ deviceName, fetch: route }, openBackup);
    return device;
  }

  /** A new wallet that never locks itself; its words. */
  async create(): Promise<string> {
    await this.wallet.changeSettings({ autoLockMinutes: 0 });
    return (await this.during(this.wallet.create({ password, words: 12 }))).mnemonic;
  }

  /** Lets time pass until the work is done. Sealing keys takes real time, during which a virtual clock alone would see nothing to wait for. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    work.then(
      () => (isOver = true),
      () => (isOver = true)
    );
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.clock.advance(100);
    }
    return work;
  }

  async phase(): Promise<string> {
    return (await this.wallet.status()).phase;
  }
}

let vss: MemoryVss;
/** Requests to the server wait for it. */
let held: Promise<void>;
let open: Device[];
async function device(name: string): Promise<Device> {
  const opened = await Device.open(vss, name);
  open.push(opened);
  return opened;
}
beforeEach(() => {
  vss = new MemoryVss();
  held = Promise.resolve();
  open = [];
});
afterEach(async () => {
  vss.fault = () => undefined;
  for (const each of open) {
    await each.during(each.wallet.lock());
    each.world.stop();
  }
});

describe('a wallet with a backup', () => {
  it('has every change on the server, and comes back from its words on another device', async () => {
    const first = await device('first');
    const mnemonic = await first.create();
    await first.wallet.pay({ bolt11 });
    await first.wallet.setLabel('p1', 'tea');
    await first.wallet.changeSettings({ autoLockMinutes: 3 });
    await first.during(first.wallet.backupNow());
    expect(await first.wallet.backupInfo()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
    expect(await first.during(first.wallet.verifyBackup())).toMatchObject({ problems: [] });
    await first.during(first.wallet.releaseDevice());
    expect(await first.phase()).toBe('locked');

    const second = await device('second');
    await second.during(second.wallet.restore({ password, mnemonic }));
    expect(await second.wallet.labels(['p1'])).toEqual({ p1: 'tea' });
    expect(await second.world.disk.read({ primary: 'payments', secondary: '', key: 'p1' })).toEqual(Uint8Array.of(1));
    expect(await second.wallet.settings()).toMatchObject({ autoLockMinutes: 3 });
    expect(second.world.phases()).toContain('restoring');
  });

  it('is refused on a second device with its name, taken over when asked, and the first stops', async () => {
    const first = await device('kitchen');
    const mnemonic = await first.create();
    const second = await device('hall');
    await expect(second.during(second.wallet.restore({ password, mnemonic }))).rejects.toEqual(code('owned_elsewhere'));
    expect(await second.wallet.status()).toMatchObject({ phase: 'locked', choices: ['take_over'] });
    expect((await second.wallet.status()).error?.cause).toContain('kitchen');
    await expect(second.wallet.unlock('wrong password', 'take_over')).rejects.toEqual(code('wrong_password'));
    await second.during(second.wallet.unlock(password, 'take_over'));
    expect(await second.phase()).toBe('ready');

    await first.clock.advance(31_000);
    expect(await first.wallet.status()).toMatchObject({ phase: 'halted', error: { code: 'taken_over' } });
    expect(await first.wallet.backupInfo()).toMatchObject({ state: 'taken_over' });
    await expect(first.wallet.pay({ bolt11 })).rejects.toEqual(code('taken_over'));
    const requests = vss.requests.length;
    await first.clock.advance(600_000);
    expect(vss.requests).toHaveLength(requests);

    // And back again, by hand-over: what the second did is there.
    await expect(second.wallet.pay({ bolt11 })).rejects.toEqual(code('quarantined'));
    await expect(second.wallet.changeSettings({ vssUrl: undefined })).rejects.toEqual(code('quarantined'));
    expect((await second.wallet.settings()).vssUrl).toBeDefined();
    second.world.nodes.at(-1)!.tell({ type: 'quarantineEnded' });
    await expect.poll(async () => (await second.wallet.backupInfo()).state).not.toBe('quarantined');
    await second.wallet.pay({ bolt11 });
    await second.during(second.wallet.releaseDevice());
    await first.during(first.wallet.unlock(password));
    expect(await first.wallet.payment('p1')).toEqual({ id: 'p1' });
    expect(await first.world.disk.read({ primary: 'payments', secondary: '', key: 'p1' })).toEqual(Uint8Array.of(1));
  });

  it('refuses an incomplete backup, and starts it anyway in quarantine when the user says so', async () => {
    const first = await device('first');
    const mnemonic = await first.create();
    await first.wallet.pay({ bolt11 });
    await first.wallet.setLabel('p1', 'tea');
    await first.during(first.wallet.releaseDevice());
    const lost = [...vss.store.keys()].filter((key) => vss.store.get(key)?.version === 1n)[0];
    expect(vss.store.delete(lost ?? '')).toBe(true);

    const second = await device('second');
    await expect(second.during(second.wallet.restore({ password, mnemonic }))).rejects.toEqual(
      code('backup_incomplete')
    );
    expect((await second.wallet.status()).choices).toEqual(['start_anyway', 'start_empty']);
    expect(await second.world.disk.allRows()).toEqual([]);
    await expect(second.wallet.unlock(password, 'start' as 'take_over')).rejects.toEqual(code('invalid_argument'));
    await second.during(second.wallet.unlock(password, 'start_anyway'));
    expect(await second.wallet.backupInfo()).toMatchObject({ state: 'quarantined' });
    expect(second.wallet.session.backup?.quarantine).toBe('start_anyway');
  });
});

describe('with the backup server away', () => {
  it('payments pause with a code, and go on local-first', async () => {
    const first = await device('first');
    await first.create();
    const { wallet, clock, world } = first;
    vss.fault = refuse;
    await clock.advance(300_000);
    expect(await wallet.backupInfo()).toMatchObject({ state: 'paused', lastError: { code: 'backup_unavailable' } });
    await expect(wallet.pay({ bolt11 })).rejects.toEqual(code('payments_paused'));
    expect(world.broadcasts).toEqual([]);
    await wallet.changeSettings({ backupMode: 'local-first' });
    expect(await wallet.pay({ bolt11 })).toEqual({ paymentId: 'p1' });
    expect(await wallet.backupInfo()).toMatchObject({ state: 'behind' });
    vss.fault = () => undefined;
    await clock.advance(60_000);
    expect(await wallet.backupInfo()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
  });

  describe('and the network just back, a payment', () => {
    /** The server is away, and the network back: what the wallet asked since waits until it is let go. */
    const p1 = { primary: 'payments', secondary: '', key: 'p1' };
    const wokenWhileAway = async (): Promise<{ first: Device; letGo: () => void }> => {
      const first = await device('first');
      await first.create();
      vss.fault = refuse;
      await first.clock.advance(300_000);
      expect(await first.wallet.backupInfo()).toMatchObject({ state: 'paused' });
      let letGo = (): void => undefined;
      held = new Promise((resolve) => (letGo = resolve));
      first.wallet.session.wake();
      return { first, letGo };
    };

    it('waits for the look at the server, and goes out when that finds it there', async () => {
      const { first, letGo } = await wokenWhileAway();
      vss.fault = () => undefined;
      const paying = first.wallet.pay({ bolt11 });
      await idle();
      expect(await first.world.disk.read(p1)).toBeUndefined();
      letGo();
      expect(await paying).toEqual({ paymentId: 'p1' });
      await expect
        .poll(() => first.wallet.backupInfo())
        .toMatchObject({ state: 'up_to_date', pendingKeys: 0, lastError: undefined });
    });

    it('is refused when that look fails', async () => {
      const { first, letGo } = await wokenWhileAway();
      const paying = first.wallet.pay({ bolt11 });
      letGo();
      await expect(first.during(paying)).rejects.toEqual(code('payments_paused'));
      expect(await first.world.disk.read(p1)).toBeUndefined();
    });

    it('is refused when that look takes too long, also where the server turns out to be there', async () => {
      const { first, letGo } = await wokenWhileAway();
      vss.fault = () => undefined;
      const paying = first.wallet.pay({ bolt11 });
      paying.catch(() => undefined);
      await first.clock.advance(5_000);
      await expect(paying).rejects.toEqual(code('payments_paused'));
      letGo();
      await expect.poll(async () => (await first.wallet.backupInfo()).state).toBe('up_to_date');
      expect(await first.world.disk.read(p1)).toBeUndefined();
    });
  });

  it('a start waits, says why, and ends the wait when local-first is chosen meanwhile', async () => {
    const first = await device('first');
    await first.create();
    const { wallet, clock, world } = first;
    await wallet.pay({ bolt11 });
    await first.during(wallet.lock());
    vss.fault = refuse;
    const unlocking = wallet.unlock(password);
    await expect.poll(async () => (await wallet.status()).step, { timeout: 20_000 }).toBe('restoring');
    await clock.advance(60_000);
    expect(world.nodes).toHaveLength(1);
    expect(await wallet.backupInfo()).toMatchObject({ state: 'paused', lastError: { code: 'backup_unavailable' } });
    await wallet.changeSettings({ backupMode: 'local-first' });
    await first.during(unlocking);
    expect(world.nodes).toHaveLength(2);
    expect(await wallet.settings()).toMatchObject({ backupMode: 'local-first' });
  });

  it('can be done without when its server is gone for good', async () => {
    const first = await device('first');
    await first.create();
    const { wallet } = first;
    await wallet.pay({ bolt11 });
    await wallet.changeSettings({ backupMode: 'local-first' });
    await first.during(wallet.lock());
    vss.fault = refuse;
    await first.during(wallet.unlock(password));
    expect(wallet.session.backup?.quarantine).toBe('unclaimed');
    await first.during(wallet.changeSettings({ vssUrl: undefined }));
    expect(await wallet.backupInfo()).toMatchObject({ state: 'off' });
    await wallet.pay({ bolt11 });
  });

  it('keeps the wallet open and the device its own when it cannot be released', async () => {
    const first = await device('first');
    await first.create();
    const { wallet } = first;
    vss.fault = refuse;
    await expect(first.during(wallet.releaseDevice())).rejects.toEqual(code('backup_unavailable'));
    expect((await wallet.status()).phase).toBe('ready');
  });
});

describe('a change of the backup server', () => {
  it('to none ends every request, and back uploads what came meanwhile', async () => {
    const first = await device('first');
    await first.create();
    const { wallet, clock, world } = first;
    await wallet.changeSettings({ vssUrl: undefined });
    const requests = vss.requests.length;
    expect(await wallet.backupInfo()).toMatchObject({ state: 'off' });
    await wallet.pay({ bolt11 });
    await clock.advance(600_000);
    expect(vss.requests).toHaveLength(requests);
    await expect(wallet.backupNow()).rejects.toEqual(code('backup_unavailable'));

    await first.during(wallet.changeSettings({ vssUrl: 'http://127.0.0.1:1/vss' }));
    expect(await wallet.backupInfo()).toMatchObject({ state: 'up_to_date', pendingKeys: 0 });
    expect(await first.during(wallet.verifyBackup())).toMatchObject({ problems: [] });
    expect(world.nodes).toHaveLength(3);
    expect(await world.disk.outbox()).toEqual([]);
  });

  it('to one that cannot be used is refused, and changes nothing', async () => {
    const first = await device('first');
    await first.create();
    const { wallet, world } = first;
    vss.fault = ({ url }) => (url.includes('/other/') ? { kind: 'refuse' } : undefined);
    await expect(first.during(wallet.changeSettings({ vssUrl: 'http://127.0.0.1:1/other/vss' }))).rejects.toEqual(
      code('backup_unavailable')
    );
    await expect(wallet.changeSettings({ vssUrl: 'http://example.com/vss' })).rejects.toEqual(code('insecure_url'));
    expect(await wallet.settings()).toMatchObject({ vssUrl: 'http://127.0.0.1:1/vss' });
    expect(world.nodes).toHaveLength(1);
    expect(await wallet.backupInfo()).toMatchObject({ state: 'up_to_date' });
  });
});
