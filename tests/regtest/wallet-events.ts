// Owns hearing a wallet's events outside the page: listeners that can leave, and waiting for what an event brings about.
import type { WalletEvent } from '../../src/worker/api.js';
import type { Wallet } from '../../src/worker/wallet.js';
import { withDeadline, type WaitOptions } from './wait.js';

type Listener = (event: WalletEvent) => void;

/** The events of one wallet. */
export class WalletEvents {
  readonly #listeners = new Set<Listener>();

  /** Listens to `wallet` from now on. */
  static async of(wallet: Wallet): Promise<WalletEvents> {
    const events = new WalletEvents();
    await wallet.subscribe((event) => events.#emit(event));
    return events;
  }

  /** Calls `listener` for every event; answers how to stop that. */
  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks now and after every event until `check` gives something; what it throws ends the wait. */
  async until<T>(
    check: () => T | Promise<T>,
    { what, timeoutMs = 30_000 }: Omit<WaitOptions, 'intervalMs'>
  ): Promise<Exclude<T, false | null | undefined>> {
    let leave = (): void => undefined;
    const met = new Promise<Exclude<T, false | null | undefined>>((resolve, reject) => {
      const look = async (): Promise<void> => {
        const value = await check();
        if (value !== undefined && value !== null && value !== false)
          resolve(value as Exclude<T, false | null | undefined>);
      };
      leave = this.on(() => void look().catch(reject));
      look().catch(reject);
    });
    try {
      return await withDeadline(met, timeoutMs, what);
    } finally {
      leave();
    }
  }

  #emit(event: WalletEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
