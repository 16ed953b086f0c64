// Owns the proof that a wallet which was away past a payment's deadline keeps its channel when the peer gives the payment back: lnd and the chain are asked.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, fund, openChannel, payLnd } from './steps.js';

const password = 'correct horse battery';
/** A connection that says nothing is given up soon, so that the next one comes after the first look at the chain. */
const LDK_PING_MS = 500;
/** LDK closes a channel three blocks after an HTLC of ours ran out. */
const PAST_DEADLINE_BLOCKS = 10;

describe('a payment that ran out while the tab was closed', () => {
  let stand: Stand;
  let device: Device;
  let paymentHash: string;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand, { ldkPingMs: LDK_PING_MS });
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    paymentHash = createHash('sha256').update(randomBytes(32)).digest('hex');
    await device.wallet.pay({ bolt11: await stand.lnd.addHoldInvoice(paymentHash, { amountMsat: 20_000_000n }) });
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
  });

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  it('fails, and its channel goes on paying, though the peer answers later than the chain', async () => {
    const height = (await device.wallet.info()).nextHtlcExpiryHeight;
    if (height === undefined) throw new Error('the wallet knows of no HTLC');
    await device.off();
    await stand.lnd.cancelInvoice(paymentHash);
    await stand.mine(height - (await stand.chain.height()) + PAST_DEADLINE_BLOCKS);
    await stand.lnd.awaitHeight(await stand.chain.height());

    // Whoever looks in and locks at once does not close it either.
    await unlockUnheard();
    await waitFor(() => stand.esplora.requests.some((path) => path.endsWith('/status')), {
      what: 'a look at the chain'
    });
    await device.off();

    await unlockUnheard();
    await device.wallet.sync();
    expect((await device.wallet.info()).blockHeight).toBe(await stand.chain.height());
    expect(await awaitStatus(device, paymentHash, ['succeeded', 'failed'])).toBe('failed');
    await waitFor(async () => (await device.wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    const second = await stand.lnd.addInvoice({ amountMsat: 5_000_000n });
    await payLnd(stand, device, second.bolt11, second.paymentHash);
    await assertNoForceClose(stand);
  }, 180_000);

  /** The next process, whose first connection says nothing. */
  async function unlockUnheard(): Promise<void> {
    stand.esplora.requests.length = 0;
    device = await device.boot();
    const stalled = device.lines.stallAt('in', 1);
    await device.wallet.unlock(password);
    await stalled;
  }
});
