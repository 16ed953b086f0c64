// Owns the way of transactions to the network: each is posted to Esplora until it is known there or refused for good, once at a time, and the node hears which.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TernError } from '../wire/errors.js';
import { backoffMs } from './backoff.js';
import { deferred } from './deferred.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';
import { txidOf } from './txid.js';

const REQUEST_TIMEOUT_MS = 20_000;
/** The node asks again by itself, so a transaction that cannot be placed is given up after about five minutes. */
const MOST_ATTEMPTS = 10;
/** A parent may still be on its way, and nodes relay at their own pace. */
const ATTEMPTS_WHEN_REFUSED = 3;
/** What was accepted so lately is not posted again. */
const FRESH_MS = 10_000;
const ALREADY_KNOWN =
  /already[- ]?(?:in[- ]?(?:the[- ]?)?(?:mempool|block ?chain|utxo)|known|have|exists)|txn-already|code["\s:]*-27/i;

export interface BroadcasterOptions {
  platform: Pick<Platform, 'clock' | 'fetch' | 'random'>;
  logs: Logs;
  /** Base URL of the Esplora API, without a trailing slash. */
  esploraUrl: string;
  /** The network knows a transaction, or refused it for good. */
  onAnswer: (transaction: Uint8Array, isAccepted: boolean) => void;
  /** Called when it changes: the ids of what is to be sent and no server has taken or refused yet. */
  onUnsent: (txids: string[]) => void;
}

/** Posts raw transactions to `{esplora}/tx`. */
export class Broadcaster {
  readonly #options: BroadcasterOptions;
  /** By hash of the raw bytes: what is on its way, or since when it is known. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #acceptedAtMs = new Map<string, number>();
  readonly #unsent = new Set<string>();
  readonly #stop = new AbortController();
  #woken = deferred<void>();

  constructor(options: BroadcasterOptions) {
    this.#options = options;
  }

  /** Sends the transactions in order, parents first. Resolves when all are known to the network. Throws `chain_unavailable`, `chain_invalid_answer` or `broadcast_rejected`. */
  async broadcast(transactions: Uint8Array[]): Promise<void> {
    let failed: TernError | undefined;
    this.#count(transactions);
    for (const transaction of transactions) {
      // The next one may not depend on this one.
      await this.#once(transaction).catch((thrown: unknown) => (failed ??= TernError.from(thrown)));
    }
    if (failed) throw failed;
  }

  /** Nothing leaves any more. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * The network is back: what waits for its next attempt is posted now, what is being posted is posted again at once should that fail, and
   * the pauses begin anew.
   */
  wake(): void {
    this.#woken.resolve();
    this.#woken = deferred();
  }

  #count(transactions: Uint8Array[]): void {
    const unknown = transactions.filter((transaction) => !this.#acceptedAtMs.has(idOf(transaction)));
    const { size } = this.#unsent;
    for (const transaction of unknown) this.#unsent.add(txidOf(transaction));
    if (this.#unsent.size > size) this.#options.onUnsent([...this.#unsent]);
  }

  #once(transaction: Uint8Array): Promise<void> {
    const id = idOf(transaction);
    const running = this.#underWay.get(id);
    if (running) return running;
    const sending = this.#place(id, transaction).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, sending);
    return sending;
  }

  async #place(id: string, transaction: Uint8Array): Promise<void> {
    const { clock } = this.#options.platform;
    try {
      const isFresh = clock.nowMs() - (this.#acceptedAtMs.get(id) ?? -Infinity) < FRESH_MS;
      if (!isFresh) await this.#untilKnown(bytesToHex(transaction));
    } catch (thrown) {
      const error = TernError.from(thrown);
      if (error.code === 'broadcast_rejected') this.#answered(transaction, false);
      throw error;
    }
    this.#acceptedAtMs.set(id, clock.nowMs());
    this.#answered(transaction, true);
  }

  #answered(transaction: Uint8Array, isAccepted: boolean): void {
    const { onAnswer, onUnsent } = this.#options;
    if (this.#unsent.delete(txidOf(transaction))) onUnsent([...this.#unsent]);
    onAnswer(transaction, isAccepted);
  }

  async #untilKnown(hex: string): Promise<void> {
    const { clock, random } = this.#options.platform;
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#stop.signal.aborted) throw new TernError('node_halted', 'The wallet was stopped.', 'Unlock it again.');
      const woken = this.#woken.promise.then(() => (failures = 0));
      try {
        failures += 1;
        return await this.#post(hex);
      } catch (thrown) {
        const error = TernError.from(thrown);
        const most = error.code === 'broadcast_rejected' ? ATTEMPTS_WHEN_REFUSED : MOST_ATTEMPTS;
        this.#options.logs.write('warn', 'broadcaster', `Attempt ${attempt}: ${error.message}`);
        if (failures >= most) throw error;
        await Promise.race([clock.sleep(backoffMs(failures, random)), woken]);
      }
    }
  }

  async #post(hex: string): Promise<void> {
    const { clock, fetch } = this.#options.platform;
    const timeout = new AbortController();
    const cancelTimer = clock.setTimer(REQUEST_TIMEOUT_MS, () => timeout.abort());
    try {
      const signal = AbortSignal.any([this.#stop.signal, timeout.signal]);
      const response = await fetch(`${this.#options.esploraUrl}/tx`, { method: 'POST', body: hex, signal });
      judge(response.status, await response.text());
    } catch (thrown) {
      if (thrown instanceof TernError) throw thrown;
      throw new TernError(
        'chain_unavailable',
        `The Esplora server did not answer: ${TernError.from(thrown).cause}`,
        'Check your connection and the server in the settings.'
      );
    } finally {
      cancelTimer();
    }
  }
}

/** Of these very bytes. */
function idOf(transaction: Uint8Array): string {
  return bytesToHex(sha256(transaction));
}

/** Esplora answers the txid, or 400 with the node's words. Servers wrap those in many ways, so they are only searched. */
function judge(status: number, body: string): void {
  if (status === 200 && /^"?[0-9a-f]{64}"?$/i.test(body.trim())) return;
  if (status >= 400 && ALREADY_KNOWN.test(body)) return;
  if (status === 400) {
    throw new TernError(
      'broadcast_rejected',
      `The network refused the transaction: ${body.slice(0, 200)}`,
      'Try again with a higher fee, or later.'
    );
  }
  if (status >= 400) {
    throw new TernError(
      'chain_unavailable',
      `The Esplora server answered ${status}.`,
      'Check the server in the settings, or try again later.'
    );
  }
  throw new TernError(
    'chain_invalid_answer',
    'What answers to the transaction is not an Esplora server.',
    'Check the server in the settings.'
  );
}
