// Owns amounts inside sentences and names, in the unit the user chose.
import { formatInUnit, satFromMsat } from '../money.js';
import { preferences } from '../preferences.svelte.js';

/** `25,000 sat` or `0.00025000 BTC`. */
export function satText(amountSat: bigint): string {
  return `${formatInUnit(amountSat, preferences.unit)} ${preferences.unit === 'btc' ? 'BTC' : 'sat'}`;
}

/** The same for millisatoshis, rounded down to whole satoshis. */
export function msatText(amountMsat: bigint): string {
  return satText(satFromMsat(amountMsat));
}
