// Owns one request for money: an address, and an invoice where a channel can receive the amount. It is kept until it is paid, so that looking twice does not make two.
import type { Invoice, Payment } from '../../worker/api.js';
import { readableError, type ReadableError } from './errors.js';
import { buildPaymentUri } from './payment-uri.js';
import { wallet } from './state.svelte.js';

/** Why a request has an invoice, or why not. */
export type LightningPart = 'ready' | 'no_inbound' | 'too_much';

/** A request as it stands. */
export interface ReceiveRequest {
  address: string;
  invoice?: Invoice;
  lightning: LightningPart;
  amountSat?: bigint;
  description: string;
  createdAtMs: number;
  /** What one QR code and one link carry. */
  uri: string;
}

const expirySeconds = 86_400;

/** The request on the receive screen. */
export class Receiving {
  request = $state.raw<ReceiveRequest>();
  error = $state.raw<ReadableError>();
  preparing = $state(false);

  /** The payment of this request, once it was seen. */
  readonly payment = $derived.by(() => wallet.payments?.find((payment) => this.#pays(payment)));

  /** Takes up the unpaid request of before, or makes a new one. */
  async open(): Promise<void> {
    const last = wallet.lastRequest;
    const expired = last?.invoice !== undefined && last.invoice.expiresAtMs < Date.now() + 60_000;
    if (last === undefined || expired) return this.prepare(undefined, '');
    this.request = last;
    if (this.payment !== undefined) await this.prepare(undefined, '');
  }

  /** Makes a request. Its address is reused until something arrived there. */
  async prepare(amountSat: bigint | undefined, description: string): Promise<void> {
    this.preparing = true;
    this.error = undefined;
    try {
      const paid = this.payment !== undefined;
      const address = paid || this.request === undefined ? await wallet.client.newAddress() : this.request.address;
      const { inboundCapacityMsat } = await wallet.client.balances();
      const lightning = lightningPart(amountSat, inboundCapacityMsat);
      const invoice = lightning === 'ready' ? await createInvoice(amountSat, description) : undefined;
      const uri = buildPaymentUri({ address, bolt11: invoice?.bolt11, amountSat, message: description });
      this.request = { address, invoice, lightning, amountSat, description, createdAtMs: Date.now(), uri };
      wallet.lastRequest = this.request;
    } catch (thrown) {
      this.error = readableError(thrown);
    } finally {
      this.preparing = false;
    }
  }

  #pays(payment: Payment): boolean {
    const request = this.request;
    if (request === undefined || payment.direction !== 'inbound') return false;
    if (payment.kind === 'bolt11') {
      return payment.paymentHash === request.invoice?.paymentHash && payment.status === 'succeeded';
    }
    return payment.address === request.address && payment.status !== 'failed';
  }
}

function createInvoice(amountSat: bigint | undefined, description: string): Promise<Invoice> {
  const amountMsat = amountSat === undefined ? undefined : amountSat * 1000n;
  return wallet.client.createInvoice({ amountMsat, description, expirySeconds });
}

function lightningPart(amountSat: bigint | undefined, inboundCapacityMsat: bigint): LightningPart {
  if (inboundCapacityMsat < 1000n) return 'no_inbound';
  return amountSat !== undefined && amountSat * 1000n > inboundCapacityMsat ? 'too_much' : 'ready';
}
