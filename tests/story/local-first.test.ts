// Owns the proof that going on elsewhere from a server that lags loses no money: local-first mode, a death before and after every request of a payment, judged by lnd and the chain.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor, withDeadline } from '../regtest/wait.js';
import { Device } from './device.js';
import { ownedSat } from './ledger.js';
import { awaitStatus, confirmClosing, fund, openChannel, payLnd } from './steps.js';

const fundedSat = 20_000_000n;
/** What a channel costs that opens, and that lnd closes: the funding, half a commitment, a sweep. */
const channelCostSat = 10_000n;
/** More requests than a payment makes: a story that does not end is a failure, not a loop. */
const MAX_REQUESTS = 40;

describe.each(['before', 'after'] as const)('a local-first wallet that dies %s any request to its backup', (when) => {
  let stand: Stand;
  let server: Awaited<ReturnType<typeof pglite.start>>;
  let device: Device;
  let openedCount = 0;
  let lostCount = 0;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    await stand.fundLnd(stand.lnd, 50_000_000n);
    server = await pglite.start();
    device = await Device.start(stand, { vssUrl: server.url });
    await fund(stand, device, fundedSat);
    await device.wallet.changeSettings({ backupMode: 'local-first' });
  });

  afterAll(async () => {
    await device?.off();
    await server?.stop();
    await stand?.stop();
  });

  async function ensureChannel(): Promise<void> {
    if ((await device.wallet.channels()).length === 0) {
      await openChannel(stand, device);
      openedCount += 1;
      // lnd needs something to pay with.
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 50_000_000n });
      await payLnd(stand, device, bolt11, paymentHash);
    }
    const { nodeId } = await device.wallet.info();
    await stand.lnd.awaitUsableChannel(nodeId, 60_000);
    await device.awaitBackup('up_to_date');
  }

  /** Whether the step ended before the request at which the wallet was to die. */
  async function dies(request: number, step: (living: Device) => Promise<void>): Promise<boolean> {
    device.crashIn(request, when, 'request');
    const stepped = step(device).then(() => device.awaitBackup('up_to_date'));
    // A dead wallet answers nobody: what the step still awaits then fails or stays open.
    stepped.catch(() => undefined);
    const died = Promise.race([stepped.then(() => false), device.crashed.then(() => true)]);
    const isDead = await withDeadline(died, 60_000, `a payment to end, with a death ${when} request ${request}`);
    if (!isDead) device.disarm();
    return isDead;
  }

  /** Both sides agree that the channel lives, or lnd has closed it with its own newest state. */
  async function settle(): Promise<void> {
    const { nodeId } = await device.wallet.info();
    const isSettled = async (): Promise<boolean> => {
      if ((await stand.chain.mempool()).length > 0) return true;
      const [theirs] = await stand.lnd.listChannels();
      const [ours] = await device.wallet.channels();
      return theirs?.isActive === true && ours?.state === 'ready';
    };
    await waitFor(isSettled, { what: 'the channel to live again, or to be closed by lnd', timeoutMs: 60_000 });
    if ((await stand.lnd.listChannels()).some((each) => each.nodeId === nodeId)) return;
    lostCount += 1;
    await confirmClosing(stand, device);
  }

  async function enumerate(step: (living: Device) => Promise<void>): Promise<number> {
    for (let request = 1; ; request += 1) {
      expect(request, 'a payment makes more requests than it should').toBeLessThan(MAX_REQUESTS);
      await ensureChannel();
      if (!(await dies(request, step))) return request - 1;
      device = await device.elsewhere();
      await settle();
    }
  }

  it('ends with a living channel, or with its money from the close of lnd', async () => {
    const paying = await enumerate(async (living) => {
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 5_000_000n });
      await payLnd(stand, living, bolt11, paymentHash);
    });
    const receiving = await enumerate(async (living) => {
      const request = { amountMsat: 1_000_000n, description: 'x', expirySeconds: 600 };
      const { bolt11, paymentHash } = await living.wallet.createInvoice(request);
      await stand.lnd.payInvoice({ bolt11, timeoutS: 60 });
      await awaitStatus(living, paymentHash, ['succeeded']);
    });
    console.log(`died ${when} a request: paying ${paying}, receiving ${receiving}; lnd closed ${lostCount} channels`);
    expect(Math.min(paying, receiving)).toBeGreaterThan(1);

    const breaches = (await stand.lnd.closedChannels()).filter(({ closeType }) => closeType === 'BREACH_CLOSE');
    expect(breaches).toEqual([]);
    const leastSat = (await ownedSat(stand, fundedSat)) - channelCostSat * BigInt(openedCount);
    await waitFor(
      async () => {
        await stand.mine(1);
        await device.wallet.sync();
        const { totalSat, closingSat } = await device.wallet.balances();
        return closingSat === 0n && totalSat >= leastSat;
      },
      { what: `at least ${leastSat} sat to be back`, timeoutMs: 90_000, intervalMs: 500 }
    );
  }, 900_000);
});
