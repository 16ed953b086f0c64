// Owns the checks at the wallet's door: what is senseless is refused before the node hears of it, and changes nothing.
import type {
  InvoiceRequest,
  KeysendRequest,
  Network,
  OnchainSendRequest,
  PayRequest,
  SpeedUpRequest
} from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { ChannelFunding, StartChoice } from './api.js';

const SAT_IN_EXISTENCE = 2_100_000_000_000_000n;
const MSAT_PER_SAT = 1_000n;
/** BOLT 11: a tagged field holds 1023 groups of 5 bits. */
const MOST_DESCRIPTION_BYTES = 639;
const MOST_EXPIRY_SECONDS = 31_536_000;
const MOST_FEERATE_SAT_PER_VB = 10_000;
const MOST_INVOICE_CHARACTERS = 8_192;
const MOST_PAGE = 200;

/** BOLT 11 and BIP 173 prefixes. Longer ones first: `lnbcrt` begins as `lnbc` does. */
const INVOICE_PREFIXES: [string, Network[]][] = [
  ['lnbcrt', ['regtest']],
  ['lnbc', ['bitcoin']],
  ['lntbs', ['signet']],
  ['lntb', ['testnet4']]
];

const START_CHOICES: readonly unknown[] = [
  'take_over',
  'start_anyway',
  'start_empty',
  'safe_mode'
] satisfies StartChoice[];

/** Checks a decision about the start. Throws `invalid_argument`. */
export function checkStartChoice(choice: unknown): void {
  if (choice === undefined || START_CHOICES.includes(choice)) return;
  throw invalidArgument('There is no such way to start.', "Choose one of the status's choices.");
}

/** Checks an invoice we are to make. Throws `invalid_amount` or `invalid_argument`. */
export function checkInvoiceRequest(request: InvoiceRequest): void {
  if (request.amountMsat !== undefined) checkAmountMsat(request.amountMsat);
  if (typeof request.description !== 'string')
    throw invalidArgument('The description is no text.', 'Leave it empty if there is none.');
  const descriptionBytes = new TextEncoder().encode(request.description).length;
  if (descriptionBytes > MOST_DESCRIPTION_BYTES) {
    throw invalidArgument(
      `The description takes ${descriptionBytes} bytes; an invoice holds ${MOST_DESCRIPTION_BYTES}.`,
      'Shorten it.'
    );
  }
  const { expirySeconds } = request;
  if (!Number.isInteger(expirySeconds) || expirySeconds < 1 || expirySeconds > MOST_EXPIRY_SECONDS) {
    throw invalidArgument('The expiry must be between a second and a year.', 'Choose another expiry.');
  }
}

/** Checks an invoice we are to read or pay and answers it without decoration. Throws `invalid_invoice` or `wrong_network`. */
export function checkInvoice(text: string, network: Network): string {
  const bolt11 = typeof text === 'string' ? text.trim().replace(/^lightning:/i, '') : '';
  const known = INVOICE_PREFIXES.find(([prefix]) => bolt11.toLowerCase().startsWith(prefix));
  if (!known || bolt11.length > MOST_INVOICE_CHARACTERS || !/^[0-9a-z]+$/i.test(bolt11)) {
    throw new TernError('invalid_invoice', 'This is not a Lightning invoice.', 'Copy the whole invoice and try again.');
  }
  const [, networks] = known;
  if (networks.includes(network)) return bolt11;
  throw new TernError(
    'wrong_network',
    `The invoice is for ${networks.join(' or ')}, this wallet is on ${network}.`,
    'Ask for an invoice on this network.'
  );
}

/** Checks a payment request. Throws `invalid_invoice`, `wrong_network` or `invalid_amount`. */
export function checkPayRequest(request: PayRequest, network: Network): PayRequest {
  const bolt11 = checkInvoice(request.bolt11, network);
  if (request.amountMsat !== undefined) checkAmountMsat(request.amountMsat);
  checkFeeLimit(request.maxFeeMsat);
  return { ...request, bolt11 };
}

/** Checks a payment without an invoice. Throws `invalid_node_uri` or `invalid_amount`. */
export function checkKeysend(request: KeysendRequest): KeysendRequest {
  const nodeId = typeof request.nodeId === 'string' ? request.nodeId.trim().toLowerCase() : '';
  if (!/^0[23][0-9a-f]{64}$/.test(nodeId)) {
    throw new TernError('invalid_node_uri', 'This is not the id of a node.', 'Copy the whole id and try again.');
  }
  checkAmountMsat(request.amountMsat);
  checkFeeLimit(request.maxFeeMsat);
  return { ...request, nodeId };
}

/** Checks what is to be sped up. Throws `invalid_argument` or `invalid_amount`. */
export function checkSpeedUp(request: SpeedUpRequest): void {
  if (typeof request.txid !== 'string' || !/^[0-9a-f]{64}$/i.test(request.txid)) {
    throw invalidArgument('There is no such transaction.', 'Reload the list of payments.');
  }
  if (typeof request.feerateSatPerVb !== 'number') throw invalidAmount('The fee rate is no number.');
  checkFeerate(request.feerateSatPerVb);
}

/** Checks the form of a coin's outpoint. Throws `invalid_argument`. */
export function checkOutpoint(outpoint: string): void {
  if (/^[0-9a-f]{64}:\d{1,10}$/i.test(outpoint)) return;
  throw invalidArgument('There is no such coin.', 'Look at the list again.');
}

/** Checks an on-chain payment; the node checks the address itself. Throws `invalid_address` or `invalid_amount`. */
export function checkOnchainRequest(request: OnchainSendRequest): OnchainSendRequest {
  const address = typeof request.address === 'string' ? request.address.trim() : '';
  if (!/^[0-9a-z]{14,120}$/i.test(address)) {
    throw new TernError('invalid_address', 'This is not a Bitcoin address.', 'Copy the whole address and try again.');
  }
  if (request.amountSat !== undefined) checkAmountSat(request.amountSat);
  checkFeerate(request.feerateSatPerVb);
  return { ...request, address };
}

/** Checks a channel we are to open; the URI is read elsewhere. Throws `invalid_amount`. */
export function checkChannelFunding(request: ChannelFunding): void {
  checkAmountSat(request.amountSat);
  checkFeerate(request.feerateSatPerVb);
}

/** Checks the form of a channel's id. Throws `channel_not_found`. */
export function checkChannelId(channelId: string): void {
  if (/^[0-9a-f]{64}$/i.test(channelId)) return;
  throw new TernError('channel_not_found', 'There is no such channel.', 'Reload the list of channels.');
}

/** Checks the form of a payment's id. Throws `invalid_argument`. */
export function checkPaymentId(id: string): void {
  if (typeof id === 'string' && /^[\w:.-]{1,160}$/.test(id)) return;
  throw invalidArgument('There is no such payment.', 'Reload the list of payments.');
}

/** Checks the size of a page. Throws `invalid_argument`. */
export function checkPage(limit: number, before: string | undefined): void {
  if (before !== undefined) checkPaymentId(before);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_PAGE) return;
  throw invalidArgument('The size of the page is out of range.', `Ask for 1 to ${MOST_PAGE}.`);
}

function checkAmountMsat(amountMsat: bigint): void {
  if (!isWithin(amountMsat, 1n, SAT_IN_EXISTENCE * MSAT_PER_SAT))
    throw invalidAmount('The amount must be more than zero.');
}

function checkFeeLimit(maxFeeMsat: bigint | undefined): void {
  if (maxFeeMsat === undefined || isWithin(maxFeeMsat, 0n, SAT_IN_EXISTENCE * MSAT_PER_SAT)) return;
  throw invalidAmount('The fee limit is no amount.');
}

function checkAmountSat(amountSat: bigint): void {
  if (!isWithin(amountSat, 1n, SAT_IN_EXISTENCE)) throw invalidAmount('The amount must be more than zero.');
}

function checkFeerate(feerateSatPerVb: number | undefined): void {
  if (feerateSatPerVb === undefined) return;
  if (Number.isFinite(feerateSatPerVb) && feerateSatPerVb > 0 && feerateSatPerVb <= MOST_FEERATE_SAT_PER_VB) return;
  throw invalidAmount(`The fee rate must be above 0 and at most ${MOST_FEERATE_SAT_PER_VB} sat/vB.`);
}

function isWithin(amount: bigint, least: bigint, most: bigint): boolean {
  return typeof amount === 'bigint' && amount >= least && amount <= most;
}

function invalidAmount(cause: string): TernError {
  return new TernError('invalid_amount', cause, 'Enter another amount.');
}

function invalidArgument(cause: string, next: string): TernError {
  return new TernError('invalid_argument', cause, next);
}
