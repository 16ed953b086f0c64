// Owns what satoshis are worth: a price read exactly or not at all, integers in between, and words that never claim to be exact.
import { decimalsOf, type Currency } from './currencies.js';

const SAT_PER_BTC = 100_000_000n;
/** In whole units of a currency, far above any price to come; what has more digits is no price. */
const MOST_WHOLE_DIGITS = 12;

/** The price of one bitcoin, in the smallest unit of its currency (cents), and when it was learnt. */
export interface Price {
  currency: Currency;
  minorPerBtc: bigint;
  atMs: number;
}

/** A price as a source writes it, a JSON number or a plain decimal in a string, in the smallest unit. Undefined for whatever is no price. */
export function readPrice(value: unknown, decimals: number): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const match = new RegExp(`^(\\d{1,${MOST_WHOLE_DIGITS}})(?:\\.(\\d{1,30}))?$`).exec(String(value));
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const padded = fraction.padEnd(decimals + 1, '0');
  const roundedUp = (padded[decimals] ?? '0') >= '5' ? 1n : 0n;
  const minorPerBtc = BigInt(whole + padded.slice(0, decimals)) + roundedUp;
  return minorPerBtc > 0n ? minorPerBtc : undefined;
}

/** Rounded to the nearest, halves away from zero. */
export function worthMinor(amountSat: bigint, minorPerBtc: bigint): bigint {
  const half = amountSat < 0n ? -SAT_PER_BTC / 2n : SAT_PER_BTC / 2n;
  return (amountSat * minorPerBtc + half) / SAT_PER_BTC;
}

/** `≈ €12.34` as readers of that language write it; `< €0.01` for something that is worth less than can be written. */
export function worthText(amountSat: bigint, price: Price, languageTag: string): string {
  const minor = worthMinor(amountSat, price.minorPerBtc);
  if (minor === 0n && amountSat > 0n) return `< ${format(1n, price.currency, languageTag)}`;
  return `≈ ${format(minor, price.currency, languageTag)}`;
}

/** Of the languages that a browser prefers, the one as the screens speak it: `de-CH` writes numbers otherwise than `de`. */
export function formatTag(spoken: string, preferred: readonly string[]): string {
  return preferred.find((tag) => tag.split('-')[0] === spoken) ?? spoken;
}

function format(minor: bigint, currency: Currency, languageTag: string): string {
  const decimals = decimalsOf(currency);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const decimal = `${minor < 0n ? '-' : ''}${whole}.${digits.slice(whole.length)}0`;
  // A decimal in a string is formatted exactly, whatever its size.
  return new Intl.NumberFormat(languageTag, { style: 'currency', currency }).format(
    decimal as Intl.StringNumericLiteral
  );
}
