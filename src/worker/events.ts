// Owns the wallet's one event stream: every listener hears every event, and a listener that fails disturbs nobody.
import type { NodeEvent } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { WalletEvent } from './api.js';

/** Invariant 8: we never broadcast then; the peer closes, and the money is swept from there. */
const BEHIND =
  'The peer has newer state than this device. It will close the channel, and the money comes back on chain.';

export type WalletListener = (event: WalletEvent) => unknown;

/** The listeners of a wallet. */
export class Events {
  readonly #listeners = new Set<WalletListener>();

  /** Calls `listener` for every event from now on; answers how to stop that. */
  subscribe(listener: WalletListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody. */
  readonly emit = (event: WalletEvent): void => {
    for (const listener of this.#listeners) {
      // A listener behind the wall answers with a promise, and rejects when its page is gone.
      new Promise((resolve) => resolve(listener(event))).catch(() => this.#listeners.delete(listener));
    }
  };
}

/** An event of the node as the page hears it; undefined for what the peers' own status says better. */
export function walletEventOf(event: NodeEvent): WalletEvent | undefined {
  switch (event.type) {
    case 'syncFailed':
      return {
        type: 'syncFailed',
        error: TernError.from({ code: event.code, cause: event.cause, next: event.next }).toShape()
      };
    case 'channelBehind':
      return { type: 'channelChanged', channelId: event.channelId, state: 'closing', reason: BEHIND };
    case 'synced':
    case 'paymentChanged':
    case 'channelChanged':
    case 'balancesChanged':
      return event;
    case 'peerConnected':
    case 'peerDisconnected':
    case 'quarantineEnded':
    case 'halted':
      return undefined;
  }
}
