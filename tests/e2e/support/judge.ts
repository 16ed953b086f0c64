// Owns the verdict on channels and payments: lnd's word and the chain's, never the wallet's own list alone.
import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@playwright/test';
import type { LndChannel } from '../../regtest/lnd.js';
import type { Stand } from '../../regtest/stand.js';
import { assertFundingUnspent, assertNoForceClose } from '../../story/steps.js';

/** Every channel that lnd has with the wallet is whole: no closing in lnd's lists, its funding unspent on chain. */
export async function expectChannelsWhole(stand: Stand, nodeId: string): Promise<void> {
  await assertNoForceClose(stand, nodeId);
  expect((await stand.lnd.closedChannels()).filter((channel) => channel.nodeId === nodeId)).toEqual([]);
  for (const { channelPoint } of await channelsWith(stand, nodeId)) await assertFundingUnspent(stand, channelPoint);
}

/** lnd's open channels with the wallet. */
export async function channelsWith(stand: Stand, nodeId: string): Promise<LndChannel[]> {
  return (await stand.lnd.listChannels()).filter((channel) => channel.nodeId === nodeId);
}

/** What lnd says of its own payment. */
export async function lndPaymentStatus(stand: Stand, paymentHash: string): Promise<string | undefined> {
  return (await stand.lnd.listPayments()).find((payment) => payment.paymentHash === paymentHash)?.status;
}

/** The payment hash of an invoice, as lnd reads it. */
export async function paymentHashOf(stand: Stand, bolt11: string): Promise<string> {
  return String((await stand.lnd.rest.get(`/v1/payreq/${bolt11}`)).payment_hash);
}

/** What a transaction paid to miners, from the chain. */
export async function feeSat(stand: Stand, txid: string): Promise<bigint> {
  const transaction = (await (await fetch(`${stand.esplora.url}/tx/${txid}`)).json()) as { fee: number };
  return BigInt(transaction.fee);
}

/** An invoice that lnd accepts but does not settle before the preimage is handed over. */
export async function heldInvoice(
  stand: Stand,
  amountMsat: bigint,
  memo: string
): Promise<{ bolt11: string; paymentHash: string; preimage: string }> {
  const preimage = randomBytes(32);
  const paymentHash = createHash('sha256').update(preimage).digest('hex');
  const bolt11 = await stand.lnd.addHoldInvoice(paymentHash, { amountMsat, memo });
  return { bolt11, paymentHash, preimage: preimage.toString('hex') };
}
