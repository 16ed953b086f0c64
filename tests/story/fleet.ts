// Owns a fleet of wallets at one lnd, so that what takes long for one is tried by all at once; it is judged by what lnd and the chain say of each.
import { expect } from 'vitest';
import { TernError } from '../../src/wire/errors.js';
import type { LndChannel, LndClosedChannel } from '../regtest/lnd.js';
import type { Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device, type DeviceOptions } from './device.js';
import { anchorsSat, sendAllToLnd, spenderOf, transactionOf } from './ledger.js';
import { everyFundingExists } from './steps.js';

const fundedSat = 10_000_000n;
/** Both sides must have come back by then, the pace of their dials included. */
const timeoutMs = 90_000;

/** One wallet, and what lnd is to be asked of it. */
export class Ship {
  readonly stand: Stand;
  readonly device: Device;
  readonly nodeId: string;
  /** Invoices of lnd's that it paid, or tried to. */
  readonly sent = new Set<string>();
  /** Its own invoices that lnd paid, or tried to. */
  readonly received = new Set<string>();

  private constructor(stand: Stand, device: Device, nodeId: string) {
    this.stand = stand;
    this.device = device;
    this.nodeId = nodeId;
  }

  static async launch(stand: Stand, options: DeviceOptions): Promise<Ship> {
    const device = await Device.start(stand, options);
    await stand.chain.fund(await device.wallet.newAddress(), fundedSat);
    return new Ship(stand, device, (await device.wallet.info()).nodeId);
  }

  /** Connected in both sides' eyes, and every channel of both in use. */
  async awaitUsable(): Promise<void> {
    const { device, stand, nodeId } = this;
    await device.wallet.connectPeer(stand.lnd.nodeUri);
    const isUsable = async (): Promise<boolean> => {
      const ours = (await device.wallet.channels()).filter(({ state }) => state !== 'closing');
      const theirs = await this.lndChannels();
      return (
        ours.length === theirs.length &&
        ours.every(({ state }) => state === 'ready') &&
        theirs.every(({ isActive }) => isActive)
      );
    };
    await waitFor(isUsable, { what: 'both sides to have the same channels, in use', timeoutMs });
    if ((await this.lndChannels()).length > 0) await stand.lnd.awaitUsableChannel(nodeId, timeoutMs);
  }

  /** Resolves when nothing is under way on either side. */
  async awaitRest(): Promise<void> {
    const { device } = this;
    const isAtRest = async (): Promise<boolean> =>
      (await this.lndChannels()).every((channel) => channel.pendingHtlcs === 0) &&
      (await device.wallet.info()).nextHtlcExpiryHeight === undefined;
    await waitFor(isAtRest, { what: 'the last HTLC to be gone', timeoutMs });
  }

  async lndChannels(): Promise<LndChannel[]> {
    return (await this.stand.lnd.listChannels()).filter(({ nodeId }) => nodeId === this.nodeId);
  }

  /** What lnd has of its channels, and how much of it moved there by its payments: both by lnd's count. */
  async assertBalances(): Promise<void> {
    const channels = [...(await this.lndChannels()), ...(await this.lndClosed())];
    const heldSat = channels.reduce(
      (sum, each) => sum + ('settledSat' in each ? each.settledSat : each.localBalanceSat),
      0n
    );
    expect(heldSat).toBe((await this.movedMsat()) / 1_000n);
  }

  /** What lnd got of it, less what it got of lnd. */
  async movedMsat(): Promise<bigint> {
    const { lnd } = this.stand;
    const settled = (await lnd.listInvoices()).filter(
      (each) => each.state === 'SETTLED' && this.sent.has(each.paymentHash)
    );
    const paid = (await lnd.listPayments()).filter(
      (each) => each.status === 'SUCCEEDED' && this.received.has(each.paymentHash)
    );
    const sentMsat = settled.reduce((sum, each) => sum + each.paidMsat, 0n);
    return paid.reduce((sum, each) => sum - each.amountMsat, sentMsat);
  }

  /** The channels that lnd counts as closed; one whose funding never reached the network never was one. */
  async lndClosed(): Promise<LndClosedChannel[]> {
    const closed = (await this.stand.lnd.closedChannels()).filter(({ nodeId }) => nodeId === this.nodeId);
    const isReal = await Promise.all(closed.map((each) => everyFundingExists(this.stand, [txidOf(each.channelPoint)])));
    return closed.filter((_, index) => isReal[index]);
  }

  /** The fees that the chain took: all of its channels were opened and closed by it. */
  async feesSat(): Promise<bigint> {
    let sum = 0n;
    const txids = (await this.lndClosed()).flatMap(({ channelPoint, closingTxid }) => [
      txidOf(channelPoint),
      closingTxid
    ]);
    const open = (await this.lndChannels()).map(({ channelPoint }) => txidOf(channelPoint));
    for (const txid of new Set([...txids, ...open])) sum += (await transactionOf(this.stand, txid)).feeSat;
    return sum;
  }

  /** No coin is missing, by what lnd got and the chain took: all is on chain or in a channel, whose anchors are not counted. */
  async assertWhole(): Promise<void> {
    // Whoever has nothing in a channel has no anchor there either.
    const anchorSat = (channel: LndChannel): bigint => (channel.localBalanceSat === 0n ? anchorsSat / 2n : anchorsSat);
    const heldSat = (await this.lndChannels()).reduce((sum, channel) => sum + anchorSat(channel), 0n);
    const expectedSat = fundedSat - (await this.movedMsat()) / 1_000n - (await this.feesSat()) - heldSat;
    const total = async (): Promise<bigint> => {
      await this.device.wallet.sync();
      return (await this.device.wallet.balances()).totalSat;
    };
    await waitFor(async () => (await total()) === expectedSat, { what: `a balance of ${expectedSat} sat` }).catch(
      async () => expect(await total()).toBe(expectedSat)
    );
  }

  /** All it has is on chain, and arrives at lnd. */
  async assertArrives(): Promise<void> {
    await this.assertWhole();
    const { totalSat } = await this.device.wallet.balances();
    const { arrivedSat, feeSat } = await sendAllToLnd(this.stand, this.device);
    expect(arrivedSat).toBe(totalSat - feeSat);
  }

  /** What spends a channel's funding, once something does. */
  async closingOf(channelPoint: string): Promise<string> {
    const [txid = '', vout] = channelPoint.split(':');
    const closing = await waitFor(() => spenderOf(this.stand, txid, Number(vout)), { what: 'the closing', timeoutMs });
    return closing.txid;
  }

  /**
   * lnd's word on a channel whose closing has its confirmations. lnd looks for those once and does not repeat a look that failed: where it
   * counts nothing in a minute, its log of the channel is shown, and it is started anew.
   */
  async closedAtLnd(channelPoint: string): Promise<LndClosedChannel> {
    const { lnd } = this.stand;
    return lnd.awaitClosed(channelPoint, 60_000).catch(async (thrown: unknown) => {
      console.warn(`${TernError.from(thrown).message}\n${await lnd.logOf(txidOf(channelPoint))}`);
      await lnd.restart();
      return lnd.awaitClosed(channelPoint);
    });
  }
}

/** The transaction of `txid:vout`. */
export function txidOf(channelPoint: string): string {
  return channelPoint.split(':')[0] ?? '';
}
