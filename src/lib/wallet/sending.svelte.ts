// Owns one payment from what was pasted to its outcome. Nothing leaves before `confirm`, and `confirm` acts once.
import type { DecodedInvoice, FeeEstimates, PayRequest } from '../../worker/api.js';
import { TernError } from '../../wire/errors.js';
import { quoteOnceAwake } from './awake.js';
import { readableError, readableShape, type ReadableError } from './errors.js';
import { parsePaymentInput, type PaymentTarget } from './payment-uri.js';
import { feerateOf, type Speed } from './speeds.js';
import { wallet } from './state.svelte.js';

/** Where the payment stands. */
export type SendStep = 'input' | 'amount' | 'review' | 'sending';

/** What the user agrees to. `feeMsat` is expected, `maxFeeMsat` the most it can become. */
export interface SendQuote {
  amountMsat: bigint;
  feeMsat: bigint;
  maxFeeMsat: bigint;
  feerateSatPerVb?: number;
}

/** One payment on its way. */
export class Sending {
  step = $state<SendStep>('input');
  busy = $state(false);
  error = $state.raw<ReadableError>();
  target = $state.raw<PaymentTarget>();
  invoice = $state.raw<DecodedInvoice>();
  quote = $state.raw<SendQuote>();
  feeEstimates = $state.raw<FeeEstimates>();
  method = $state<'lightning' | 'onchain'>('lightning');
  speed = $state<Speed>('normal');
  /** Lightning could not carry it, so it goes on chain. */
  fellBack = $state(false);
  paymentId = $state<string>();
  txid = $state<string>();

  /** Absent: everything on chain. */
  #amountSat: bigint | undefined;

  /** The payment in the wallet's history, as soon as it is there. */
  readonly payment = $derived(
    wallet.payments?.find((payment) =>
      this.paymentId !== undefined
        ? payment.id === this.paymentId
        : this.txid !== undefined && payment.txid === this.txid
    )
  );

  /** Why it failed, if it did. */
  readonly failure = $derived.by(() => {
    if (this.payment?.status !== 'failed') return undefined;
    const code = (this.payment.failureCode ?? 'payment_failed') as ReadableError['code'];
    return readableShape({ code, cause: code, next: '' });
  });

  /** Reads what was pasted, scanned or linked, and goes on as far as it can. */
  read(input: string): Promise<void> {
    return this.#run(async () => {
      const { network } = await wallet.client.status();
      this.target = parsePaymentInput(input, network);
      this.fellBack = false;
      this.invoice = undefined as DecodedInvoice | undefined;
      this.#amountSat = this.target.amountSat;
      this.method = this.target.address !== undefined && this.target.bolt11 === undefined ? 'onchain' : 'lightning';
      await this.#orOnChain(async () => {
        if (this.target?.bolt11 !== undefined) this.invoice = await decodeLiving(this.target.bolt11);
      });
      const isAmountKnown =
        this.#amountSat !== undefined || (this.method === 'lightning' && this.invoice?.amountMsat !== undefined);
      if (isAmountKnown) await this.#review();
      else this.step = 'amount';
    });
  }

  /** Goes on with the amount entered; `undefined` sends everything on chain. */
  enterAmount(amountSat: bigint | undefined): Promise<void> {
    return this.#run(async () => {
      this.#amountSat = amountSat;
      await this.#review();
    });
  }

  /** Asks for the fee at another speed. */
  changeSpeed(speed: Speed): Promise<void> {
    return this.#run(async () => {
      this.speed = speed;
      await this.#review();
    });
  }

  /** Sends what was reviewed. */
  confirm(): Promise<void> {
    return this.#run(async () => {
      const { quote, target } = this;
      if (quote === undefined || target === undefined || this.step !== 'review') return;
      if (this.method === 'lightning') {
        this.paymentId = (await this.#pay(target.nodeId, quote.maxFeeMsat)).paymentId;
      } else {
        const request = { ...this.#onchainRequest(), feerateSatPerVb: quote.feerateSatPerVb };
        this.txid = (await wallet.client.sendOnchain(request)).txid;
      }
      this.step = 'sending';
    });
  }

  async #review(): Promise<void> {
    await this.#orOnChain(async () => {
      if (this.method === 'lightning') this.quote = await this.#quoteLightning();
    });
    if (this.method === 'onchain') this.quote = await this.#quoteOnchain();
    this.step = 'review';
  }

  #pay(nodeId: string | undefined, maxFeeMsat: bigint): Promise<{ paymentId: string }> {
    if (nodeId === undefined) return wallet.client.pay({ ...this.#payRequest(), maxFeeMsat });
    return wallet.client.keysend({ nodeId, amountMsat: this.#amountMsat, maxFeeMsat });
  }

  #quoteLightning(): Promise<SendQuote> {
    const nodeId = this.target?.nodeId;
    if (nodeId !== undefined) {
      const request = { nodeId, amountMsat: this.#amountMsat };
      return quoteOnceAwake(wallet.client, () => wallet.client.quoteKeysend(request), request.amountMsat);
    }
    const request = this.#payRequest();
    const amountMsat = request.amountMsat ?? this.invoice?.amountMsat ?? 0n;
    return quoteOnceAwake(wallet.client, () => wallet.client.quotePayment(request), amountMsat);
  }

  async #quoteOnchain(): Promise<SendQuote> {
    this.feeEstimates ??= await wallet.client.feeEstimates();
    const feerateSatPerVb = feerateOf(this.feeEstimates, this.speed);
    const quote = await wallet.client.quoteOnchain({ ...this.#onchainRequest(), feerateSatPerVb });
    const feeMsat = quote.feeSat * 1000n;
    return {
      amountMsat: quote.amountSat * 1000n,
      feeMsat,
      maxFeeMsat: feeMsat,
      feerateSatPerVb: quote.feerateSatPerVb
    };
  }

  /** Runs a Lightning step; when it fails and the request also names an address, the payment goes on chain instead. */
  async #orOnChain(lightningStep: () => Promise<void>): Promise<void> {
    try {
      await lightningStep();
    } catch (thrown) {
      const error = TernError.from(thrown);
      const isPaid =
        error.code === 'invoice_already_paid' || error.code === 'payment_in_flight' || error.code === 'own_invoice';
      if (this.target?.address === undefined || isPaid) throw error;
      this.#amountSat ??= this.invoice?.amountMsat === undefined ? undefined : (this.invoice.amountMsat + 999n) / 1000n;
      this.method = 'onchain';
      this.fellBack = true;
    }
  }

  #payRequest(): PayRequest {
    const bolt11 = this.target?.bolt11 ?? '';
    const needsAmount = this.invoice?.amountMsat === undefined && this.#amountSat !== undefined;
    return needsAmount ? { bolt11, amountMsat: this.#amountMsat } : { bolt11 };
  }

  get #amountMsat(): bigint {
    return (this.#amountSat ?? 0n) * 1000n;
  }

  #onchainRequest(): { address: string; amountSat?: bigint } {
    const address = this.target?.address ?? '';
    return this.#amountSat === undefined ? { address } : { address, amountSat: this.#amountSat };
  }

  async #run(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = undefined;
    try {
      await work();
    } catch (thrown) {
      this.error = readableError(thrown);
    } finally {
      this.busy = false;
    }
  }
}

/** The invoice's contents. @throws TernError `invoice_expired`, that it was paid or is being paid, and what the worker throws. */
async function decodeLiving(bolt11: string): Promise<DecodedInvoice> {
  const invoice = await wallet.client.decodeInvoice(bolt11);
  if (!invoice.expired) return invoice;
  // Whoever scans it once more may have paid it, or wait for that still: the node says so first.
  await wallet.client.quotePayment(invoice.amountMsat === undefined ? { bolt11, amountMsat: 1_000n } : { bolt11 });
  throw new TernError('invoice_expired', 'The invoice has expired.', 'Ask for a new invoice.');
}
