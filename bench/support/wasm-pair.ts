// Owns two WASM nodes on this thread with a channel between them, and the measure of a round of payments: step by step what wasm/bench/src/pair.rs does with native ones.
import { systemClock } from '../../src/worker/clock.js';
import { deferred, type Deferred } from '../../src/worker/deferred.js';
import { TernError } from '../../src/wire/errors.js';
import { waitFor } from '../../tests/regtest/wait.js';
import type { NodeConfig, NodeEvent, TernNode } from '../../wasm/pkg/tern.js';
import type { PaidRound } from './pair-process.js';
import { threadCpuNs } from './thread-cpu.js';

const CHANNEL_SAT = 16_000_000n;
/** Given to the payee with the channel, so that no payment meets its reserve. */
const PUSH_MSAT = 1_500_000_000n;
const AMOUNT_MSAT = 1_000_000n;
const EXPIRY_SECONDS = 3_600;
/** Longer than any run: nothing but what is asked for happens in a round. */
const POLL_INTERVAL_SECONDS = 3_600;
/** No commit and no message for so long: everything that a payment makes the two do is done, the manager's late row included. */
const REST_MS = 250;

/** A node with what drives it. */
export interface DrivenNode<Self> {
  readonly commits: number;
  readonly messages: number;
  command<T>(run: (node: TernNode) => T | Promise<T>): Promise<T>;
  connect(other: Self): void | Promise<void>;
}

/** Starts a driven node. */
export type StartNode<Self> = (config: NodeConfig, onEvent: (event: NodeEvent) => void) => Promise<Self>;

/** Two nodes. Call in this order: `start`, `addresses`, `open`, `confirm`, `pay`. */
export class WasmPair<Driven extends DrivenNode<Driven>> {
  readonly #payer: Side<Driven>;
  readonly #payee: Side<Driven>;

  private constructor(payer: Side<Driven>, payee: Side<Driven>) {
    this.#payer = payer;
    this.#payee = payee;
  }

  /** Two new nodes that know their chain server. */
  static async start<Driven extends DrivenNode<Driven>>(
    esploraUrl: string,
    startNode: StartNode<Driven>
  ): Promise<WasmPair<Driven>> {
    return new WasmPair(await Side.start(esploraUrl, startNode), await Side.start(esploraUrl, startNode));
  }

  /** Where both want coins: an anchor channel needs a reserve on either side. */
  addresses(): Promise<string[]> {
    return Promise.all(this.#nodes.map((driven) => driven.command((node) => node.newAddress())));
  }

  /** Connects the two and opens the channel; the id of its funding, which is on its way to the network. */
  async open(): Promise<string> {
    await this.#sync();
    const [payer, payee] = this.#nodes;
    const { nodeId } = await payee.command((node) => node.info());
    await payer.connect(payee);
    const isConnected = async () => (await payer.command((node) => node.connectedPeers())).includes(nodeId);
    await waitFor(isConnected, { what: 'the connection' });
    const request = { nodeId, amountSat: CHANNEL_SAT, pushMsat: PUSH_MSAT, announce: false };
    await payer.command((node) => node.openChannel(request));
    const channels = () => payer.command((node) => node.channels());
    return waitFor(async () => (await channels())[0]?.fundingTxid, { what: 'the funding' });
  }

  /** Looks at the chain; resolves when the channel is ready on both sides. */
  async confirm(): Promise<void> {
    await this.#sync();
    for (const driven of this.#nodes) {
      const channels = () => driven.command((node) => node.channels());
      await waitFor(async () => (await channels()).some(({ state }) => state === 'ready'), { what: 'the channel' });
    }
  }

  /** Pays `count` invoices, `width` at once; every time both rest before the next. */
  async pay(count: number, width: number): Promise<PaidRound> {
    await this.#rest();
    const [commits, messages, cpuNs] = [this.#commits, this.#messages, threadCpuNs()];
    let elapsedMs = 0;
    for (let paid = 0; paid < count; paid += width) {
      const beganMs = performance.now();
      await Promise.all(Array.from({ length: Math.min(width, count - paid) }, () => this.#payOne()));
      elapsedMs += performance.now() - beganMs;
      await this.#rest();
    }
    return {
      cpuNs: threadCpuNs() - cpuNs,
      elapsedNs: elapsedMs * 1e6,
      commits: this.#commits - commits,
      messages: this.#messages - messages
    };
  }

  async #payOne(): Promise<void> {
    const request = { amountMsat: AMOUNT_MSAT, description: 'bench', expirySeconds: EXPIRY_SECONDS };
    const { bolt11, paymentHash } = await this.#payee.driven.command((node) => node.createInvoice(request));
    const succeeded = Promise.all([this.#payer.succeeded(paymentHash), this.#payee.succeeded(paymentHash)]);
    await this.#payer.driven.command((node) => node.pay({ bolt11 }));
    await succeeded;
  }

  async #sync(): Promise<void> {
    for (const driven of this.#nodes) await driven.command((node) => node.sync());
  }

  async #rest(): Promise<void> {
    for (let before = -1; before !== this.#commits + this.#messages;) {
      before = this.#commits + this.#messages;
      await systemClock.sleep(REST_MS);
    }
  }

  get #nodes(): [payer: Driven, payee: Driven] {
    return [this.#payer.driven, this.#payee.driven];
  }

  get #commits(): number {
    return this.#payer.driven.commits + this.#payee.driven.commits;
  }

  get #messages(): number {
    return this.#payer.driven.messages + this.#payee.driven.messages;
  }
}

/** A node and the payments somebody waits for. */
class Side<Driven> {
  readonly driven: Driven;
  readonly #awaited: Map<string, Deferred<void>>;

  private constructor(driven: Driven, awaited: Map<string, Deferred<void>>) {
    this.driven = driven;
    this.#awaited = awaited;
  }

  static async start<Driven>(esploraUrl: string, startNode: StartNode<Driven>): Promise<Side<Driven>> {
    const awaited = new Map<string, Deferred<void>>();
    const config = { network: 'regtest', esploraUrl, pollIntervalSeconds: POLL_INTERVAL_SECONDS, isQuarantined: false };
    return new Side(await startNode(config as NodeConfig, (event) => happened(awaited, event)), awaited);
  }

  /** Resolves when the payment succeeds; asked before it is paid. */
  succeeded(paymentHash: string): Promise<void> {
    const awaited = deferred<void>();
    this.#awaited.set(paymentHash, awaited);
    return awaited.promise;
  }
}

function happened(awaited: Map<string, Deferred<void>>, event: NodeEvent): void {
  if (event.type !== 'paymentChanged') return;
  const { id, status } = event.payment;
  if (status === 'waiting' || status === 'pending') return;
  const waiting = awaited.get(id);
  awaited.delete(id);
  if (status === 'succeeded') waiting?.resolve();
  else waiting?.reject(new TernError('payment_failed', `A payment is ${status}.`, 'Run the benchmark again.'));
}
