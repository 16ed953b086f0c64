// Owns how a coin is told: where it stands, in a line.
import type { Coin } from '../../worker/api.js';
import { c } from './words/coins.js';

export type { Coin, Descriptors } from '../../worker/api.js';

/** `3 confirmations · Change`. */
export function coinStanding(coin: Coin): string {
  const words = [
    coin.confirmations === 0 ? c('coins_unconfirmed') : c('coins_confirmations', { count: coin.confirmations }),
    ...(coin.isChange ? [c('coins_change')] : []),
    ...(coin.state === 'promised' ? [c('coins_promised')] : [])
  ];
  return words.join(' · ');
}
