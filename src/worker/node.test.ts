// Proves what leaves the worker, and when: after the commit, and never after a halt, a crash or the end of the session; when the background work begins; and when waking up reads the chain.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idle, VirtualClock } from '../../tests/sim/virtual-clock.js';
import { WalletWorld } from '../../tests/sim/wallet-world.js';
import { TernError } from '../wire/errors.js';
import type { NodeModule } from './platform.js';
import type { Wallet } from './wallet.js';

const password = 'correct horse';
const bolt11 = `lnbcrt10n1p${'q'.repeat(100)}`;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const phase = async (wallet: Wallet): Promise<string> => (await wallet.status()).phase;

let world: WalletWorld;
beforeEach(async () => {
  world = await WalletWorld.start();
});
afterEach(() => world.stop());

describe('the background work', () => {
  it('begins once the first turn is durable and the wallet has answered', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    const [node] = world.nodes;
    expect(node!.cutsBeforeRun).toBeUndefined();
    await expect.poll(() => node!.cutsBeforeRun).toBe(1);
    await wallet.lock();
  });

  it('does not begin when the wallet is locked at once', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    await wallet.lock();
    await idle();
    expect(world.nodes[0]!.cutsBeforeRun).toBeUndefined();
  });
});

describe('what leaves the worker', () => {
  it('answers, and broadcasts, only after the commit of the turn', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    let letGo = (): void => undefined;
    world.disk.held = new Promise((resolve) => (letGo = resolve));
    let isAnswered = false;
    const paying = wallet.pay({ bolt11 }).then(() => (isAnswered = true));
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect({ isAnswered, broadcasts: world.broadcasts }).toEqual({ isAnswered: false, broadcasts: [] });
    letGo();
    await paying;
    await expect.poll(() => world.broadcasts).toEqual(['07']);
    expect(await world.disk.read({ primary: 'payments', secondary: '', key: 'p1' })).toEqual(Uint8Array.of(1));
    await wallet.lock();
  });

  it('sends nothing more after the node has halted, not even what came in the same turn', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    const [node] = world.nodes;
    node!.tell({ type: 'halted', code: 'node_halted', cause: 'A peer proved us behind.', next: 'Wait.' });
    node!.send({ type: 'broadcast', transactions: [Uint8Array.of(8)] });
    await expect.poll(() => phase(wallet)).toBe('halted');
    await expect(wallet.pay({ bolt11 })).rejects.toMatchObject({
      code: 'node_halted',
      cause: 'A peer proved us behind.'
    });
    node!.send({ type: 'broadcast', transactions: [Uint8Array.of(9)] });
    await node!.host.write('payments', '', 'late', Uint8Array.of(1));
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(world.broadcasts).toEqual([]);
    expect(await world.disk.read({ primary: 'payments', secondary: '', key: 'late' })).toBeUndefined();
    await wallet.unlock(password);
    expect(await phase(wallet)).toBe('ready');
    await wallet.lock();
  });

  it('halts when the node meets a defect', async () => {
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    world.nodes[0]!.onSync = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    await expect(wallet.sync()).rejects.toEqual(code('node_halted'));
    expect(await phase(wallet)).toBe('halted');
  });

  it('says of a start that waits for a full disk why, and opens once there is room', async () => {
    const virtual = new VirtualClock();
    world.clock = virtual;
    const module: NodeModule = {
      start: async (config, seed, host) => {
        const node = await world.module.start(config, seed, host);
        void host.write('manager', '', 'manager', Uint8Array.of(1));
        return node;
      }
    };
    const wallet = await world.open({ loadNode: () => Promise.resolve(module) });
    await wallet.create({ password, words: 12 });
    await wallet.lock();
    world.disk.failure = new TernError('storage_full', 'The disk is full.', 'Free some space.');
    const unlocking = wallet.unlock(password);
    await expect.poll(() => wallet.status()).toMatchObject({ phase: 'starting', error: { code: 'storage_full' } });
    world.disk.failure = undefined;
    await virtual.advance(1_000);
    await unlocking;
    expect((await wallet.status()).error).toBeUndefined();
    await wallet.lock();
  });

  it('commits nothing of a session that ended while the disk was full, over the session after it', async () => {
    const virtual = new VirtualClock();
    world.clock = virtual;
    const wallet = await world.open();
    await wallet.create({ password, words: 12 });
    const { host } = world.nodes[0]!;
    world.disk.failure = new TernError('storage_full', 'The disk is full.', 'Free some space.');
    void host.write('manager', '', 'manager', Uint8Array.of(1));
    await virtual.advance(1_000);
    expect((await wallet.status()).error?.code).toBe('storage_full');
    const locking = wallet.lock();
    await virtual.advance(10_000);
    await locking;
    world.disk.failure = undefined;
    await wallet.unlock(password);
    await world.nodes[1]!.host.write('manager', '', 'manager', Uint8Array.of(9));
    await wallet.sync();
    await host.write('manager', '', 'manager', Uint8Array.of(3));
    await virtual.advance(60_000);
    expect(await world.disk.read({ primary: 'manager', secondary: '', key: 'manager' })).toEqual(Uint8Array.of(9));
    await wallet.lock();
  });

  it('passes world.events on, and forgets listeners that fail', async () => {
    const wallet = await world.open();
    let calls = 0;
    await wallet.subscribe(() => {
      calls += 1;
      throw new Error('the page is gone');
    });
    await wallet.create({ password, words: 12 });
    world.nodes[0]!.tell({ type: 'syncFailed', code: 'chain_unavailable', cause: 'Down.', next: 'Wait.' });
    world.nodes[0]!.tell({ type: 'synced', blockHeight: 7 });
    await wallet.sync();
    expect(world.events).toContainEqual({
      type: 'syncFailed',
      error: { code: 'chain_unavailable', cause: 'Down.', next: 'Wait.' }
    });
    expect(world.events.at(-1)).toEqual({ type: 'synced', blockHeight: 7 });
    expect(calls).toBe(1);
    await wallet.lock();
  });

  it('dies silently at a crash point: no answer, no broadcast', async () => {
    let crashes = 0;
    const wallet = await world.open({ crash: { at: { commit: 1, when: 'after' }, happened: () => (crashes += 1) } });
    await wallet.create({ password, words: 12 });
    let isAnswered = false;
    void wallet.pay({ bolt11 }).finally(() => (isAnswered = true));
    await expect.poll(() => crashes).toBe(1);
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect({ isAnswered, broadcasts: world.broadcasts }).toEqual({ isAnswered: false, broadcasts: [] });
    expect(await world.disk.read({ primary: 'payments', secondary: '', key: 'p1' })).toEqual(Uint8Array.of(1));
  });
});

describe('a wallet that wakes up', () => {
  it('reads the chain at once if that was never done, or longer ago than a poll interval, and else leaves it to the poll', async () => {
    const clock = new VirtualClock();
    world.clock = clock;
    let wake = (): void => undefined;
    const onWake = (run: () => void): (() => void) => {
      wake = run;
      return () => undefined;
    };
    const wallet = await world.open({ onWake });
    await wallet.create({ password, words: 12 });
    const node = world.nodes[0]!;
    let syncs = 0;
    node.onSync = () => (syncs += 1);
    const syncsAtWake = async (): Promise<number> => {
      syncs = 0;
      wake();
      await idle();
      return syncs;
    };
    expect(await syncsAtWake()).toBe(1);
    node.syncedAtMs = clock.nowMs();
    expect(await syncsAtWake()).toBe(0);
    await clock.advance(node.config.pollIntervalSeconds * 1_000);
    expect(await syncsAtWake()).toBe(0);
    await clock.advance(1);
    expect(await syncsAtWake()).toBe(1);
    await wallet.lock();
  });

  it.each([
    ['once however often it is woken meanwhile, where that succeeds', true, 1],
    ['once more, where it was woken meanwhile and that failed', false, 2]
  ])('reads the chain %s', async (_, succeeds, times) => {
    let wake = (): void => undefined;
    const wallet = await world.open({
      onWake: (run) => {
        wake = run;
        return () => undefined;
      }
    });
    await wallet.create({ password, words: 12 });
    const node = world.nodes[0]!;
    let syncs = 0;
    let end = (): void => undefined;
    node.onSync = async () => {
      syncs += 1;
      if (syncs > 1) return;
      await new Promise<void>((resolve) => (end = resolve));
      if (!succeeds) throw new TernError('chain_unavailable', 'No network.', 'Wait.');
      node.syncedAtMs = world.clock.nowMs();
    };
    for (let wakes = 0; wakes < 4; wakes += 1) {
      wake();
      await idle();
    }
    expect(syncs).toBe(1);
    end();
    await idle();
    expect(syncs).toBe(times);
    wake();
    await idle();
    expect(syncs, 'it can be woken again').toBe(succeeds ? 1 : 3);
    await wallet.lock();
  });
});
