// Owns what the wallet's API asks of a running node: checked at the door, answered when it is durable.
import type {
  Balances,
  ChannelInfo,
  Coin,
  DecodedInvoice,
  Descriptors,
  FeeEstimates,
  Invoice,
  InvoiceRequest,
  KeysendRequest,
  Network,
  NodeInfo,
  OnchainQuote,
  OnchainSendRequest,
  PayQuote,
  PayRequest,
  Payment,
  PaymentsPage,
  SpeedUpQuote,
  SpeedUpRequest
} from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { ChannelFunding, OpenChannelByUri, PeerStatus } from './api.js';
import { refuseWhilePaused } from './backup-answers.js';
import { beginClosing } from './closing.js';
import * as door from './door.js';
import { readLabels, stageLabel } from './labels.js';
import { parseNodeUri } from './node-uri.js';
import { beforeAddress, beforeSend, refuseInSafeMode, untilSent } from './safe-mode.js';
import type { Session } from './session.js';

/** The commands and questions of a wallet that runs. */
export abstract class NodeCommands {
  protected abstract readonly network: Network;
  /** The running session. Throws `wallet_locked` and what else keeps it from running. */
  abstract get session(): Session;

  async info(): Promise<NodeInfo> {
    return this.session.node.query((node) => node.info());
  }

  async balances(): Promise<Balances> {
    return this.session.node.query((node) => node.balances());
  }

  async feeEstimates(): Promise<FeeEstimates> {
    return this.session.node.query((node) => node.feeEstimates());
  }

  async newAddress(): Promise<string> {
    await beforeAddress(this.session);
    return this.session.node.command((node) => node.newAddress());
  }

  async quoteOnchain(request: OnchainSendRequest): Promise<OnchainQuote> {
    const checked = door.checkOnchainRequest(request);
    return this.session.node.query((node) => node.quoteOnchain(checked));
  }

  async sendOnchain(request: OnchainSendRequest): Promise<{ txid: string }> {
    const checked = door.checkOnchainRequest(request);
    await refuseWhilePaused(this.session);
    const { session } = this;
    await beforeSend(session);
    const txid = await session.node.command((node) => node.sendOnchain(checked));
    await untilSent(session);
    return { txid };
  }

  async quoteSpeedUp(request: SpeedUpRequest): Promise<SpeedUpQuote> {
    door.checkSpeedUp(request);
    return this.session.lightning.query((node) => node.quoteSpeedUp(request));
  }

  async speedUp(request: SpeedUpRequest): Promise<{ txid: string }> {
    door.checkSpeedUp(request);
    const { session } = this;
    await refuseWhilePaused(session);
    // Safe mode cannot tell a channel's funding, which must never be replaced, from a payment.
    const txid = await session.lightning.command((node) => node.speedUp(request));
    const before = await session.node.query((node) => node.payment(request.txid));
    const { [request.txid]: label } = await readLabels(session.store, [request.txid]);
    if (before?.failureCode === 'replaced' && label !== undefined) {
      stageLabel(session.store, txid, label);
      await session.node.flush();
    }
    return { txid };
  }

  async coins(): Promise<Coin[]> {
    return this.session.node.query((node) => node.coins());
  }

  async freezeCoin(outpoint: string, isFrozen: boolean): Promise<void> {
    door.checkOutpoint(outpoint);
    refuseInSafeMode(this.session);
    await this.session.node.command((node) => node.freezeCoin(outpoint, isFrozen));
  }

  async descriptors(): Promise<Descriptors> {
    return this.session.node.query((node) => node.descriptors());
  }

  async quoteChannel(request: ChannelFunding): Promise<OnchainQuote> {
    door.checkChannelFunding(request);
    const { amountSat, feerateSatPerVb } = request;
    return this.session.lightning.query((node) => node.quoteChannel(amountSat, feerateSatPerVb));
  }

  async openChannel(request: OpenChannelByUri): Promise<{ userChannelId: string }> {
    door.checkChannelFunding(request);
    const { nodeId, address } = parseNodeUri(request.nodeUri);
    const { amountSat, feerateSatPerVb, announce = false } = request;
    await refuseWhilePaused(this.session);
    await this.session.lightning.connectPeer(nodeId, address);
    const userChannelId = await this.session.lightning.command((node) =>
      node.openChannel({ nodeId, amountSat, feerateSatPerVb, announce })
    );
    return { userChannelId };
  }

  async closeChannel(channelId: string): Promise<void> {
    door.checkChannelId(channelId);
    await refuseWhilePaused(this.session);
    await beginClosing(this.session, channelId);
  }

  async forceCloseChannel(channelId: string): Promise<void> {
    door.checkChannelId(channelId);
    await refuseWhilePaused(this.session);
    await this.session.lightning.command((node) => node.forceCloseChannel(channelId));
  }

  async channels(): Promise<ChannelInfo[]> {
    return this.session.node.query((node) => node.channels());
  }

  async peers(): Promise<PeerStatus[]> {
    return Promise.resolve(this.session.node.peers.list());
  }

  async connectPeer(nodeUri: string): Promise<void> {
    const { nodeId, address } = parseNodeUri(nodeUri);
    await this.session.lightning.connectPeer(nodeId, address);
  }

  async createInvoice(request: InvoiceRequest): Promise<Invoice> {
    door.checkInvoiceRequest(request);
    return this.session.lightning.command((node) => node.createInvoice(request));
  }

  async decodeInvoice(bolt11: string): Promise<DecodedInvoice> {
    const checked = door.checkInvoice(bolt11, this.network);
    return this.session.node.query((node) => node.decodeInvoice(checked));
  }

  async quotePayment(request: PayRequest): Promise<PayQuote> {
    const checked = door.checkPayRequest(request, this.network);
    return this.session.lightning.query((node) => node.quotePayment(checked));
  }

  async pay(request: PayRequest): Promise<{ paymentId: string }> {
    const checked = door.checkPayRequest(request, this.network);
    await refuseWhilePaused(this.session);
    return { paymentId: await this.session.lightning.command((node) => node.pay(checked)) };
  }

  async quoteKeysend(request: KeysendRequest): Promise<PayQuote> {
    const checked = door.checkKeysend(request);
    return this.session.lightning.query((node) => node.quoteKeysend(checked));
  }

  async keysend(request: KeysendRequest): Promise<{ paymentId: string }> {
    const checked = door.checkKeysend(request);
    await refuseWhilePaused(this.session);
    return { paymentId: await this.session.lightning.command((node) => node.keysend(checked)) };
  }

  async payment(id: string): Promise<Payment | undefined> {
    door.checkPaymentId(id);
    return this.session.node.query((node) => node.payment(id));
  }

  async payments(limit: number, before?: string): Promise<PaymentsPage> {
    door.checkPage(limit, before);
    return this.session.node.query((node) => node.payments(limit, before));
  }

  async setLabel(paymentId: string, label: string): Promise<void> {
    door.checkPaymentId(paymentId);
    refuseInSafeMode(this.session);
    const { store, node } = this.session;
    if (!(await node.query((running) => running.payment(paymentId)))) {
      throw new TernError('invalid_argument', 'There is no such payment.', 'Reload the list of payments.');
    }
    stageLabel(store, paymentId, label);
    await node.flush();
  }

  async labels(paymentIds: string[]): Promise<Record<string, string>> {
    paymentIds.forEach(door.checkPaymentId);
    return readLabels(this.session.store, paymentIds);
  }

  async sync(): Promise<void> {
    await this.session.node.command((node) => node.sync());
  }
}
