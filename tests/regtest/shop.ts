// Owns what the shop does: it sells, buys back and opens channels. What a node refuses comes out with its code, and changes nothing.
import type { ChannelInfo, Invoice, Payment } from '../../src/worker/api.js';
import { checkChannelFunding } from '../../src/worker/door.js';
import { parseNodeId } from '../../src/worker/node-uri.js';
import { TernError } from '../../src/wire/errors.js';
import type { ShopNode } from './shop-node.js';

export interface Good {
  id: string;
  name: string;
  amountSat: number;
}

/** What stands on the shelf. */
export const goods: Good[] = [
  { id: 'tea', name: 'A cup of tea', amountSat: 1_000 },
  { id: 'book', name: 'A field guide to terns', amountSat: 25_000 },
  { id: 'binoculars', name: 'Binoculars', amountSat: 150_000 }
];

/** The most the shop pays for one invoice, in sat. */
export const mostBuyBackSat = 200_000n;

const invoiceExpirySeconds = 3_600;
const outcomeTimeoutMs = 60_000;
const channelTimeoutMs = 30_000;
const expirySlackMs = 1_000;

/** The shop's business, over a node of its own. */
export class Shop {
  readonly #node: ShopNode;

  constructor(node: ShopNode) {
    this.#node = node;
  }

  /** `nodeid@host:port`, to open a channel to. */
  get nodeUri(): string {
    return this.#node.nodeUri;
  }

  /** Channels with everybody, for the page and for tests. */
  channels(): Promise<ChannelInfo[]> {
    return this.#node.wallet.channels();
  }

  /** The node's height, so that tests can tell how far it is. */
  async blockHeight(): Promise<number> {
    return (await this.#node.wallet.info()).blockHeight;
  }

  /** An invoice to be paid by the customer. */
  sell(amountSat: bigint, description: string): Promise<Invoice> {
    const amountMsat = amountSat * 1_000n;
    return this.#node.wallet.createInvoice({ amountMsat, description, expirySeconds: invoiceExpirySeconds });
  }

  /** Pays a customer's invoice. Resolves with the payment on its way. Throws the wallet's codes, `invalid_amount` over the limit. */
  async buyBack(bolt11: string): Promise<Payment> {
    const { wallet } = this.#node;
    const { amountMsat } = await wallet.decodeInvoice(bolt11);
    if (amountMsat === undefined)
      throw new TernError('invalid_amount', 'The invoice names no amount.', 'Make one with an amount.');
    if (amountMsat > mostBuyBackSat * 1_000n) {
      const cause = `The shop pays up to ${mostBuyBackSat} sat for one invoice.`;
      throw new TernError('invalid_amount', cause, 'Make an invoice for less.');
    }
    const { paymentId } = await wallet.pay({ bolt11 });
    return this.payment(paymentId);
  }

  /** An invoice or a payment. Throws `invalid_argument` for one that is not the shop's. */
  async payment(id: string): Promise<Payment> {
    const payment = await this.#node.wallet.payment(id);
    if (payment) return payment;
    throw new TernError('invalid_argument', 'The shop knows no such payment.', 'Go back to the shop and start again.');
  }

  /** A payment that has ended. Throws the code it failed with. */
  async outcome(id: string): Promise<Payment> {
    const ended = async (): Promise<Payment | undefined> => {
      const payment = await this.payment(id);
      return isPaymentFinal(payment) ? payment : undefined;
    };
    const options = { what: 'the payment to end', timeoutMs: outcomeTimeoutMs };
    const payment = await this.#node.events.until(ended, options);
    if (payment.status === 'succeeded') return payment;
    throw paymentFailure(payment);
  }

  /** Opens a channel to a connected peer (its node id) or to one that can be reached (its node URI); resolves when it is funded. */
  async openChannel(node: string, amountSat: bigint): Promise<ChannelInfo> {
    const { wallet, events } = this.#node;
    await this.#node.refill();
    let reason = 'The peer did not accept it.';
    const leave = events.on((event) => {
      if (event.type === 'channelChanged' && event.state === 'closed') reason = event.reason ?? reason;
    });
    try {
      const userChannelId = await this.#askForChannel(node.trim(), amountSat);
      const funded = async (): Promise<ChannelInfo | undefined> => {
        const channel = (await wallet.channels()).find((one) => one.userChannelId === userChannelId);
        if (!channel) throw new TernError('channel_open_failed', reason, 'Check the amount, then try again.');
        return channel.state === 'opening' ? undefined : channel;
      };
      return await events.until(funded, { what: 'the peer to accept', timeoutMs: channelTimeoutMs });
    } catch (thrown) {
      const error = TernError.from(thrown);
      if (error.code !== 'internal') throw error;
      throw new TernError('channel_open_failed', `The peer did not answer: ${error.cause}.`, 'See that it is running.');
    } finally {
      leave();
    }
  }

  async #askForChannel(node: string, amountSat: bigint): Promise<string> {
    const { wallet } = this.#node;
    if (node.includes('@')) return (await wallet.openChannel({ nodeUri: node, amountSat })).userChannelId;
    const nodeId = parseNodeId(node);
    checkChannelFunding({ amountSat });
    return wallet.session.node.command((running) => running.openChannel({ nodeId, amountSat, announce: false }));
  }

  /** A channel of the shop's. Undefined once it is closed. */
  async channel(userChannelId: string): Promise<ChannelInfo | undefined> {
    return (await this.channels()).find((one) => one.userChannelId === userChannelId);
  }

  /** Tells of a payment now and after every change, also when its invoice expires; answers how to stop that. */
  async watchPayment(id: string, tell: (payment: Payment) => void): Promise<() => void> {
    const leave = this.#node.events.on((event) => {
      if (event.type === 'paymentChanged' && event.payment.id === id) tell(event.payment);
    });
    try {
      const payment = await this.payment(id);
      tell(payment);
      const cancelTimer = payment.status === 'waiting' ? this.#atExpiry(payment, tell) : (): void => undefined;
      return () => {
        leave();
        cancelTimer();
      };
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  /** Tells of a channel now and whenever it may have changed; undefined: it is closed. Answers how to stop that. */
  async watchChannel(userChannelId: string, tell: (channel: ChannelInfo | undefined) => void): Promise<() => void> {
    const look = async (): Promise<void> => tell(await this.channel(userChannelId));
    await look();
    return this.#node.events.on((event) => {
      if (event.type === 'channelChanged' || event.type === 'synced') void look().catch(() => undefined);
    });
  }

  /** Nothing happens in the node when an invoice expires. */
  #atExpiry({ id, expiresAtMs }: Payment, tell: (payment: Payment) => void): () => void {
    if (expiresAtMs === undefined) return () => undefined;
    const look = (): void => void this.payment(id).then(tell, () => undefined);
    const timer = setTimeout(look, Math.max(0, expiresAtMs - Date.now()) + expirySlackMs);
    return () => clearTimeout(timer);
  }
}

/** A final payment changes no more. */
export function isPaymentFinal({ status }: Payment): boolean {
  return status !== 'waiting' && status !== 'pending';
}

function paymentFailure({ failureCode }: Payment): TernError {
  return TernError.from({
    code: failureCode ?? 'payment_failed',
    cause: 'The payment did not arrive.',
    next: 'See that your wallet is open and can receive as much, then try a new invoice.'
  });
}
