// Owns the proof that the playground is enough to learn everything on: coins, channels both ways, buying and selling, and all of it again after a restart.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChannelInfo } from '../../src/worker/api.js';
import { nodePlatform } from '../../src/worker/platform-node.js';
import { Wallet } from '../../src/worker/wallet.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { startPlayground, type Playground } from './playground.js';
import { WalletEvents } from './wallet-events.js';

/** Blocks come quickly here, so that nobody waits for confirmations. */
const blockIntervalMs = 250;
const faucetSat = 2_000_000;
const channelSat = 1_000_000n;

interface ShopPayment {
  id: string;
  status: string;
  amountSat: number;
}

let dataDir: string;
let playground: Playground;
let wallet: Wallet;
let events: WalletEvents;

async function post(route: string, body: unknown): Promise<{ status: number; value: Record<string, unknown> }> {
  const answer = await fetch(playground.shopUrl + route, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  });
  return { status: answer.status, value: (await answer.json()) as Record<string, unknown> };
}

async function get<T>(route: string): Promise<T> {
  return (await (await fetch(playground.shopUrl + route)).json()) as T;
}

/** What the page would show, in order, until the stream ends. */
async function standings(paymentId: string): Promise<string[]> {
  const stream = await (await fetch(`${playground.shopUrl}/payment/${paymentId}/events`)).text();
  return [...stream.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => (JSON.parse(data) as { mood: string }).mood);
}

function channel(chosen: (channel: ChannelInfo) => boolean, what: string): Promise<ChannelInfo> {
  return events.until(async () => (await wallet.channels()).find(chosen), { what, timeoutMs: 60_000 });
}

async function buy(good: string): Promise<{ paymentHash: string; shown: string[] }> {
  const { value } = await post('/invoice', { good });
  const { paymentHash, bolt11 } = value as { paymentHash: string; bolt11: string };
  const shown = standings(paymentHash);
  await wallet.pay({ bolt11 });
  return { paymentHash, shown: await shown };
}

async function invoice(amountSat: bigint): Promise<string> {
  const request = { amountMsat: amountSat * 1_000n, description: 'sold back', expirySeconds: 600 };
  return (await wallet.createInvoice(request)).bolt11;
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'tern-playground-'));
  playground = await startPlayground({ dataDir, blockIntervalMs });
  const disk = new MemoryDisk();
  const platform = nodePlatform({
    network: 'regtest',
    deviceName: 'The customer',
    openDisk: () => Promise.resolve(disk),
    eraseDisk: () => Promise.resolve()
  });
  wallet = await Wallet.open(platform, { network: 'regtest', esploraUrl: playground.esploraUrl, bridgeUrl: '' });
  events = await WalletEvents.of(wallet);
  await wallet.create({ password: 'correct horse', words: 12 });
});
afterAll(async () => {
  await wallet?.lock();
  await playground?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test('coins from the faucet are confirmed when it answers, with nobody mining by hand', async () => {
  const body = JSON.stringify({ address: await wallet.newAddress(), amountSat: faucetSat });
  const answer = await fetch(playground.faucetUrl, { method: 'POST', body });
  expect(answer.status).toBe(200);
  await wallet.sync();
  expect(await wallet.balances()).toMatchObject({ onchainSpendableSat: BigInt(faucetSat), onchainPendingSat: 0n });
});

test('a channel to the shop confirms by itself, and the shop sees it', async () => {
  await wallet.openChannel({ nodeUri: playground.shopNodeUri, amountSat: channelSat });
  const opened = await channel(({ state }) => state === 'ready', 'the channel to become ready');
  const { channels } = await get<{ channels: { channelId: string; capacitySat: number }[] }>('/info');
  expect(channels).toContainEqual(
    expect.objectContaining({ channelId: opened.channelId, capacitySat: Number(channelSat), isOutbound: false })
  );
});

test('a good that is paid is shown as paid the moment it happens', async () => {
  const { paymentHash, shown } = await buy('binoculars');
  expect(shown).toEqual(['waiting', 'good']);
  expect(await get<ShopPayment>(`/payment/${paymentHash}`)).toMatchObject({ status: 'succeeded', amountSat: 150_000 });
  await events.until(async () => (await wallet.payment(paymentHash))?.status === 'succeeded', { what: 'the receipt' });
});

test('the shop buys back over the same channel', async () => {
  const before = (await wallet.balances()).lightningMsat;
  const { status, value } = await post('/pay', { bolt11: await invoice(20_000n) });
  expect({ status, value }).toMatchObject({ status: 200, value: { status: 'succeeded', amountSat: 20_000 } });
  const after = await events.until(
    async () => {
      const { lightningMsat } = await wallet.balances();
      return lightningMsat !== before && lightningMsat;
    },
    { what: 'the balance to change' }
  );
  expect(after - before).toBe(20_000_000n);
});

test('a channel that the shop opens gives room to receive', async () => {
  const { nodeId } = await wallet.info();
  const before = (await wallet.balances()).inboundCapacityMsat;
  const { status, value } = await post('/channel', { node: nodeId, amountSat: 500_000 });
  expect(status).toBe(200);
  const opened = await channel(
    ({ channelId, state }) => channelId === value['channelId'] && state === 'ready',
    'the shop’s channel to become ready'
  );
  expect(opened).toMatchObject({ isOutbound: false, capacitySat: 500_000n });
  expect((await wallet.balances()).inboundCapacityMsat).toBeGreaterThan(before + 450_000_000n);
});

describe('what cannot be is refused with a code, and changes nothing', () => {
  const stranger = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
  test.each([
    ['/invoice', { good: 'a whale' }, 'invalid_argument'],
    ['/invoice', { amountSat: 0 }, 'invalid_argument'],
    ['/invoice', { amountSat: 1.5 }, 'invalid_argument'],
    ['/pay', { bolt11: 'nonsense' }, 'invalid_invoice'],
    ['/pay', {}, 'invalid_argument'],
    ['/channel', { node: stranger, amountSat: 500_000 }, 'peer_unreachable'],
    ['/channel', { node: 'nobody', amountSat: 500_000 }, 'invalid_node_uri'],
    ['/channel', { node: stranger, amountSat: 1 }, 'invalid_argument'],
    ['/nowhere', {}, 'invalid_argument']
  ])('POST %s %j: %s', async (route, body, code) => {
    const before = (await wallet.balances()).totalSat;
    const { status, value } = await post(route, body);
    expect({ status, code: value['code'] }).toEqual({ status: 400, code });
    expect((await wallet.balances()).totalSat).toBe(before);
  });

  test('an invoice over the limit, one without an amount, and one that was paid already', async () => {
    expect((await post('/pay', { bolt11: await invoice(200_001n) })).value['code']).toBe('invalid_amount');
    const { bolt11: open } = await wallet.createInvoice({ description: 'any amount', expirySeconds: 600 });
    expect((await post('/pay', { bolt11: open })).value['code']).toBe('invalid_amount');
    const paid = await invoice(5_000n);
    expect((await post('/pay', { bolt11: paid })).status).toBe(200);
    expect((await post('/pay', { bolt11: paid })).value['code']).toBe('invoice_already_paid');
  });

  test('a page of another site may not call the shop', async () => {
    const headers = { origin: 'https://example.com', 'content-type': 'application/json' };
    const foreign = await fetch(`${playground.shopUrl}/info`, { headers });
    expect(foreign.status).toBe(400);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const own = await fetch(`${playground.shopUrl}/info`, { headers: { origin: 'http://localhost:3000' } });
    expect(own.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  });
});

test('a second playground in the same directory is refused', async () => {
  await expect(startPlayground({ dataDir })).rejects.toMatchObject({ code: 'storage_unavailable' });
});

test('after a restart everything is where it was, and the wallet pays again by itself', async () => {
  const { shopUrl, faucetUrl, esploraUrl, shopNodeUri } = playground;
  const before = { channels: await wallet.channels(), balances: await wallet.balances() };
  await playground.stop();
  await channel(({ state }) => state === 'offline', 'the shop to be gone');
  playground = await startPlayground({ dataDir, blockIntervalMs });
  expect(playground).toMatchObject({ shopUrl, faucetUrl, esploraUrl, shopNodeUri });

  await channel(({ state }) => state === 'ready', 'the wallet to find the shop again');
  await wallet.sync();
  expect((await wallet.channels()).map(({ channelId }) => channelId)).toEqual(
    before.channels.map(({ channelId }) => channelId)
  );
  expect((await wallet.balances()).totalSat).toBe(before.balances.totalSat);
  expect((await buy('book')).shown).toEqual(['waiting', 'good']);
  expect((await post('/pay', { bolt11: await invoice(10_000n) })).status).toBe(200);
});
