// Owns the proof that a channel whose funding the network refuses counts its money once, opens when the funding is taken, and gives the coins back when it is closed: lnd and the chain are asked.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, confirmChannel, fund, openChannel, payLnd } from './steps.js';

const fundedSat = 2_000_000n;
const feesSat = 5_000n;
/** So often the wallet posts a transaction that is refused, before it takes that for an answer. */
const ATTEMPTS = 3;

describe('a channel whose funding the network refuses', () => {
  let stand: Stand;
  let device: Device;
  let refusals = 0;

  beforeEach(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, fundedSat);
    refusals = 0;
    stand.esplora.setFault('refused', (path) => path === '/tx' && (refusals += 1) > 0);
    await device.wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: 500_000n });
    await refused();
  });

  afterEach(async () => {
    await device?.off();
    await stand?.stop();
  });

  it('counts its money once, also in the next process, and pays as soon as a later attempt is taken', async () => {
    await expectCountedOnce();
    device = await device.reload();
    await refused();
    await expectCountedOnce();
    expect((await device.wallet.balances()).onchainSpendableSat, 'its coins are not free').toBeLessThan(1_500_000n);

    stand.esplora.setFault();
    await stand.mine(1);
    await device.wallet.sync();
    await confirmChannel(stand, device);
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    await assertNoForceClose(stand);
  });

  it('frees its coins when it is closed, and they open another', async () => {
    const [channel] = await device.wallet.channels();
    await device.wallet.forceCloseChannel(channel?.channelId ?? '');
    await waitFor(async () => (await device.wallet.balances()).onchainSpendableSat > fundedSat - feesSat, {
      what: 'the coins to be free'
    });
    await expectCountedOnce();
    expect(await device.wallet.balances()).toMatchObject({ lightningMsat: 0n, closingSat: 0n });

    stand.esplora.setFault();
    await openChannel(stand, device);
    expect(await stand.lnd.listChannels()).toMatchObject([{ isActive: true }]);
  });

  /** The network refuses again whatever is sent from now on, until the wallet takes that for its answer. */
  async function refused(): Promise<void> {
    const before = refusals;
    await waitFor(() => refusals >= before + ATTEMPTS, { what: 'the network to refuse' });
    await device.wallet.sync();
  }

  async function expectCountedOnce(): Promise<void> {
    const { totalSat } = await device.wallet.balances();
    expect(totalSat).toBeLessThanOrEqual(fundedSat);
    expect(totalSat).toBeGreaterThan(fundedSat - feesSat);
  }
});
