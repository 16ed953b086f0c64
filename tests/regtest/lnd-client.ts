// Owns what tests ask of lnd: each method is one call of lnd's, answered with typed values in hex and bigint.
import { createHash, randomBytes } from 'node:crypto';
import { hex } from '@scure/base';
import { TernError } from '../../src/wire/errors.js';
import {
  amount,
  base64Of,
  channelFrom,
  closedChannelFrom,
  hexOf,
  infoFrom,
  invoiceFrom,
  list,
  paymentFrom,
  pendingChannelsFrom,
  type LndChannel,
  type LndClosedChannel,
  type LndInfo,
  type LndInvoice,
  type LndPayment,
  type LndPendingChannel,
  type LndWalletBalance
} from './lnd-forms.js';
import { LndRest, type JsonObject } from './lnd-rest.js';
import { waitFor } from './wait.js';

export type {
  LndChannel,
  LndClosedChannel,
  LndInfo,
  LndInvoice,
  LndPayment,
  LndPendingChannel,
  LndWalletBalance
} from './lnd-forms.js';

export interface LndOpenChannel {
  /** The peer, connected already. */
  nodeId: string;
  amountSat: bigint;
  /** Given to the peer at once. */
  pushSat?: bigint;
  isPrivate?: boolean;
  feerateSatPerVb?: number;
}

export interface LndInvoiceRequest {
  /** Absent: the payer chooses. */
  amountMsat?: bigint;
  memo?: string;
  /** Default: lnd's, a day. */
  expiryS?: number;
  /** Puts route hints for private channels into the invoice. */
  isPrivate?: boolean;
}

export interface LndPayRequest {
  bolt11: string;
  /** For invoices without an amount. */
  amountMsat?: bigint;
  /** Default 100,000. */
  feeLimitMsat?: bigint;
  /** How long lnd tries; default 30. */
  timeoutS?: number;
  /** Default 1. */
  maxParts?: number;
}

/** BLIP 3: the record that carries the payer's preimage. */
const KEYSEND_RECORD = 5_482_373_484;

export class LndClient {
  /** For calls that have no method here. */
  readonly rest: LndRest;

  constructor(url: string) {
    this.rest = new LndRest(url);
  }

  async getInfo(): Promise<LndInfo> {
    return infoFrom(await this.rest.get('/v1/getinfo'));
  }

  async newAddress(type: 'WITNESS_PUBKEY_HASH' | 'TAPROOT_PUBKEY' = 'WITNESS_PUBKEY_HASH'): Promise<string> {
    return String((await this.rest.get(`/v1/newaddress?type=${type}`)).address);
  }

  async walletBalance(): Promise<LndWalletBalance> {
    const json = await this.rest.get('/v1/balance/blockchain');
    return {
      totalSat: amount(json.total_balance),
      confirmedSat: amount(json.confirmed_balance),
      unconfirmedSat: amount(json.unconfirmed_balance)
    };
  }

  /** Connects to `nodeid@host:port`; being connected already is fine. */
  async connect(nodeUri: string): Promise<void> {
    const [pubkey, host] = nodeUri.split('@');
    const connecting = this.rest.post('/v1/peers', { addr: { pubkey, host }, perm: false, timeout: '10' });
    await connecting.catch((error: unknown) => {
      if (!TernError.from(error).cause.includes('already connected')) throw error;
    });
  }

  async disconnect(nodeId: string): Promise<void> {
    await this.rest.delete(`/v1/peers/${nodeId}`);
  }

  /** Node ids of the connected peers. */
  async listPeers(): Promise<string[]> {
    return list((await this.rest.get('/v1/peers')).peers).map((peer) => String(peer.pub_key));
  }

  /** Opens a channel and broadcasts its funding; the channel point. */
  async openChannel({ nodeId, amountSat, pushSat = 0n, isPrivate = false, feerateSatPerVb = 5 }: LndOpenChannel) {
    const json = await this.rest.post('/v1/channels', {
      node_pubkey: base64Of(nodeId),
      local_funding_amount: String(amountSat),
      push_sat: String(pushSat),
      private: isPrivate,
      sat_per_vbyte: String(feerateSatPerVb)
    });
    return `${reversedHex(json.funding_txid_bytes)}:${Number(json.output_index)}`;
  }

  async listChannels(): Promise<LndChannel[]> {
    return list((await this.rest.get('/v1/channels')).channels).map(channelFrom);
  }

  async pendingChannels(): Promise<LndPendingChannel[]> {
    return pendingChannelsFrom(await this.rest.get('/v1/channels/pending'));
  }

  async closedChannels(): Promise<LndClosedChannel[]> {
    return list((await this.rest.get('/v1/channels/closed')).channels).map(closedChannelFrom);
  }

  /** Begins to close; resolves with the closing txid once that transaction is broadcast. `force` needs no peer. */
  async closeChannel(channelPoint: string, { force = false, feerateSatPerVb = 5 } = {}): Promise<string> {
    const options = force ? 'force=true' : `sat_per_vbyte=${feerateSatPerVb}`;
    const path = `/v1/channels/${channelPoint.replace(':', '/')}?${options}`;
    for await (const { close_pending: pending } of this.rest.stream('DELETE', path)) {
      if (pending) return reversedHex((pending as JsonObject).txid);
    }
    throw new TernError('channel_close_failed', `lnd did not close ${channelPoint}`, 'Look into lnd’s log.');
  }

  async addInvoice(request: LndInvoiceRequest): Promise<{ bolt11: string; paymentHash: string }> {
    const json = await this.rest.post('/v1/invoices', invoiceBody(request));
    return { bolt11: String(json.payment_request), paymentHash: hexOf(json.r_hash) };
  }

  /** An invoice that lnd accepts but does not settle until told to; its BOLT11 form. */
  async addHoldInvoice(paymentHash: string, request: LndInvoiceRequest): Promise<string> {
    const body = { ...invoiceBody(request), hash: base64Of(paymentHash) };
    return String((await this.rest.post('/v2/invoices/hodl', body)).payment_request);
  }

  async settleInvoice(preimage: string): Promise<void> {
    await this.rest.post('/v2/invoices/settle', { preimage: base64Of(preimage) });
  }

  async cancelInvoice(paymentHash: string): Promise<void> {
    await this.rest.post('/v2/invoices/cancel', { payment_hash: base64Of(paymentHash) });
  }

  async lookupInvoice(paymentHash: string): Promise<LndInvoice> {
    return invoiceFrom(await this.rest.get(`/v1/invoice/${paymentHash}`));
  }

  /** Every invoice, the oldest first. */
  async listInvoices(): Promise<LndInvoice[]> {
    return list((await this.rest.get('/v1/invoices?num_max_invoices=10000')).invoices).map(invoiceFrom);
  }

  /** Resolves when lnd reports the invoice in `state`, by its stream of that invoice. */
  async awaitInvoice(paymentHash: string, state: LndInvoice['state'], timeoutMs = 30_000): Promise<LndInvoice> {
    const urlSafe = base64Of(paymentHash).replaceAll('+', '-').replaceAll('/', '_');
    let seen = 'nothing';
    for await (const json of this.rest.stream('GET', `/v2/invoices/subscribe/${urlSafe}`, undefined, timeoutMs)) {
      const invoice = invoiceFrom(json);
      if (invoice.state === state) return invoice;
      seen = invoice.state;
    }
    throw new TernError('internal', `invoice ${paymentHash} is ${seen}, not ${state}`, 'Look into lnd’s log.');
  }

  /** Pays and waits for the outcome: the payment that succeeded, or `payment_failed` with lnd's reason. */
  async payInvoice(request: LndPayRequest): Promise<LndPayment> {
    const { bolt11, amountMsat, feeLimitMsat = 100_000n, timeoutS = 30, maxParts = 1 } = request;
    return this.#send({
      payment_request: bolt11,
      max_parts: maxParts,
      fee_limit_msat: String(feeLimitMsat),
      timeout_seconds: timeoutS,
      ...(amountMsat !== undefined && { amt_msat: String(amountMsat) })
    });
  }

  /** Pays a node that made no invoice (BLIP 3), and waits for the outcome as `payInvoice` does. */
  async keysend(nodeId: string, amountMsat: bigint, preimage = randomBytes(32)): Promise<LndPayment> {
    return this.#send({
      dest: Buffer.from(nodeId, 'hex').toString('base64'),
      amt_msat: String(amountMsat),
      payment_hash: createHash('sha256').update(preimage).digest('base64'),
      dest_custom_records: { [KEYSEND_RECORD]: preimage.toString('base64') },
      final_cltv_delta: 80,
      fee_limit_msat: '100000',
      timeout_seconds: 30
    });
  }

  /** Forgets a payment that ended, so that lnd would pay it again. */
  async forgetPayment(paymentHash: string): Promise<void> {
    await this.rest.delete(`/v1/payment?payment_hash=${encodeURIComponent(base64Of(paymentHash))}`);
  }

  async #send(request: JsonObject): Promise<LndPayment> {
    const updates = this.rest.stream('POST', '/v2/router/send', { ...request, no_inflight_updates: true }, 3_600_000);
    for await (const json of updates) {
      const payment = paymentFrom(json);
      if (payment.status === 'SUCCEEDED') return payment;
      if (payment.status === 'FAILED') {
        throw new TernError('payment_failed', payment.failureReason, 'Check channel, balance and route.');
      }
    }
    throw new TernError('payment_failed', 'lnd ended the payment’s stream without an outcome', 'Look into lnd’s log.');
  }

  /** Every payment, in flight and failed ones too, the oldest first. */
  async listPayments(): Promise<LndPayment[]> {
    const json = await this.rest.get('/v1/payments?include_incomplete=true&max_payments=10000');
    return list(json.payments).map(paymentFrom);
  }

  /** Resolves when lnd has seen the block at `height` and calls itself synced. */
  async awaitHeight(height: number, timeoutMs = 60_000): Promise<void> {
    await waitFor(
      async () => {
        const { blockHeight, isSyncedToChain } = await this.getInfo();
        return isSyncedToChain && blockHeight >= height;
      },
      { what: `lnd to reach block ${height}`, timeoutMs, intervalMs: 20 }
    );
  }

  /** Resolves when `nodeId` is connected. */
  async awaitPeer(nodeId: string, timeoutMs = 30_000): Promise<void> {
    await waitFor(async () => (await this.listPeers()).includes(nodeId), { what: `lnd to see ${nodeId}`, timeoutMs });
  }

  /** Resolves when lnd counts the channel as closed and has no more to sweep from it. */
  async awaitClosed(channelPoint: string, timeoutMs = 30_000): Promise<LndClosedChannel> {
    const closedOrWhere = async (): Promise<LndClosedChannel> => {
      const closed = (await this.closedChannels()).find((channel) => channel.channelPoint === channelPoint);
      if (closed) return closed;
      const pending = await this.rest.get('/v1/channels/pending');
      throw new TernError('internal', `lnd’s pending channels are ${JSON.stringify(pending)}`, 'Look into lnd’s log.');
    };
    return waitFor(closedOrWhere, { what: `lnd to count ${channelPoint} as closed`, timeoutMs });
  }

  /**
   * Resolves when lnd can pay through its channel with `nodeId`: `active` alone is too early,
   * until its own policy is in the graph it answers INSUFFICIENT_BALANCE or NO_ROUTE.
   */
  async awaitUsableChannel(nodeId: string, timeoutMs = 30_000): Promise<LndChannel> {
    const { nodeId: ownNodeId } = await this.getInfo();
    return waitFor(
      async () => {
        const channel = (await this.listChannels()).find((each) => each.nodeId === nodeId && each.isActive);
        if (!channel) return undefined;
        const edge = await this.rest.get(`/v1/graph/edge/${channel.shortChannelId}`);
        const ownPolicy = edge.node1_pub === ownNodeId ? edge.node1_policy : edge.node2_policy;
        return ownPolicy ? channel : undefined;
      },
      { what: `lnd to be able to use its channel with ${nodeId}`, timeoutMs }
    );
  }
}

function invoiceBody({ amountMsat, memo = '', expiryS, isPrivate = false }: LndInvoiceRequest): JsonObject {
  return {
    memo,
    private: isPrivate,
    ...(amountMsat !== undefined && { value_msat: String(amountMsat) }),
    ...(expiryS !== undefined && { expiry: String(expiryS) })
  };
}

/** A transaction id as bytes in wire order, in the hex people read. */
function reversedHex(value: unknown): string {
  return hex.encode(hex.decode(hexOf(value)).reverse());
}
