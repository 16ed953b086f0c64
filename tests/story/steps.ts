// Owns the steps of the first story, each waiting for what the other side says: lnd and the chain, never our own list alone.
import { expect } from 'vitest';
import { TernError } from '../../src/wire/errors.js';
import type { LndPayment } from '../regtest/lnd.js';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import type { Device } from './device.js';

const channelSat = 500_000n;

/** Pays the wallet on chain and confirms it. */
export async function fund(stand: Stand, device: Device, amountSat: bigint): Promise<void> {
  await stand.chain.fund(await device.wallet.newAddress(), amountSat);
  await stand.mine(1);
  await device.wallet.sync();
}

/** Opens a channel to lnd and brings it to where both sides can use it. */
export async function openChannel(stand: Stand, device: Device): Promise<void> {
  await device.wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: channelSat });
  await confirmChannel(stand, device);
}

/** Lets lnd open a channel to the wallet. */
export async function acceptChannel(stand: Stand, device: Device): Promise<void> {
  await device.wallet.connectPeer(stand.lnd.nodeUri);
  const { nodeId } = await device.wallet.info();
  await stand.lnd.awaitPeer(nodeId);
  await stand.lnd.openChannel({ nodeId, amountSat: channelSat, pushSat: 100_000n, isPrivate: true });
  await confirmChannel(stand, device);
}

/** Mines a channel's funding once it waits in the mempool, until both sides can use the channel. */
export async function confirmChannel(stand: Stand, device: Device): Promise<void> {
  await waitFor(async () => everyFundingExists(stand, await fundingsOf(device)), {
    what: 'the funding to be broadcast'
  });
  const { wallet } = device;
  await stand.mine(6);
  await wallet.sync();
  const { nodeId } = await device.wallet.info();
  await waitFor(async () => (await device.wallet.channels()).some((channel) => channel.state === 'ready'), {
    what: 'the channel to be ready'
  });
  await stand.lnd.awaitUsableChannel(nodeId);
}

/** Pays an invoice of lnd's; settled when lnd says so. */
export async function payLnd(stand: Stand, device: Device, bolt11: string, paymentHash: string): Promise<void> {
  await device.wallet.pay({ bolt11 });
  await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
  await awaitStatus(device, paymentHash, ['succeeded']);
}

/** Resolves with the status when the wallet's row of a payment has one of these; `undefined` where it has no row. */
export async function awaitStatus(device: Device, paymentHash: string, wanted: string[]): Promise<string> {
  return waitFor(
    async () => {
      const status = (await device.wallet.payment(paymentHash))?.status ?? 'unknown';
      return wanted.includes(status) ? status : undefined;
    },
    { what: `payment ${paymentHash} to be ${wanted.join(' or ')}`, timeoutMs: 60_000 }
  );
}

/** lnd pays the wallet's invoice. */
export async function receiveFromLnd(
  stand: Stand,
  device: Device,
  amountMsat: bigint,
  expirySeconds = 600
): Promise<string> {
  const { bolt11, paymentHash } = await device.wallet.createInvoice({ amountMsat, description: 'x', expirySeconds });
  await stand.lnd.payInvoice({ bolt11 });
  await awaitStatus(device, paymentHash, ['succeeded']);
  return paymentHash;
}

/**
 * lnd pays the wallet, which does not claim it: its backup server is away from when the payment is in both commitments, until `vssFault`
 * is taken off the device.
 */
export async function receiveUnclaimed(
  stand: Stand,
  device: Device,
  amountMsat: bigint
): Promise<{ paymentHash: string; paying: Promise<LndPayment> }> {
  const request = { amountMsat, description: 'x', expirySeconds: 600 };
  const { bolt11, paymentHash } = await device.wallet.createInvoice(request);
  let isCaught = false;
  device.vssFault = async (pass) => {
    isCaught ||= (await stand.lnd.listChannels()).some(({ pendingHtlcs }) => pendingHtlcs > 0);
    return isCaught ? Promise.reject(new TypeError('fetch failed')) : pass();
  };
  const paying = stand.lnd.payInvoice({ bolt11, timeoutS: 600 });
  paying.catch(() => undefined);
  await device.awaitBackup('paused');
  expect(isCaught).toBe(true);
  return { paymentHash, paying };
}

/** Closes every channel with lnd's consent, until lnd lists them as closed and the money is on chain. */
export async function closeChannels(stand: Stand, device: Device): Promise<void> {
  await whenIdle(stand);
  for (const channel of await device.wallet.channels()) {
    if (channel.state !== 'closing') await device.wallet.closeChannel(channel.channelId);
  }
  await confirmClosing(stand, device);
}

/** Mines closings until nothing is open on either side. */
export async function confirmClosing(stand: Stand, device: Device): Promise<void> {
  await waitFor(async () => (await stand.chain.mempool()).length > 0, { what: 'the closing to reach the mempool' });
  const { wallet } = device;
  await stand.mine(6);
  await wallet.sync();
  const { nodeId } = await device.wallet.info();
  await waitFor(
    async () => {
      const [ours, theirs] = [await device.wallet.channels(), await stand.lnd.listChannels()];
      return ours.length === 0 && !theirs.some((channel) => channel.nodeId === nodeId);
    },
    { what: 'the channel to be closed on both sides' }
  );
}

/** No HTLC is on its way in lnd's eyes: closing would otherwise wait for it. */
async function whenIdle(stand: Stand): Promise<void> {
  const settled = async (): Promise<boolean> =>
    (await stand.lnd.listChannels()).every((each) => each.pendingHtlcs === 0);
  await waitFor(settled, { what: 'all HTLCs to be settled' });
}

/**
 * Throws when lnd or the chain knows of a channel that ended otherwise than by both sides' consent. A channel whose funding never
 * reached the network never was one: lnd forgets it in its own time, and no money is in it. `nodeId`: of this wallet alone.
 */
export async function assertNoForceClose(stand: Stand, nodeId?: string): Promise<void> {
  const isJudged = (channel: { nodeId: string }): boolean => nodeId === undefined || channel.nodeId === nodeId;
  for (const { channelPoint, closeType } of (await stand.lnd.closedChannels()).filter(isJudged)) {
    if (closeType !== 'COOPERATIVE_CLOSE' && (await fundingExists(stand, txidOf(channelPoint))))
      throw forced(channelPoint, closeType);
  }
  for (const { channelPoint, state } of (await stand.lnd.pendingChannels()).filter(isJudged)) {
    if (state === 'force_closing' && (await fundingExists(stand, txidOf(channelPoint))))
      throw forced(channelPoint, state);
  }
}

/** Throws unless the channel's funding output is there and unspent. */
export async function assertFundingUnspent(stand: Stand, channelPoint: string): Promise<void> {
  const [txid = '', vout = ''] = channelPoint.split(':');
  if (!(await stand.chain.isUnspent(txid, Number(vout)))) throw forced(channelPoint, 'its funding is spent');
}

/** The transactions that fund the wallet's channels. */
export async function fundingsOf(device: Device): Promise<string[]> {
  return (await device.wallet.channels()).flatMap(({ fundingTxid }) => fundingTxid ?? []);
}

/** There is a funding, and each is in a block or waits for one. */
export async function everyFundingExists(stand: Stand, txids: string[]): Promise<boolean> {
  const known = await Promise.all(txids.map((txid) => fundingExists(stand, txid)));
  return known.length > 0 && known.every(Boolean);
}

async function fundingExists(stand: Stand, txid: string): Promise<boolean> {
  const answer = await fetch(`${stand.esplora.url}/tx/${txid}`);
  return answer.ok;
}

function txidOf(channelPoint: string): string {
  return channelPoint.split(':')[0] ?? '';
}

function forced(channelPoint: string, how: string): TernError {
  return new TernError(
    'internal',
    `channel ${channelPoint} was force-closed: ${how}`,
    'Look at the story that led here.'
  );
}
