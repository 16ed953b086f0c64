// Owns the speeds people choose from for a transaction on chain.
import type { FeeEstimates, OnchainQuote } from '../../worker/api.js';

export type { FeeEstimates, OnchainQuote };

/** How fast an on-chain payment should confirm. */
export type Speed = 'fast' | 'normal' | 'slow';

/** The feerate of a speed, in sat/vB. */
export function feerateOf(estimates: FeeEstimates, speed: Speed): number {
  return { fast: estimates.fastSatPerVb, normal: estimates.normalSatPerVb, slow: estimates.slowSatPerVb }[speed];
}
