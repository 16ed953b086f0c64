// Proves that safe mode keeps nothing, asks no backup server, calls nothing sent that the network refused, and can be left as it was entered. The node is scripted.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryVss } from '../../tests/sim/memory-vss.js';
import { VirtualClock } from '../../tests/sim/virtual-clock.js';
import { WalletWorld } from '../../tests/sim/wallet-world.js';
import { TernError } from '../wire/errors.js';
import { openBackup } from './backup/open.js';
import type { NodeModule } from './platform.js';
import { txidOf } from './txid.js';
import type { Wallet } from './wallet.js';

const password = 'correct horse';
/** What a node with channels, and one in safe mode, write of themselves. */
const [wholeManager, safeManager] = [9, 5];
const manager = { primary: '', secondary: '', key: 'manager' };
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const unreadable = new TernError('storage_corrupt', 'A chunk is missing.', 'Ask.');
const madeRow = { primary: 'bdk_wallet', secondary: 'changes', key: '0' };
/** Of what the scripted node sends. */
const sentTxid = txidOf(Uint8Array.of(8));
const request = { address: `bcrt1q${'q'.repeat(38)}`, amountSat: 1_000n };

let world: WalletWorld;
let vss: MemoryVss;
let wallet: Wallet;
/** What a start that finds a channel manager says. */
let failure: TernError | undefined;
/** What the network says against every transaction. */
let refusal: string | undefined;
/** 400: the network refuses; 503: nobody knows what the network would say. */
let refusalStatus: 400 | 503;

beforeEach(async () => {
  [world, vss, failure] = [await WalletWorld.start(), new MemoryVss(), undefined];
  [refusal, refusalStatus] = [undefined, 400];
});
afterEach(async () => {
  await wallet.lock();
  world.stop();
});

async function openWallet(hasBackup: boolean): Promise<void> {
  const start: NodeModule['start'] = async (config, seed, host) => {
    const stored = await host.read('', '', 'manager');
    if (failure && stored?.[0] === wholeManager) throw failure;
    const node = await world.module.start(config, seed, host);
    await host.write('', '', 'manager', Uint8Array.of(failure ? safeManager : wholeManager));
    return node;
  };
  const route: typeof fetch = async (input, init) => {
    if (refusal !== undefined && String(input).endsWith('/tx')) return new Response(refusal, { status: refusalStatus });
    return (String(input).includes('/vss') ? vss.fetch : fetch)(input, init);
  };
  const change = { loadNode: () => Promise.resolve({ start }), fetch: route };
  wallet = await world.open(change, hasBackup ? openBackup : undefined);
  await wallet.changeSettings({ autoLockMinutes: 0 });
  await wallet.create({ password, words: 12 });
  await wallet.pay({ bolt11: `lnbcrt10n1p${'q'.repeat(100)}` });
  await wallet.setLabel('p1', 'tea');
  await wallet.lock();
}

const toldUnsent = (): string[][] =>
  world.events.flatMap((event) => (event.type === 'unsentChanged' ? [event.txids] : []));

async function failToStart(error = new TernError('state_unreadable', 'Broken.', 'Ask.')): Promise<void> {
  failure = error;
  await expect(wallet.unlock(password)).rejects.toEqual(code(error.code));
}

describe('safe mode', () => {
  it.each(['state_unreadable', 'storage_corrupt', 'node_halted', 'internal'] as const)(
    'is offered when a start fails with %s, also after a wrong password',
    async (name) => {
      await openWallet(false);
      await failToStart(new TernError(name, 'Broken.', 'Ask.'));
      const offered = { phase: 'halted', error: { code: name }, choices: ['safe_mode'] };
      expect(await wallet.status()).toMatchObject(offered);
      await expect(wallet.unlock('wrong password', 'safe_mode')).rejects.toEqual(code('wrong_password'));
      expect(await wallet.status()).toMatchObject(offered);
    }
  );

  it('is offered too when a running node stops itself', async () => {
    await openWallet(false);
    await wallet.unlock(password);
    world.nodes.at(-1)!.tell({ type: 'halted', code: 'node_halted', cause: 'A defect.', next: 'Ask.' });
    await expect.poll(() => wallet.status()).toMatchObject({ phase: 'halted', choices: ['safe_mode'] });
    await wallet.unlock(password, 'safe_mode');
    expect(await wallet.status()).toMatchObject({ phase: 'ready', safeMode: { cause: { code: 'node_halted' } } });
  });

  it('is not offered when the money is safe elsewhere', async () => {
    await openWallet(false);
    await failToStart(new TernError('chain_unavailable', 'Down.', 'Wait.'));
    expect((await wallet.status()).choices).toBeUndefined();
  });

  it('says why, survives a new start, keeps nothing, and is left by an unlock that loads everything', async () => {
    await openWallet(false);
    const before = world.disk.toSnapshot().rows;
    await failToStart();
    await wallet.unlock(password, 'safe_mode');
    const isSafe = { phase: 'ready', safeMode: { cause: { code: 'state_unreadable', cause: 'Broken.' } } };
    expect(await wallet.status()).toMatchObject(isSafe);
    expect(await wallet.labels(['p1'])).toEqual({ p1: 'tea' });
    await expect(wallet.pay({ bolt11: `lnbcrt10n1p${'q'.repeat(100)}` })).rejects.toEqual(code('safe_mode'));
    await wallet.changeSettings({ esploraUrl: 'https://esplora.example.com', autoLockMinutes: 7 });
    expect(await wallet.status()).toMatchObject(isSafe);
    expect(world.nodes.at(-1)!.config).toMatchObject({ esploraUrl: 'https://esplora.example.com' });
    await wallet.lock();
    expect(world.disk.toSnapshot().rows).toEqual(before);
    expect((await wallet.status()).safeMode).toBeUndefined();

    failure = undefined;
    await wallet.unlock(password);
    expect((await wallet.status()).safeMode).toBeUndefined();
    expect(await wallet.settings()).toMatchObject({ autoLockMinutes: 7, esploraUrl: 'https://esplora.example.com' });
    expect(await world.disk.read(manager)).toEqual(Uint8Array.of(9));
  });

  it('sends not one request to the backup server, and says that it does not run', async () => {
    await openWallet(true);
    await failToStart();
    const [asked, outbox] = [vss.requests.length, world.disk.toSnapshot().outbox];
    await wallet.unlock(password, 'safe_mode');
    await expect(wallet.backupNow()).rejects.toEqual(code('safe_mode'));
    await expect(wallet.verifyBackup()).rejects.toEqual(code('safe_mode'));
    await expect(wallet.releaseDevice()).rejects.toEqual(code('safe_mode'));
    await wallet.lock();
    expect(vss.requests).toHaveLength(asked);
    expect(world.disk.toSnapshot().outbox).toEqual(outbox);
  });

  it('asks nobody for the map of the network, which only channels need', async () => {
    await openWallet(false);
    const rapidGossipUrl = 'https://gossip.example.com/snapshot';
    await wallet.changeSettings({ rapidGossipUrl });
    await failToStart();
    await wallet.unlock(password, 'safe_mode');
    expect(world.nodes.at(-1)!.config.rapidGossipUrl).toBeUndefined();
    await wallet.lock();
    failure = undefined;
    await wallet.unlock(password);
    expect(world.nodes.at(-1)!.config.rapidGossipUrl).toBe(rapidGossipUrl);
  });

  it('does not call a payment sent that the network refuses, for nothing would send it again', async () => {
    const clock = new VirtualClock();
    world.clock = clock;
    await openWallet(false);
    await failToStart();
    await wallet.unlock(password, 'safe_mode');
    refusal = 'min relay fee not met';
    await expect(clock.during(wallet.sendOnchain(request))).rejects.toMatchObject({
      code: 'broadcast_rejected',
      cause: expect.stringContaining(refusal) as unknown
    });
    refusal = undefined;
    expect(await wallet.sendOnchain(request)).toEqual({ txid: 'ab'.repeat(32) });
  });

  it('calls a payment made that no server has answered for, for this session goes on posting it', async () => {
    const clock = new VirtualClock();
    world.clock = clock;
    await openWallet(false);
    await failToStart();
    await wallet.unlock(password, 'safe_mode');
    [refusal, refusalStatus] = ['Down.', 503];
    world.events.length = 0;
    expect(await clock.during(wallet.sendOnchain(request))).toEqual({ txid: 'ab'.repeat(32) });
    expect(toldUnsent()).toEqual([[sentTxid]]);
    refusal = undefined;
    await clock.during(wallet.sendOnchain(request));
    expect(toldUnsent()).toEqual([[sentTxid], []]);
  });

  it('goes on with what it made where a setting starts it anew: nothing else has a payment that no server took', async () => {
    await openWallet(false);
    await failToStart();
    await wallet.unlock(password, 'safe_mode');
    await wallet.session.store.disk.commit({ puts: [{ row: madeRow, value: Uint8Array.of(1) }], removes: [] });
    await wallet.changeSettings({ esploraUrl: 'https://esplora.example.com' });
    expect(world.nodes.at(-1)!.config.esploraUrl).toBe('https://esplora.example.com');
    expect(await wallet.session.store.disk.read(madeRow)).toEqual(Uint8Array.of(1));
    await wallet.lock();
    await wallet.unlock(password, 'safe_mode');
    expect(await wallet.session.store.disk.read(madeRow)).toBeUndefined();
    expect(await world.disk.read(madeRow)).toBeUndefined();
  });

  it('makes the next whole start scan the chain once, for addresses that it gave out', async () => {
    await openWallet(false);
    const scanned = { primary: 'bdk_wallet', secondary: '', key: 'scanned' };
    const scan = (): Promise<void> =>
      world.disk.commit({ puts: [{ row: scanned, value: Uint8Array.of(1) }], removes: [] });
    const isScanned = async (): Promise<boolean> => (await world.disk.read(scanned)) !== undefined;
    const openSafely = async (use: () => Promise<unknown>): Promise<void> => {
      await scan();
      await failToStart();
      await wallet.unlock(password, 'safe_mode');
      await use();
      await wallet.lock();
      expect(await isScanned()).toBe(true);
      failure = undefined;
      await wallet.unlock(password);
    };
    await openSafely(() => wallet.labels(['p1']));
    expect(await isScanned()).toBe(true);
    await wallet.lock();
    await openSafely(() => wallet.newAddress());
    expect(await isScanned()).toBe(false);
    await wallet.lock();
    await openSafely(() => wallet.sendOnchain(request));
    expect(await isScanned()).toBe(false);
    await scan();
    await wallet.lock();
    await wallet.unlock(password);
    expect(await isScanned()).toBe(true);
  });

  it('opens although nothing can be read of what it would take along', async () => {
    await openWallet(false);
    world.disk.readMany = () => Promise.reject(unreadable);
    await failToStart();
    await wallet.unlock(password, 'safe_mode');
    expect(await wallet.status()).toMatchObject({ phase: 'ready' });
  });

  it('opens on a full disk too: coins can be sent, and an address is given out once the disk remembers it', async () => {
    await openWallet(false);
    await failToStart();
    const commit = world.disk.commit.bind(world.disk);
    world.disk.commit = () => Promise.reject(new TernError('storage_full', 'Full.', 'Free some.'));
    await wallet.unlock(password, 'safe_mode');
    expect(await wallet.sendOnchain(request)).toEqual({ txid: 'ab'.repeat(32) });
    await expect(wallet.newAddress()).rejects.toEqual(code('storage_full'));
    world.disk.commit = commit;
    expect(await wallet.newAddress()).toBe(request.address);
  });
});

describe('what support is told', () => {
  it('names the failure and how much is stored of what, and no key of a row', async () => {
    await openWallet(false);
    await failToStart();
    const report = (await wallet.supportReport()).split('\n');
    expect(report).toEqual(
      expect.arrayContaining(['network regtest', 'phase halted', 'error state_unreadable: Broken.'])
    );
    expect(report).toContain('stored payments: 1 rows, 1 bytes');
    expect(report.join()).not.toContain('p1');
  });

  it('names what cannot be read', async () => {
    await openWallet(false);
    world.disk.readMany = () => Promise.reject(unreadable);
    expect(await wallet.supportReport()).toContain(
      'stored payments: 1 rows, unreadable, storage_corrupt: A chunk is missing.'
    );
    world.disk.allRows = () => Promise.reject(unreadable);
    expect(await wallet.supportReport()).toContain('stored: unreadable');
  });
});
