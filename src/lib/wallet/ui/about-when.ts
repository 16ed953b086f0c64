// Owns times of blocks inside sentences: in the user's language, from what this wallet last saw of the chain.
import { expectedAtMs, formatExpected } from '../block-time.js';
import { language } from '../language.svelte.js';
import { wallet } from '../state.svelte.js';

/** `Dec 6`, or `Nov 22, 2:20 PM` where it is near: when the chain is about `blocks` longer than it is. Say that it is an estimate. */
export function whenInBlocks(blocks: number): string {
  const nowMs = Date.now();
  return formatExpected(expectedAtMs(blocks, wallet.info?.syncedAtMs ?? nowMs, nowMs), nowMs, language.code);
}

/** The same: when the chain has about this height. */
export function whenAtHeight(height: number): string {
  return whenInBlocks(height - (wallet.info?.blockHeight ?? height));
}
