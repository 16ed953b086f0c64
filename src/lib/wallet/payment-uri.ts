// Owns what people paste, scan and share: BIP21/BIP321 URIs, `lightning:` links, bare invoices and addresses. It decides what something is; the worker decides whether it is valid.
import type { Network } from '../../worker/api.js';
import { TernError } from '../../wire/errors.js';
import { btcDecimal, parseBtcExact } from './money.js';

/** Where money can go. At least one of `bolt11`, `address` and `nodeId` is set; `nodeId` alone. */
export interface PaymentTarget {
  bolt11?: string;
  address?: string;
  /** A Lightning node that is paid without an invoice (BLIP 3). */
  nodeId?: string;
  amountSat?: bigint;
  label?: string;
  message?: string;
}

/** What a receiver asks for. */
export interface PaymentAsk {
  address?: string;
  bolt11?: string;
  amountSat?: bigint;
  message?: string;
}

const INVOICE = /^ln(bcrt|bc|tbs|tb)(\d+[munp]?)?1[ac-hj-np-z02-9]+$/;
const INVOICE_NETWORK: Record<string, Network> = { bcrt: 'regtest', bc: 'bitcoin', tbs: 'signet', tb: 'testnet4' };
const SEGWIT = /^(bcrt|bc|tb)1[ac-hj-np-z02-9]{8,87}$/;
const SEGWIT_NETWORKS: Record<string, Network[]> = { bcrt: ['regtest'], bc: ['bitcoin'], tb: ['testnet4', 'signet'] };
/** A node's id, alone or with where it can be reached. */
const NODE = /^(0[23][0-9a-f]{64})(?:@[^@]+)?$/;
const BASE58 = /^[123mn][1-9A-HJ-NP-Za-km-z]{25,34}$/;

/**
 * Reads what was pasted, scanned or linked.
 * @throws TernError `invalid_payment_uri`, `invalid_invoice`, `invalid_address`, `invalid_amount`, `wrong_network`.
 */
export function parsePaymentInput(input: string, network: Network): PaymentTarget {
  const text = input.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):(?:\/\/)?/i.exec(text);
  const rest = scheme === null ? text : text.slice(scheme[0].length);
  switch (scheme?.[1]?.toLowerCase()) {
    case 'bitcoin':
      return parseBip21(rest, network);
    case 'lightning':
    case 'web+lightning':
      return NODE.test(rest.toLowerCase())
        ? parseBare(rest, network)
        : { bolt11: parseInvoice(rest.split('?')[0] ?? '', network) };
    case undefined:
      return parseBare(text.replace(/\s+/g, ''), network);
    default:
      throw unknownInput('This link is not a Bitcoin or Lightning payment.');
  }
}

/**
 * What of a shared text looks like a request for money: a link, an invoice or an address among other words. Without one, the text itself,
 * so that whoever reads it says what is wrong.
 */
export function paymentInText(text: string): string {
  const words = text.split(/\s+/).map((word) => word.replace(/^[("'<[]+|[)"'>\].,;!]+$/g, ''));
  const isLink = (word: string): boolean => /^(bitcoin|lightning|web\+lightning):/i.test(word);
  const isBare = (word: string): boolean =>
    INVOICE.test(word.toLowerCase()) || SEGWIT.test(word.toLowerCase()) || BASE58.test(word);
  return words.find(isLink) ?? words.find(isBare) ?? text;
}

/** The BIP21 URI of a request for money; with an invoice, wallets that know Lightning pay that. */
export function buildPaymentUri(ask: PaymentAsk): string {
  const params: string[] = [];
  if (ask.amountSat !== undefined) params.push(`amount=${btcDecimal(ask.amountSat)}`);
  if (ask.message !== undefined && ask.message !== '') params.push(`message=${encodeURIComponent(ask.message)}`);
  if (ask.bolt11 !== undefined) params.push(`lightning=${ask.bolt11}`);
  return `bitcoin:${ask.address ?? ''}${params.length === 0 ? '' : `?${params.join('&')}`}`;
}

function parseBare(text: string, network: Network): PaymentTarget {
  if (text === '') throw unknownInput('There is nothing here yet.');
  const lower = text.toLowerCase();
  const nodeId = NODE.exec(lower)?.[1];
  if (nodeId !== undefined) return { nodeId };
  if (/^(lnurl1|lno1)/.test(lower) || text.includes('@')) {
    throw unknownInput('Tern cannot pay this kind of request yet.');
  }
  if (/^ln(bc|tb)/.test(lower)) return { bolt11: parseInvoice(text, network) };
  if (/^(bc|tb|bcrt)1/.test(lower) || BASE58.test(text)) return { address: parseAddress(text, network) };
  throw unknownInput('This is neither an invoice nor an address.');
}

function parseBip21(rest: string, network: Network): PaymentTarget {
  const [path = '', query = ''] = splitOnce(rest, '?');
  const params = readParams(query);
  const target: PaymentTarget = {};
  if (path !== '') target.address = parseAddress(path, network);
  const bolt11 = params.get('lightning');
  if (bolt11 !== undefined && bolt11 !== '') target.bolt11 = parseInvoice(bolt11, network);
  if (target.address === undefined && target.bolt11 === undefined) {
    throw unknownInput('This link names neither an address nor an invoice.');
  }
  const amount = params.get('amount');
  if (amount !== undefined) target.amountSat = parseUriAmount(amount);
  const label = params.get('label');
  if (label !== undefined && label !== '') target.label = label;
  const message = params.get('message');
  if (message !== undefined && message !== '') target.message = message;
  return target;
}

/** Keys are case-insensitive (upper-case QR codes); an unknown `req-` key makes the URI unpayable (BIP21). */
function readParams(query: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [rawKey = '', rawValue = ''] = splitOnce(pair, '=');
    const key = rawKey.toLowerCase();
    if (key.startsWith('req-')) throw unknownInput('This link demands something that Tern does not know.');
    if (params.has(key)) throw unknownInput('This link says the same thing twice.');
    params.set(key, decode(rawValue));
  }
  return params;
}

function parseUriAmount(text: string): bigint {
  const amountSat = parseBtcExact(text);
  if (amountSat === 0n) {
    throw new TernError('invalid_amount', 'The link asks for zero.', 'Ask for a new link.');
  }
  return amountSat;
}

function parseInvoice(text: string, network: Network): string {
  const bolt11 = oneCase(text.trim());
  const match = bolt11 === undefined ? null : INVOICE.exec(bolt11);
  if (bolt11 === undefined || match === null) {
    throw new TernError('invalid_invoice', 'The invoice is damaged or cut off.', 'Copy the whole invoice again.');
  }
  if (INVOICE_NETWORK[match[1] ?? ''] !== network) throw wrongNetwork();
  return bolt11;
}

function parseAddress(text: string, network: Network): string {
  const segwit = oneCase(text);
  const match = segwit === undefined ? null : SEGWIT.exec(segwit);
  if (segwit !== undefined && match !== null) {
    if (!SEGWIT_NETWORKS[match[1] ?? '']?.includes(network)) throw wrongNetwork();
    return segwit;
  }
  if (!BASE58.test(text)) {
    throw new TernError('invalid_address', 'The address is damaged or cut off.', 'Copy the whole address again.');
  }
  if (/^[13]/.test(text) !== (network === 'bitcoin')) throw wrongNetwork();
  return text;
}

/** Bech32 is all lower or all upper case, never mixed (BIP173). */
function oneCase(text: string): string | undefined {
  const lower = text.toLowerCase();
  return text === lower || text === text.toUpperCase() ? lower : undefined;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unknownInput('The link is damaged.');
  }
}

function unknownInput(cause: string): TernError {
  return new TernError('invalid_payment_uri', cause, 'Paste a Lightning invoice, a Bitcoin address or a payment link.');
}

function wrongNetwork(): TernError {
  return new TernError(
    'wrong_network',
    'This payment belongs to another Bitcoin network.',
    'Ask for one on your network.'
  );
}
