// Owns the proof that a payment under way loses no money when the backup server is away while its deadline comes: lnd and the chain are asked.
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, fund, openChannel } from './steps.js';

const fundedSat = 5_000_000n;
/** The wallet must have offered to go on without the server by then, and a user has taken it. */
const OFFER_BLOCKS = 36;

describe('a payment under way while the backup server is away', () => {
  let stand: Stand;
  let server: Awaited<ReturnType<typeof pglite.start>>;
  let device: Device;
  let preimage: string;
  let paymentHash: string;

  beforeEach(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    server = await pglite.start();
    device = await Device.start(stand, { vssUrl: server.url });
    await fund(stand, device, fundedSat);
    await openChannel(stand, device);
    preimage = randomBytes(32).toString('hex');
    paymentHash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    const bolt11 = await stand.lnd.addHoldInvoice(paymentHash, { amountMsat: 30_000_000n });
    await device.wallet.pay({ bolt11 });
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    await device.awaitBackup('up_to_date');
    device.vssFault = () => Promise.reject(new TypeError('fetch failed'));
  }, 120_000);

  afterEach(async () => {
    await device?.off();
    await server?.stop();
    await stand?.stop();
  });

  async function deadline(): Promise<number> {
    const height = (await device.wallet.info()).nextHtlcExpiryHeight;
    if (height === undefined) throw new Error('the wallet knows of no HTLC');
    return height;
  }

  async function mineTo(height: number): Promise<void> {
    const blocks = height - (await stand.chain.height());
    if (blocks > 0) await stand.mine(blocks);
    await device.wallet.sync();
  }

  it('settles without a close when its user goes on local-first in time', async () => {
    await mineTo((await deadline()) - OFFER_BLOCKS);
    await device.awaitBackup('paused');
    await device.wallet.changeSettings({ backupMode: 'local-first' });
    await stand.lnd.settleInvoice(preimage);
    await awaitStatus(device, paymentHash, ['succeeded']);
    expect((await stand.lnd.lookupInvoice(paymentHash)).state).toBe('SETTLED');
    device.vssFault = undefined;
    await device.awaitBackup('up_to_date');
    await assertNoForceClose(stand);
  }, 120_000);

  it('fails at lnd when the deadline passes unseen, and every coin comes back', async () => {
    await mineTo((await deadline()) + 12);
    await stand.lnd.awaitInvoice(paymentHash, 'CANCELED');
    device.vssFault = undefined;
    await device.awaitBackup('up_to_date');
    await waitFor(
      async () => {
        await stand.mine(1);
        await device.wallet.sync();
        const { totalSat, closingSat, lightningMsat } = await device.wallet.balances();
        const isAtRest = closingSat === 0n && (lightningMsat === 0n || (await stand.lnd.listChannels()).length > 0);
        return isAtRest && totalSat > fundedSat - 15_000n;
      },
      { what: 'all but the fees to be back', timeoutMs: 120_000, intervalMs: 500 }
    );
    await awaitStatus(device, paymentHash, ['failed']);
  }, 240_000);
});
