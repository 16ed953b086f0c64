// Owns how lnd's JSON becomes typed values: hex for its base64, bigint for its decimal strings, units in the names.
import { base64, hex } from '@scure/base';
import type { JsonObject } from './lnd-rest.js';

export interface LndInfo {
  nodeId: string;
  version: string;
  blockHeight: number;
  isSyncedToChain: boolean;
  peerCount: number;
}

export interface LndWalletBalance {
  totalSat: bigint;
  confirmedSat: bigint;
  unconfirmedSat: bigint;
}

export interface LndChannel {
  nodeId: string;
  /** `txid:vout` of the funding output. */
  channelPoint: string;
  /** The short channel id as a decimal number. */
  shortChannelId: string;
  isActive: boolean;
  isPrivate: boolean;
  isInitiator: boolean;
  capacitySat: bigint;
  localBalanceSat: bigint;
  remoteBalanceSat: bigint;
  unsettledSat: bigint;
  pendingHtlcs: number;
  commitmentType: string;
}

export interface LndPendingChannel {
  nodeId: string;
  channelPoint: string;
  capacitySat: bigint;
  localBalanceSat: bigint;
  /** `opening`: waits for confirmations. `waiting_close`: a closing transaction is not confirmed. `force_closing`: confirmed, not all swept. */
  state: 'opening' | 'waiting_close' | 'force_closing';
  closingTxid?: string;
}

export interface LndClosedChannel {
  nodeId: string;
  channelPoint: string;
  closingTxid: string;
  closeType:
    | 'COOPERATIVE_CLOSE'
    | 'LOCAL_FORCE_CLOSE'
    | 'REMOTE_FORCE_CLOSE'
    | 'BREACH_CLOSE'
    | 'FUNDING_CANCELED'
    | 'ABANDONED';
  settledSat: bigint;
}

export interface LndInvoice {
  paymentHash: string;
  bolt11: string;
  memo: string;
  amountMsat: bigint;
  paidMsat: bigint;
  state: 'OPEN' | 'ACCEPTED' | 'SETTLED' | 'CANCELED';
  preimage?: string;
}

export interface LndPayment {
  paymentHash: string;
  bolt11: string;
  amountMsat: bigint;
  feeMsat: bigint;
  status: 'INITIATED' | 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED';
  failureReason: string;
  preimage?: string;
}

export function infoFrom(json: JsonObject): LndInfo {
  return {
    nodeId: String(json.identity_pubkey),
    version: String(json.version),
    blockHeight: Number(json.block_height),
    isSyncedToChain: json.synced_to_chain === true,
    peerCount: Number(json.num_peers)
  };
}

export function channelFrom(json: JsonObject): LndChannel {
  return {
    nodeId: String(json.remote_pubkey),
    channelPoint: String(json.channel_point),
    shortChannelId: String(json.chan_id),
    isActive: json.active === true,
    isPrivate: json.private === true,
    isInitiator: json.initiator === true,
    capacitySat: amount(json.capacity),
    localBalanceSat: amount(json.local_balance),
    remoteBalanceSat: amount(json.remote_balance),
    unsettledSat: amount(json.unsettled_balance),
    pendingHtlcs: list(json.pending_htlcs).length,
    commitmentType: String(json.commitment_type)
  };
}

export function pendingChannelsFrom(json: JsonObject): LndPendingChannel[] {
  const sections = [
    ['pending_open_channels', 'opening'],
    ['waiting_close_channels', 'waiting_close'],
    ['pending_force_closing_channels', 'force_closing']
  ] as const;
  return sections.flatMap(([section, state]) =>
    list(json[section]).map((entry) => {
      const channel = entry.channel as JsonObject;
      return {
        nodeId: String(channel.remote_node_pub),
        channelPoint: String(channel.channel_point),
        capacitySat: amount(channel.capacity),
        localBalanceSat: amount(channel.local_balance),
        state,
        ...(entry.closing_txid ? { closingTxid: String(entry.closing_txid) } : {})
      };
    })
  );
}

export function closedChannelFrom(json: JsonObject): LndClosedChannel {
  return {
    nodeId: String(json.remote_pubkey),
    channelPoint: String(json.channel_point),
    closingTxid: String(json.closing_tx_hash),
    closeType: json.close_type as LndClosedChannel['closeType'],
    settledSat: amount(json.settled_balance)
  };
}

export function invoiceFrom(json: JsonObject): LndInvoice {
  const preimage = hexOf(json.r_preimage);
  return {
    paymentHash: hexOf(json.r_hash),
    bolt11: String(json.payment_request),
    memo: String(json.memo),
    amountMsat: amount(json.value_msat),
    paidMsat: amount(json.amt_paid_msat),
    state: json.state as LndInvoice['state'],
    ...(preimage && { preimage })
  };
}

export function paymentFrom(json: JsonObject): LndPayment {
  const isSucceeded = json.status === 'SUCCEEDED';
  return {
    paymentHash: String(json.payment_hash),
    bolt11: String(json.payment_request),
    amountMsat: amount(json.value_msat),
    feeMsat: amount(json.fee_msat),
    status: json.status as LndPayment['status'],
    failureReason: String(json.failure_reason),
    ...(isSucceeded && { preimage: String(json.payment_preimage) })
  };
}

/** Repeated messages; lnd leaves empty ones out. */
export function list(value: unknown): JsonObject[] {
  return (value ?? []) as JsonObject[];
}

/** A number of lnd's, which come as decimal strings. */
export function amount(value: unknown): bigint {
  return BigInt(String(value ?? 0));
}

/** Bytes as lnd's REST gives them, in hex. */
export function hexOf(value: unknown): string {
  return value ? hex.encode(base64.decode(String(value))) : '';
}

/** Hex as lnd's REST takes bytes. */
export function base64Of(hexString: string): string {
  return base64.encode(hex.decode(hexString));
}
