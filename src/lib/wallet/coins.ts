// Owns how a coin is told: where it stands, in a line.
import type { Coin } from '../../worker/api.js';
import { wallet } from './state.svelte.js';
import { c } from './words/coins.js';

export type { Coin, Descriptors } from '../../worker/api.js';

/** As many as the worker answers at once. */
const MOST_LABELS = 200;

/** The labels of the payments that brought the coins, by transaction. */
export async function labelsOf(coins: Coin[]): Promise<Record<string, string>> {
  const txids = [...new Set(coins.map(({ txid }) => txid))];
  const labels: Record<string, string> = {};
  for (let at = 0; at < txids.length; at += MOST_LABELS) {
    Object.assign(labels, await wallet.client.labels(txids.slice(at, at + MOST_LABELS)));
  }
  return labels;
}

/** `3 confirmations · Change`. */
export function coinStanding(coin: Coin): string {
  const words = [
    confirmed(coin.confirmations),
    ...(coin.isChange ? [c('coins_change')] : []),
    ...(coin.state === 'promised' ? [c('coins_promised')] : [])
  ];
  return words.join(' · ');
}

function confirmed(count: number): string {
  if (count === 0) return c('coins_unconfirmed');
  return count === 1 ? c('coins_confirmed_once') : c('coins_confirmations', { count });
}
