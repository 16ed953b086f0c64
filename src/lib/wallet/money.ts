// Owns amounts as text: formatting and parsing in integers only, so that no satoshi is ever rounded away unseen.
import { TernError } from '../../wire/errors.js';

/** How amounts are shown. */
export type MoneyUnit = 'sat' | 'btc';

/** Neither can be taken for a decimal point. */
export type ThousandsSeparator = ',' | '\u202f';

const SAT_PER_BTC = 100_000_000n;
const MAX_SUPPLY_SAT = 21_000_000n * SAT_PER_BTC;
const thousands = new Intl.NumberFormat('en-US');
let separator: ThousandsSeparator = ',';

/** What stands between thousands from now on. Decimals always follow a point, so that no amount can be read in two ways. */
export function groupBy(thousandsSeparator: ThousandsSeparator): void {
  separator = thousandsSeparator;
}

/** Whole satoshis of an amount in millisatoshis, rounded down: what one owns. */
export function satFromMsat(amountMsat: bigint): bigint {
  const wholeSat = amountMsat / 1000n;
  return amountMsat < 0n && wholeSat * 1000n !== amountMsat ? wholeSat - 1n : wholeSat;
}

/** `1234567n` as `1,234,567`. */
export function formatSat(amountSat: bigint): string {
  return inGroups(amountSat);
}

/** `12345n` as `0.00012345`: always eight decimals, so that columns line up. */
export function formatBtc(amountSat: bigint): string {
  const sign = amountSat < 0n ? '-' : '';
  const absoluteSat = amountSat < 0n ? -amountSat : amountSat;
  const fraction = (absoluteSat % SAT_PER_BTC).toString().padStart(8, '0');
  return `${sign}${inGroups(absoluteSat / SAT_PER_BTC)}.${fraction}`;
}

/** An amount in millisatoshis, exact, in satoshis with up to three decimals: `1500n` as `1.5`. */
export function formatMsatExact(amountMsat: bigint): string {
  const sign = amountMsat < 0n ? '-' : '';
  const absoluteMsat = amountMsat < 0n ? -amountMsat : amountMsat;
  const fraction = (absoluteMsat % 1000n).toString().padStart(3, '0').replace(/0+$/, '');
  return `${sign}${inGroups(absoluteMsat / 1000n)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The number of an amount in the unit chosen, without the unit's name. */
export function formatInUnit(amountSat: bigint, unit: MoneyUnit): string {
  return unit === 'btc' ? formatBtc(amountSat) : formatSat(amountSat);
}

/**
 * What a person typed, as satoshis. Accepts spaces and well-formed thousands commas; in bitcoin only before a point, since
 * half the world writes `0,001` for a thousandth.
 * @throws TernError `invalid_amount` for anything else, for zero, and for more than exists.
 */
export function parseAmountSat(text: string, unit: MoneyUnit): bigint {
  const compact = text.replace(/[\s_\u00a0\u202f]/g, '');
  const [whole = '', fraction, ...rest] = compact.split('.');
  const grouped = /^[1-9]\d{0,2}(,\d{3})+$/.test(whole) && (unit === 'sat' || fraction !== undefined);
  const digits = grouped ? whole.replaceAll(',', '') : whole;
  if (rest.length > 0 || !/^\d{1,16}$/.test(digits)) throw invalidAmount('This is not a number.');
  if (unit === 'sat') {
    if (fraction !== undefined) throw invalidAmount('Satoshis are whole numbers.');
    return inRange(BigInt(digits));
  }
  return inRange(parseBtcExact(fraction === undefined ? digits : `${digits}.${fraction}`));
}

/**
 * A decimal amount in bitcoin as BIP21 writes it, exactly, in satoshis.
 * @throws TernError `invalid_amount` when it is not a plain decimal of at most eight places, or more than exists.
 */
export function parseBtcExact(text: string): bigint {
  const match = /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(text);
  if (match === null) throw invalidAmount('An amount in bitcoin has at most eight decimals.');
  const amountSat = BigInt(match[1] ?? '0') * SAT_PER_BTC + BigInt((match[2] ?? '').padEnd(8, '0'));
  if (amountSat > MAX_SUPPLY_SAT) throw invalidAmount('That is more bitcoin than will ever exist.');
  return amountSat;
}

/** Satoshis as the shortest decimal in bitcoin, as BIP21 wants it: `150000n` as `0.0015`. */
export function btcDecimal(amountSat: bigint): string {
  const fraction = (amountSat % SAT_PER_BTC).toString().padStart(8, '0').replace(/0+$/, '');
  return `${amountSat / SAT_PER_BTC}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A count such as a block height with thousands commas. */
export function grouped(count: number): string {
  return inGroups(count);
}

function inGroups(whole: bigint | number): string {
  return thousands.format(whole).replaceAll(',', separator);
}

function inRange(amountSat: bigint): bigint {
  if (amountSat === 0n) throw invalidAmount('The amount is zero.');
  if (amountSat > MAX_SUPPLY_SAT) throw invalidAmount('That is more bitcoin than will ever exist.');
  return amountSat;
}

function invalidAmount(cause: string): TernError {
  return new TernError('invalid_amount', cause, 'Enter an amount above zero, such as 25,000 sat.');
}
