// Owns how near the next HTLC's deadline is while the node cannot load: its height is kept on this device, and nothing but the tip's height is asked for.
import { TernError } from '../wire/errors.js';
import type { WalletEvent } from './api.js';
import type { Events } from './events.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';

const ROW = 'next_htlc_expiry';
/** Most HTLCs are gone by then, and cost no commit. */
const KEEP_AFTER_MS = 1_000;
const POLL_MS = 60_000;
const REQUEST_TIMEOUT_MS = 20_000;

/**
 * Follows a wallet for as long as it lives: while its node runs, the deadline is kept; while a start waits for the backup, `htlcDeadline` is
 * told, at once and every minute. Without an HTLC there is not one request.
 */
export class DeadlineWatch {
  readonly #platform: Platform;
  readonly #lifecycle: Lifecycle;
  readonly #events: Events;
  readonly #logs: Logs;
  /** null: not known what the disk says. */
  #kept: number | undefined | null = null;
  #stop: (() => void) | undefined;
  #cancelKeeping: (() => void) | undefined;

  constructor(platform: Platform, lifecycle: Lifecycle, events: Events, logs: Logs) {
    this.#platform = platform;
    this.#lifecycle = lifecycle;
    this.#events = events;
    this.#logs = logs;
    events.subscribe((event) => this.#happened(event));
  }

  #happened(event: WalletEvent): void {
    const { phase } = this.#lifecycle.status;
    if (phase === 'empty') this.#kept = null;
    if (event.type === 'synced' || event.type === 'paymentChanged') this.#keepSoon();
    if (event.type === 'backupChanged' && phase === 'starting' && event.backup.lastError) this.#start();
    if (event.type === 'status' && phase !== 'starting') this.#end();
    if (event.type === 'status' && phase !== 'ready' && this.#cancelKeeping) this.#keepNow();
  }

  #keepSoon(): void {
    this.#cancelKeeping ??= this.#platform.clock.setTimer(KEEP_AFTER_MS, () => this.#keepNow());
  }

  #keepNow(): void {
    this.#cancelKeeping?.();
    this.#cancelKeeping = undefined;
    void this.#guarded(() => this.#keep());
  }

  async #keep(): Promise<void> {
    const session = this.#lifecycle.openSession;
    // Safe mode knows of no HTLC, which does not mean that there is none.
    if (!session || session.isSafeMode) return;
    const { nextHtlcExpiryHeight: height } = await session.node.query((node) => node.info());
    if (height === this.#kept) return;
    const value = height === undefined ? undefined : new TextEncoder().encode(String(height));
    await this.#lifecycle.home.disk.commit({ puts: [], removes: [], local: [{ name: ROW, value }] });
    this.#kept = height;
  }

  #start(): void {
    if (this.#stop) return;
    let cancel = (): void => undefined;
    const look = (): void => {
      void this.#guarded(() => this.#look());
      cancel = this.#platform.clock.setTimer(POLL_MS, look);
    };
    this.#stop = () => cancel();
    look();
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  async #look(): Promise<void> {
    const { disk, settings } = this.#lifecycle.home;
    const row = await disk.readLocal(ROW);
    if (row === undefined) return;
    const tipHeight = await this.#tipHeight(settings.current.esploraUrl);
    const blocksLeft = Math.max(0, Number(new TextDecoder().decode(row)) - tipHeight);
    if (this.#stop) this.#events.emit({ type: 'htlcDeadline', blocksLeft });
  }

  async #tipHeight(esploraUrl: string): Promise<number> {
    const { clock, fetch } = this.#platform;
    const abort = new AbortController();
    const cancel = clock.setTimer(REQUEST_TIMEOUT_MS, () => abort.abort());
    try {
      const text = await (await fetch(`${esploraUrl}/blocks/tip/height`, { signal: abort.signal })).text();
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new TernError('chain_invalid_answer', 'The tip has no height.', 'Check the server in the settings.');
    } finally {
      cancel();
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#logs.write('debug', 'wallet', `The next deadline is not known. ${TernError.from(thrown).message}`);
    }
  }
}
