// Owns the proof that no crash closes a channel or loses a payment: the story with a death before and after every commit, judged by lnd and the chain.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/worker/crash.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor, withDeadline } from '../regtest/wait.js';
import { pglite } from '../contract/targets.js';
import { Device, type CrashKind } from './device.js';
import {
  acceptChannel,
  assertFundingUnspent,
  assertNoForceClose,
  awaitStatus,
  closeChannels,
  confirmChannel,
  confirmClosing,
  everyFundingExists,
  fund,
  fundingsOf,
  openChannel
} from './steps.js';

/** More commits than any step has: a story that does not end is a failure, not a loop. */
const MAX_COMMITS = 60;
const STILL_MS = 400;
const STEP_TIMEOUT_MS = 60_000;

type Outcome = 'crashed' | 'finished';

interface Step {
  /** Runs without a crash, before each time. */
  prepare?: () => Promise<void>;
  step: (device: Device) => Promise<void>;
  /** Runs after each time, on the reopened wallet where it crashed; throws when something was lost. */
  recover: () => Promise<void>;
}

/** Where the crash comes, and where the wallet goes on. */
export interface Trial {
  when: CrashPoint['when'];
  every: CrashKind;
  /** Where the wallet goes on: on the disk it had, or on another device from the words and the backup server alone. */
  goesOn: 'on its disk' | 'elsewhere';
}

/** Dies at every point of every step of the story, once for each trial. Called by test files: they run side by side. */
export function proveCrashes(trials: Trial[]): void {
  describe.each(trials)('a crash $when every $every, going on $goesOn,', ({ when, every, goesOn }) => {
    let stand: Stand;
    let server: Awaited<ReturnType<typeof pglite.start>> | undefined;
    let device: Device;
    const points: Record<string, number> = {};

    beforeAll(async () => {
      stand = await startStand({ lnd: true, esplora: true });
      await stand.fundLnd(stand.lnd, 50_000_000n);
      if (goesOn === 'elsewhere') server = await pglite.start();
      device = await Device.start(stand, { vssUrl: server?.url });
      await fund(stand, device, 20_000_000n);
    });

    afterEach(async ({ task }) => {
      if (task.result?.state !== 'fail') return;
      const lines = await device.wallet.logs();
      for (const { atMs, level, target, message } of lines.slice(-40)) console.log(atMs, level, target, message);
      console.log(await device.wallet.channels(), await stand.lnd.listChannels(), await stand.lnd.pendingChannels());
    });

    afterAll(async () => {
      console.log(`crash points ${when} a ${every}, going on ${goesOn}: ${JSON.stringify(points)}`);
      await device?.off();
      await server?.stop();
      await stand?.stop();
    });

    /** Repeats a step with the crash one commit later each time, until the step ends without one. */
    async function enumerate(name: string, { prepare, step, recover }: Step): Promise<void> {
      for (let commit = 1; ; commit++) {
        expect(commit, `${name} makes more commits than it should`).toBeLessThan(MAX_COMMITS);
        await prepare?.();
        const outcome = await underCrash(commit, step);
        await recover();
        await assertNoForceClose(stand);
        if (outcome === 'finished') return void (points[name] = commit - 1);
      }
    }

    async function underCrash(commit: number, step: Step['step']): Promise<Outcome> {
      device.crashIn(commit, when, every);
      const stepped = step(device).then(() => untilStill());
      // A dead wallet answers nobody: what the step still awaits then fails or stays open.
      stepped.catch(() => undefined);
      const ended = Promise.race([
        stepped.then(() => 'finished' as const),
        device.crashed.then(() => 'crashed' as const)
      ]);
      const outcome = await withDeadline(
        ended,
        STEP_TIMEOUT_MS,
        `a step to end, with a crash ${when} ${every} ${commit}`
      );
      if (outcome === 'finished') device.disarm();
      if (outcome === 'crashed') device = await (goesOn === 'elsewhere' ? device.elsewhere() : device.reopen());
      return outcome;
    }

    /** Resolves when the wallet has committed nothing for a while: the step has had all its commits. */
    async function untilStill(): Promise<void> {
      const living = device;
      let [count, since] = [living.commitCount, performance.now()];
      await waitFor(
        () => {
          if (living.commitCount !== count) [count, since] = [living.commitCount, performance.now()];
          return performance.now() - since > STILL_MS;
        },
        { what: 'the wallet to come to rest' }
      );
    }

    /** The channel works on both sides, whatever happened before. */
    async function connected(): Promise<void> {
      const { nodeId } = await device.wallet.info();
      await stand.lnd.awaitUsableChannel(nodeId, 60_000);
      await waitFor(async () => (await device.wallet.channels()).some((channel) => channel.state === 'ready'), {
        what: 'the channel to be ready again',
        timeoutMs: 60_000
      });
    }

    /** Either there is no channel for either side, or it is brought to life and closed by consent. */
    async function settleChannel(): Promise<void> {
      await device.wallet.connectPeer(stand.lnd.nodeUri);
      const isSettled = async (): Promise<boolean> => {
        const fundings = await fundingsOf(device);
        return fundings.length === 0 || (await everyFundingExists(stand, fundings)) || isForgottenByLnd(fundings);
      };
      await waitFor(isSettled, { what: 'the funding of every channel to be broadcast, or the channel to be given up' });
      await giveUpForgotten();
      const channels = (await device.wallet.channels()).filter((channel) => channel.fundingTxid);
      if (channels.length === 0) return;
      if ((await stand.chain.mempool()).length > 0) await confirmChannel(stand, device);
      await connected();
      const [channel] = await stand.lnd.listChannels();
      await assertFundingUnspent(stand, channel?.channelPoint ?? '');
      await closeChannels(stand, device);
    }

    /** lnd, which would have to broadcast the funding, knows of no such channel. */
    async function isForgottenByLnd(fundings: string[]): Promise<boolean> {
      const known = [...(await stand.lnd.listChannels()), ...(await stand.lnd.pendingChannels())];
      return !known.some(({ channelPoint }) => fundings.some((txid) => channelPoint.startsWith(txid)));
    }

    /** We died before our signature left: to lnd that channel never was, and no coin is in it. Its user gives it up. */
    async function giveUpForgotten(): Promise<void> {
      const fundings = await fundingsOf(device);
      if (fundings.length === 0 || (await everyFundingExists(stand, fundings))) return;
      if (!(await isForgottenByLnd(fundings))) return;
      for (const { channelId } of await device.wallet.channels()) await device.wallet.forceCloseChannel(channelId);
    }

    async function ensureChannel(): Promise<void> {
      if ((await device.wallet.channels()).length === 0) await openChannel(stand, device);
      await connected();
    }

    it('of opening a channel loses neither the channel nor the coins', async () => {
      await enumerate('open', { step: (living) => openChannel(stand, living), recover: settleChannel });
      expect((await device.wallet.balances()).onchainSpendableSat).toBeGreaterThan(19_000_000n);
    }, 600_000);

    it('of paying leaves the same outcome here and at lnd', async () => {
      await ensureChannel();
      let paymentHash = '';
      await enumerate('pay', {
        step: async (living) => {
          const invoice = await stand.lnd.addInvoice({ amountMsat: 5_000_000n });
          paymentHash = invoice.paymentHash;
          await living.wallet.pay({ bolt11: invoice.bolt11 });
          await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
          await awaitStatus(living, paymentHash, ['succeeded']);
        },
        recover: async () => {
          await connected();
          const status = await awaitStatus(device, paymentHash, ['succeeded', 'failed', 'unknown']);
          const { state } = await stand.lnd.lookupInvoice(paymentHash);
          expect(state === 'SETTLED', `lnd says ${state}, the wallet ${status}`).toBe(status === 'succeeded');
        }
      });
    }, 600_000);

    it('of being paid leaves the same outcome here and at lnd', async () => {
      await ensureChannel();
      let paymentHash = '';
      let paying: Promise<unknown> = Promise.resolve();
      await enumerate('receive', {
        step: async (living) => {
          paymentHash = '';
          const request = { amountMsat: 1_000_000n, description: 'x', expirySeconds: 600 };
          const invoice = await living.wallet.createInvoice(request);
          paymentHash = invoice.paymentHash;
          paying = stand.lnd.payInvoice({ bolt11: invoice.bolt11, timeoutS: 60 });
          await paying;
          await awaitStatus(living, paymentHash, ['succeeded']);
        },
        recover: async () => {
          await connected();
          if (paymentHash === '') return;
          const paid = await paying.then(
            () => true,
            () => false
          );
          if (paid) await awaitStatus(device, paymentHash, ['succeeded']);
          else expect((await device.wallet.payment(paymentHash))?.status).not.toBe('succeeded');
        }
      });
    }, 600_000);

    it('of closing ends in a closing by consent', async () => {
      await enumerate('close', {
        prepare: ensureChannel,
        step: (living) => closeChannels(stand, living),
        recover: async () => {
          await device.wallet.sync();
          const { nodeId } = await device.wallet.info();
          if ((await stand.chain.mempool()).length > 0) await confirmClosing(stand, device);
          await waitFor(
            async () => {
              await device.wallet.sync();
              const channels = await device.wallet.channels();
              if (channels.length === 0) return true;
              if ((await stand.chain.mempool()).length > 0) await stand.mine(6);
              for (const channel of channels.filter(({ state }) => state === 'ready' || state === 'offline')) {
                await stand.lnd.awaitUsableChannel(nodeId);
                await device.wallet.closeChannel(channel.channelId);
              }
              return false;
            },
            { what: 'the channel to be closed', timeoutMs: 90_000, intervalMs: 200 }
          );
          if ((await stand.chain.mempool()).length > 0) await stand.mine(6);
          await device.wallet.sync();
        }
      });
      const kinds = (await stand.lnd.closedChannels()).map((each) => each.closeType);
      expect(kinds).toContain('COOPERATIVE_CLOSE');
    }, 900_000);

    it('of a channel that lnd opens leaves both sides agreed', async () => {
      await enumerate('accept', { step: (living) => acceptChannel(stand, living), recover: settleChannel });
    }, 600_000);
  });
}
