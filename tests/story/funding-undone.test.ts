// Owns the proof that a channel in use outlives the loss of its funding's block, and a chain server that is behind that block: lnd and the node are asked.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/wire/errors.js';
import { forkEmpty } from '../regtest/empty-blocks.js';
import { Esplora } from '../regtest/esplora.js';
import { startChain, startStand, type Stand } from '../regtest/stand.js';
import { Device } from './device.js';
import { waitFor } from '../regtest/wait.js';
import { assertNoForceClose, fund, openChannel, payLnd } from './steps.js';

describe('a channel in use', () => {
  let stand: Stand;
  let device: Device;

  beforeEach(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    await pays();
  });

  afterEach(async () => {
    await device?.off();
    await stand?.stop();
  });

  async function pays(): Promise<void> {
    await assertNoForceClose(stand);
    expect(await stand.lnd.listChannels()).toMatchObject([{ isActive: true }]);
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
  }

  /** The short channel id begins with the height. */
  async function confirmations(): Promise<number> {
    const [channel] = await stand.lnd.listChannels();
    return (await stand.chain.height()) - Number(BigInt(channel?.shortChannelId ?? 0) >> 40n) + 1;
  }

  it('goes on when its funding is taken out and confirmed in another block', async () => {
    await forkEmpty(stand.chain, await confirmations());
    await stand.mine(1);
    await device.wallet.sync();
    await pays();
  });

  it('goes on when its funding is out of the chain for a while, and still does a hundred blocks later', async () => {
    await forkEmpty(stand.chain, await confirmations());
    await device.wallet.sync();
    await stand.mine(6);
    await device.wallet.sync();
    await pays();
    await stand.mine(101);
    await device.wallet.sync();
    expect((await device.wallet.info()).blockHeight).toBe(await stand.chain.height());
    device = await device.reload();
    await device.wallet.sync();
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    // lnd drops the edge of an undone block from its graph: it is paid over the channel, and cannot pay.
    await pays();
  });

  it('follows the chain when a block that it saw last was undone a hundred blocks ago', async () => {
    await device.wallet.closeChannel((await device.wallet.channels())[0]?.channelId ?? '');
    await waitFor(async () => (await stand.chain.mempool()).length > 0, { what: 'the closing' });
    await stand.mine(1);
    await device.wallet.sync();
    await device.off();
    await forkEmpty(stand.chain, 1);
    await stand.mine(101);
    device = await device.reopen();
    await device.wallet.sync();
    expect((await device.wallet.info()).blockHeight).toBe(await stand.chain.height());
    expect(await device.wallet.balances()).toMatchObject({ lightningMsat: 0n, closingSat: 0n });
    await assertNoForceClose(stand);
  });

  it('goes on when the chain server falls behind its funding', async () => {
    await stand.esplora.fallBehind(await confirmations());
    await expect(device.wallet.sync()).rejects.toMatchObject({ code: 'chain_unavailable' });
    stand.esplora.catchUp();
    await device.wallet.sync();
    await pays();
  });

  it('goes on when the chain server is a hundred blocks behind, as one that still reads the chain is', async () => {
    await stand.mine(100);
    await device.wallet.sync();
    await pays();
    await stand.esplora.fallBehind(await confirmations());
    await expect(device.wallet.sync()).rejects.toMatchObject({ code: 'chain_unavailable' });
    stand.esplora.catchUp();
    await device.wallet.sync();
    await pays();
  });

  it('goes on when the chain server is one of another chain for a moment', async () => {
    await lookedElsewhere('chain_unavailable');
    await pays();
  });

  it('goes on when that other chain is longer', async () => {
    await stand.mine(100);
    await device.wallet.sync();
    await lookedElsewhere('chain_invalid_answer', (await stand.chain.height()) + 10);
    await pays();
  });

  /** Looks at another chain, at least so long, which is refused with the code and changes nothing; then at the right one again. */
  async function lookedElsewhere(code: ErrorCode, leastHeight = 0): Promise<void> {
    const before = await device.wallet.balances();
    const otherChain = await startChain();
    const otherServer = await Esplora.start(otherChain);
    try {
      const height = await otherChain.height();
      if (height < leastHeight) await otherChain.generate(leastHeight - height);
      await lookAt(otherServer.url);
      await expect(device.wallet.sync()).rejects.toMatchObject({ code });
      const { onchainSpendableSat, totalSat } = await device.wallet.balances();
      expect({ onchainSpendableSat, totalSat }).toEqual({
        onchainSpendableSat: before.onchainSpendableSat,
        totalSat: before.totalSat
      });
      await lookAt(stand.esplora.url);
      await device.wallet.sync();
      const { nodeId } = await device.wallet.info();
      await stand.lnd.awaitUsableChannel(nodeId, 15_000);
    } finally {
      await otherServer.stop();
      await otherChain.stop();
    }
  }

  async function lookAt(esploraUrl: string): Promise<void> {
    await device.wallet.changeSettings({ esploraUrl });
    device = await device.reload();
  }
});
