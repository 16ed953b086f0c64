// Owns the proof that a chain that changes its mind, and a chain server that is overloaded, slow or behind, cost neither a channel nor a coin: lnd and the node are asked.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WalletEvent } from '../../src/worker/api.js';
import { forkEmpty } from '../regtest/empty-blocks.js';
import { Lnd } from '../regtest/lnd.js';
import { Esplora } from '../regtest/esplora.js';
import { startChain, startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, everyFundingExists, fund, fundingsOf, openChannel, payLnd } from './steps.js';

const ON_ITS_OWN_MS = 20_000;

describe('a wallet on a chain that changes its mind', () => {
  let stand: Stand;
  let lnd: Lnd;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ esplora: true });
    // On regtest lnd would be content with one.
    lnd = await Lnd.start(stand.chain, { extraArguments: ['--bitcoin.defaultchanconfs=3'] });
    stand.lnds.push(lnd);
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
  });

  afterAll(async () => {
    await device?.off();
    await lnd?.stop();
    await stand?.stop();
  });

  it('keeps a channel whose funding is taken out of its block before it is ready, and confirmed in another', async () => {
    await device.wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: 500_000n });
    await waitFor(async () => everyFundingExists(stand, await fundingsOf(device)), { what: 'the funding' });
    const [fundingTxid = ''] = await fundingsOf(device);
    await stand.mine(1);
    await device.wallet.sync();
    expect(await device.wallet.channels()).toMatchObject([{ state: 'confirming', confirmations: 1 }]);
    const firstBlock = await blockOf(fundingTxid);
    expect(firstBlock).toBeDefined();

    await forkEmpty(stand.chain, 1);
    await followed();
    expect(await blockOf(fundingTxid)).toBeUndefined();
    expect(await device.wallet.channels()).toMatchObject([{ state: 'confirming', confirmations: 0 }]);

    await stand.mine(6);
    await device.wallet.sync();
    expect(await blockOf(fundingTxid)).not.toBe(firstBlock);
    const { nodeId } = await device.wallet.info();
    expect(await stand.lnd.awaitUsableChannel(nodeId)).toMatchObject({ isActive: true });
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    await pays(stand, device);
  });

  it('shows a payment on chain as waiting when three blocks are undone, and as confirmed when it is in a block again', async () => {
    const before = await device.wallet.balances();
    const txid = await stand.chain.fund(await device.wallet.newAddress(), 300_000n);
    await stand.mine(3);
    await device.wallet.sync();
    expect(await device.wallet.balances()).toMatchObject({
      onchainSpendableSat: before.onchainSpendableSat + 300_000n,
      onchainPendingSat: 0n
    });
    expect(await device.wallet.payment(txid)).toMatchObject({ status: 'succeeded', amountMsat: 300_000_000n });

    await forkEmpty(stand.chain, 3);
    await followed();
    expect(await stand.chain.mempool()).toContain(txid);
    expect(await device.wallet.balances()).toMatchObject({
      onchainSpendableSat: before.onchainSpendableSat,
      onchainPendingSat: 300_000n
    });
    expect(await device.wallet.payment(txid)).toMatchObject({ status: 'pending' });
    await pays(stand, device);

    await stand.mine(1);
    await device.wallet.sync();
    expect(await device.wallet.balances()).toMatchObject({
      onchainSpendableSat: before.onchainSpendableSat + 300_000n,
      onchainPendingSat: 0n
    });
    expect(await device.wallet.payment(txid)).toMatchObject({ status: 'succeeded' });
    await pays(stand, device);
  });

  it('keeps a channel that is ready when the blocks on top of its funding are undone', async () => {
    const [channel] = await stand.lnd.listChannels();
    const fundingHeight = Number(BigInt(channel?.shortChannelId ?? 0) >> 40n);
    const depth = (await stand.chain.height()) - fundingHeight;
    expect(depth).toBeGreaterThan(3);
    await forkEmpty(stand.chain, depth);
    await followed();
    await pays(stand, device);
  });

  /** Wallet and lnd stand on the node's new tip. */
  async function followed(): Promise<void> {
    const height = await stand.chain.height();
    await stand.lnd.awaitHeight(height);
    await device.wallet.sync();
    expect((await device.wallet.info()).blockHeight).toBe(height);
  }

  /** By the node's own word. */
  async function blockOf(txid: string): Promise<string | undefined> {
    const { blockhash } = await stand.chain.rpc.call<{ blockhash?: string }>('getrawtransaction', txid, 1);
    return blockhash || undefined;
  }
});

describe('a wallet whose chain server fails it', () => {
  let stand: Stand;
  let device: Device;
  let events: WalletEvent[] = [];

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    await device.wallet.subscribe((event) => events.push(event));
  });

  beforeEach(async () => {
    // A look that loses its server in the middle waits far longer than the next one.
    await device.wallet.sync();
    events = [];
  });

  afterEach(() => {
    stand.esplora.setFault();
    stand.esplora.catchUp();
  });

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  it.each(['too_many_requests', 'server_error'] as const)(
    'says chain_unavailable by itself while it answers %s, and what was sent meanwhile arrives without a click',
    async (fault) => {
      const address = await stand.lnd.newAddress();
      const before = await stand.lnd.walletBalance();
      stand.esplora.setFault(fault);
      await waitFor(() => events.find((event) => event.type === 'syncFailed')?.error.code === 'chain_unavailable', {
        what: 'the wallet to say that its chain server is away',
        timeoutMs: ON_ITS_OWN_MS
      });
      const { txid } = await device.wallet.sendOnchain({ address, amountSat: 50_000n });
      await pays(stand, device);
      expect(await stand.chain.mempool()).toEqual([]);
      expect((await device.wallet.payment(txid))?.status).toBe('pending');

      stand.esplora.setFault();
      await waitFor(async () => (await stand.chain.mempool()).includes(txid), {
        what: 'the transaction to reach the node',
        timeoutMs: ON_ITS_OWN_MS
      });
      await stand.mine(1);
      await foundByItself();
      await awaitStatus(device, txid, ['succeeded']);
      expect((await stand.lnd.walletBalance()).totalSat).toBe(before.totalSat + 50_000n);
      await pays(stand, device);
    }
  );

  it('finds the next block and is told of a payment on chain though every answer comes late', async () => {
    const before = await device.wallet.balances();
    stand.esplora.setFault('slow');
    await stand.chain.fund(await device.wallet.newAddress(), 100_000n);
    await stand.mine(1);
    await pays(stand, device);
    await foundByItself();
    expect(await device.wallet.balances()).toMatchObject({
      onchainSpendableSat: before.onchainSpendableSat + 100_000n
    });
    expect(events.filter((event) => event.type === 'syncFailed')).toEqual([]);
  });

  it('sees blocks and coins of a server that has no feerates, and says what it lacks', async () => {
    const before = await device.wallet.balances();
    await stand.chain.fund(await device.wallet.newAddress(), 100_000n);
    await stand.mine(1);
    stand.esplora.setFault('server_error', (path) => path.endsWith('/fee-estimates'));
    await expect(device.wallet.sync()).rejects.toMatchObject({ code: 'chain_unavailable' });
    expect((await device.wallet.info()).blockHeight).toBe(await stand.chain.height());
    expect((await device.wallet.balances()).totalSat).toBe(before.totalSat + 100_000n);
  });

  it('says that its channel can be used again as soon as the peer agreed to it, without a look at the chain', async () => {
    const { nodeId } = await device.wallet.info();
    stand.esplora.setFault('server_error');
    await stand.lnd.disconnect(nodeId);
    await waitFor(() => events.find((event) => event.type === 'channelChanged')?.state === 'ready', {
      what: 'the wallet to say that its channel can be used',
      timeoutMs: ON_ITS_OWN_MS
    });
    expect(events.filter((event) => event.type === 'synced')).toEqual([]);
    expect(await device.wallet.channels()).toMatchObject([{ state: 'ready' }]);
    await pays(stand, device);
  });

  it('keeps what it has and sends on while the server stands still, and finds all of it when that goes on', async () => {
    const address = await stand.lnd.newAddress();
    const [before, lndBefore] = [await device.wallet.balances(), await stand.lnd.walletBalance()];
    const frozenHeight = await stand.chain.height();
    await stand.esplora.fallBehind(0);
    await stand.chain.fund(await device.wallet.newAddress(), 100_000n);
    const { txid } = await device.wallet.sendOnchain({ address, amountSat: 50_000n });
    await waitFor(async () => (await stand.chain.mempool()).includes(txid), { what: 'the transaction at the node' });
    await stand.mine(3);
    await device.wallet.sync();
    expect((await device.wallet.info()).blockHeight).toBe(frozenHeight);
    expect((await device.wallet.payment(txid))?.status).toBe('pending');
    await pays(stand, device);

    stand.esplora.catchUp();
    await foundByItself();
    await awaitStatus(device, txid, ['succeeded']);
    expect((await stand.lnd.walletBalance()).totalSat).toBe(lndBefore.totalSat + 50_000n);
    const gainedSat = (await device.wallet.balances()).onchainSpendableSat - before.onchainSpendableSat;
    expect(gainedSat).toBeGreaterThan(49_000n);
    expect(gainedSat).toBeLessThan(50_000n);
    await pays(stand, device);
  });

  it('refuses a server whose first block is that of another network, and goes on with its own', async () => {
    stand.esplora.setFault('mainnet_genesis', (path) => path === '/block-height/0');
    device = await device.reload();
    await expect(device.wallet.sync()).rejects.toMatchObject({ code: 'wrong_network' });
    stand.esplora.setFault();
    await device.wallet.sync();
    await device.wallet.subscribe((event) => events.push(event));
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    await pays(stand, device);
  });

  it('without channels follows its own chain again after a longer one of others', async () => {
    const otherChain = await startChain();
    const otherServer = await Esplora.start(otherChain);
    let poor = await Device.start(stand);
    try {
      await fund(stand, poor, 123_000n);
      const height = await stand.chain.height();
      await otherChain.generate(height + 20 - (await otherChain.height()));
      for (const [esploraUrl, wantedHeight, wantedSat] of [
        [otherServer.url, height + 20, 0n],
        [stand.esplora.url, height, 123_000n]
      ] as const) {
        await poor.wallet.changeSettings({ esploraUrl });
        poor = await poor.reload();
        await poor.wallet.sync();
        expect((await poor.wallet.info()).blockHeight).toBe(wantedHeight);
        expect((await poor.wallet.balances()).onchainSpendableSat).toBe(wantedSat);
      }
    } finally {
      await poor.off();
      await otherServer.stop();
      await otherChain.stop();
    }
  });

  it('keeps its channel when the server forgets the last two blocks for a while', async () => {
    await stand.chain.fund(await device.wallet.newAddress(), 100_000n);
    await stand.mine(2);
    await device.wallet.sync();
    const before = await device.wallet.balances();
    await stand.esplora.fallBehind(2);
    await device.wallet.sync();
    expect((await device.wallet.info()).blockHeight).toBe((await stand.chain.height()) - 2);
    await pays(stand, device);
    events = [];
    stand.esplora.catchUp();
    await foundByItself();
    expect((await device.wallet.balances()).onchainSpendableSat).toBe(before.onchainSpendableSat);
    await pays(stand, device);
  });

  /** Nobody asks for a look. */
  async function foundByItself(): Promise<void> {
    const height = await stand.chain.height();
    await waitFor(() => events.some((event) => event.type === 'synced' && event.blockHeight === height), {
      what: `the wallet to find block ${height} by itself`,
      timeoutMs: ON_ITS_OWN_MS
    });
  }
});

/** lnd calls the channel active, and a payment through it settled. */
async function pays(stand: Stand, device: Device): Promise<void> {
  await assertNoForceClose(stand);
  expect(await stand.lnd.listChannels()).toMatchObject([{ isActive: true }]);
  const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
  await payLnd(stand, device, bolt11, paymentHash);
}
