// Proves the wallet's phases and its seams. The node is scripted; vault, disk, store and turns are real.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../tests/sim/virtual-clock.js';
import { WalletWorld } from '../../tests/sim/wallet-world.js';
import { TernError } from '../wire/errors.js';
import type { BackupInfo } from './api.js';
import { answering } from './answer.js';
import type { Backup } from './backup-seam.js';
import { Logs } from './logs.js';
import type { Wallet } from './wallet.js';

const password = 'correct horse';
const words = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const phase = async (wallet: Wallet): Promise<string> => (await wallet.status()).phase;

let world: WalletWorld;
beforeEach(async () => {
  world = await WalletWorld.start();
});
afterEach(() => world.stop());

describe('the life of a wallet', () => {
  it('creates, locks and unlocks, with the same seed each time, and says so', async () => {
    const wallet = await world.open();
    expect(await phase(wallet)).toBe('empty');
    const { mnemonic } = await wallet.create({ password, words: 24 });
    expect(mnemonic.split(' ')).toHaveLength(24);
    expect(await wallet.isMnemonicBackedUp()).toBe(false);
    await wallet.markMnemonicBackedUp();
    await wallet.lock();
    expect(world.nodes[0]!.isStopped).toBe(true);
    await expect(wallet.info()).rejects.toEqual(code('wallet_locked'));
    await wallet.unlock(password);
    expect(world.phases()).toEqual(['unsealing', 'loading', 'ready', 'locked', 'unsealing', 'loading', 'ready']);
    expect(world.nodes[1]!.seed).toEqual(world.nodes[0]!.seed);
    expect(world.nodes[1]!.seed).toHaveLength(64);
    expect(await wallet.isMnemonicBackedUp()).toBe(true);
    expect(await wallet.revealMnemonic(password)).toEqual({ mnemonic });
    await wallet.lock();
  });

  it('restores from words, and another passphrase is another wallet', async () => {
    const wallet = await world.open();
    await wallet.restore({ password, mnemonic: words });
    expect(await wallet.isMnemonicBackedUp()).toBe(true);
    await wallet.wipe(password);
    expect(await phase(wallet)).toBe('empty');
    await wallet.restore({ password, mnemonic: words, bip39Passphrase: 'other' });
    expect(world.nodes[1]!.seed).not.toEqual(world.nodes[0]!.seed);
    await wallet.lock();
  });

  it('stays locked at a wrong password, and starts nothing', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    await wallet.lock();
    await expect(wallet.unlock('wrong password')).rejects.toEqual(code('wrong_password'));
    await expect(wallet.wipe('wrong password')).rejects.toEqual(code('wrong_password'));
    expect(await phase(wallet)).toBe('locked');
    expect(world.nodes).toHaveLength(1);
  });

  it('stays empty at wrong words', async () => {
    const wallet = await world.open();
    await expect(wallet.restore({ password, mnemonic: 'hello' })).rejects.toEqual(code('invalid_mnemonic'));
    await expect(wallet.unlock(password)).rejects.toEqual(code('wallet_missing'));
    expect(await phase(wallet)).toBe('empty');
    await expect(wallet.balances()).rejects.toEqual(code('wallet_missing'));
  });

  it('answers the words of a new wallet even if its node does not start', async () => {
    const failing = { start: () => Promise.reject(new TernError('chain_unavailable', 'Down.', 'Wait.')) };
    const wallet = await world.open({ loadNode: () => Promise.resolve(failing) });
    expect((await wallet.create({ password, words: 12 })).mnemonic.split(' ')).toHaveLength(12);
    expect(await wallet.status()).toMatchObject({ phase: 'locked', error: { code: 'chain_unavailable' } });
  });

  it('halts where the stored state cannot be read', async () => {
    const failing = { start: () => Promise.reject(new TernError('state_unreadable', 'Broken.', 'Restore.')) };
    const wallet = await world.open({ loadNode: () => Promise.resolve(failing) });
    await expect(wallet.restore({ password, mnemonic: words })).rejects.toEqual(code('state_unreadable'));
    expect(await phase(wallet)).toBe('halted');
    await expect(wallet.info()).rejects.toEqual(code('state_unreadable'));
  });

  it('locks itself after the time set without use', async () => {
    const virtual = new VirtualClock();
    world.clock = virtual;
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    await wallet.changeSettings({ autoLockMinutes: 2 });
    await virtual.advance(119_000);
    await wallet.touch(true);
    await virtual.advance(119_000);
    expect(await phase(wallet)).toBe('ready');
    await virtual.advance(1_000);
    expect(await phase(wallet)).toBe('locked');
  });

  it('starts the node anew with another chain server, and not for another lock time', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    await wallet.changeSettings({ autoLockMinutes: 0 });
    expect(world.nodes).toHaveLength(1);
    const settings = await wallet.changeSettings({ esploraUrl: 'https://esplora.example.com' });
    expect(settings.esploraUrl).toBe('https://esplora.example.com');
    expect(world.nodes.map(({ config }) => config.esploraUrl).slice(1)).toEqual(['https://esplora.example.com']);
    expect(world.nodes[1]!.seed).toEqual(world.nodes[0]!.seed);
    expect(await phase(wallet)).toBe('ready');
    expect(world.events.filter(({ type }) => type === 'settingsChanged')).toHaveLength(2);
    await wallet.lock();
  });
});

describe('labels', () => {
  it('keeps a label of a payment, replicated, until it is emptied', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    await wallet.setLabel('p1', ' tea ');
    expect(await wallet.labels(['p1', 'p2'])).toEqual({ p1: 'tea' });
    expect((await world.disk.outbox()).map(({ row }) => row)).toContainEqual({
      primary: 'labels',
      secondary: '',
      key: 'p1'
    });
    await wallet.setLabel('p1', '');
    expect(await wallet.labels(['p1'])).toEqual({});
    await expect(wallet.setLabel('unknown', 'x')).rejects.toEqual(code('invalid_argument'));
    await expect(wallet.setLabel('p1', 'x'.repeat(501))).rejects.toEqual(code('invalid_argument'));
    await wallet.lock();
  });
});

const stillInfo: BackupInfo = {
  state: 'up_to_date',
  mode: 'acknowledged',
  deviceName: 'Test',
  deviceId: 'test',
  pendingKeys: 0,
  pendingBytes: 0,
  storedKeys: 0,
  storedBytes: 0
};
/** A backup that does nothing, of which tests change a part. */
const stillBackup: Backup = {
  start: () => Promise.resolve(),
  probe: () => Promise.resolve(),
  info: () => stillInfo,
  isPaused: false,
  looked: () => Promise.resolve(),
  quarantine: undefined,
  endQuarantine: () => Promise.resolve(),
  now: () => Promise.resolve(),
  verify: () => Promise.resolve({ keys: 0, bytes: 0, tookMs: 0, commitId: 0n, problems: [] }),
  setMode: () => Promise.resolve(),
  confirmOwner: () => Promise.resolve(),
  touch: () => undefined,
  wake: () => undefined,
  release: () => Promise.resolve(),
  close: () => undefined,
  committed: () => undefined,
  beforeOutputs: () => Promise.resolve(),
  beforePersisted: () => Promise.resolve()
};

describe('the seam to the backup', () => {
  it('opens the backup before the node loads, and stops it after the node', async () => {
    const order: string[] = [];
    let commits = 0;
    const wallet = await world.open({}, (context) => {
      order.push(`opened with ${world.nodes.length} nodes`);
      expect(context.seed).toHaveLength(64);
      return Promise.resolve({
        ...stillBackup,
        start: ({ onProgress }) => {
          onProgress?.(0.5);
          return Promise.resolve();
        },
        beforeOutputs: () => Promise.resolve(),
        beforePersisted: () => Promise.resolve(),
        info: () => stillInfo,
        committed: () => (commits += 1),
        setMode: (mode) => Promise.resolve(void order.push(mode)),
        touch: (visible) => void order.push(`touched ${visible}`),
        release: () => {
          order.push(`stopped, node stopped: ${world.nodes[0]?.isStopped}`);
          return Promise.resolve();
        }
      });
    });
    await wallet.create({ password, words: 12 });
    await wallet.touch(false);
    await wallet.setLabel('p1', 'tea');
    expect(commits).toBe(1);
    await wallet.changeSettings({ backupMode: 'local-first' });
    await wallet.lock();
    expect(order).toEqual(['opened with 0 nodes', 'touched false', 'local-first', 'stopped, node stopped: true']);
    expect(world.phases().slice(0, 5)).toEqual(['unsealing', 'restoring', 'restoring', 'loading', 'ready']);
  });

  it('can be locked while the backup still waits', async () => {
    const wallet = await world.open({}, () =>
      Promise.resolve({
        ...stillBackup,
        start: ({ signal }) =>
          new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
      })
    );
    const creating = wallet.create({ password, words: 12 });
    await expect.poll(() => world.phases().at(-1), { timeout: 20_000 }).toBe('restoring');
    await wallet.lock();
    await creating;
    expect(await wallet.status()).toEqual({ phase: 'locked', network: 'regtest' });
    expect(world.nodes).toEqual([]);
  });

  it('is not opened without a VSS URL', async () => {
    let isOpened = false;
    const wallet = await world.open({}, () => {
      isOpened = true;
      return Promise.reject(new Error('it was opened'));
    });
    await wallet.changeSettings({ vssUrl: undefined });
    await wallet.create({ password, words: 12 });
    expect(isOpened).toBe(false);
    expect(await phase(wallet)).toBe('ready');
    await wallet.lock();
  });
});

describe('answering', () => {
  it('makes answers of values and errors, and reaches nothing but the API', async () => {
    const wallet = await world.open();
    const logs = new Logs(world.clock);
    const api = answering(wallet, logs);
    expect(await api.status()).toEqual({ ok: true, value: { phase: 'empty', network: 'regtest' } });
    expect(await api.unlock('x')).toMatchObject({ ok: false, error: { code: 'wallet_missing' } });
    expect(Object.keys(api)).not.toContain('session');
    expect(logs.lines()).toEqual([]);
  });

  it('calls a defect of ours internal, and logs it', async () => {
    const wallet = await world.open({ loadNode: () => Promise.reject(new TypeError('x is not a function')) });
    const logs = new Logs(world.clock);
    const restored = await answering(wallet, logs).restore({ password, mnemonic: words });
    expect(restored).toMatchObject({ ok: false, error: { code: 'internal', cause: 'x is not a function' } });
    expect(logs.lines()).toHaveLength(1);
  });
});
