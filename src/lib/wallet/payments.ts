// Owns lists of payments on the page: newest first, each payment once, the latest state of each wins; and their notes in the user's language.
import type { Payment } from '../../worker/api.js';
import { t } from './i18n.js';

export type { Payment };

/** Puts a changed payment where it belongs. */
export function mergePayment(payments: Payment[], changed: Payment): Payment[] {
  return mergePayments(payments, [changed]);
}

/** Merges two lists; of two states of a payment the later one stays. */
export function mergePayments(known: Payment[], more: Payment[]): Payment[] {
  const byId = new Map(known.map((payment) => [payment.id, payment]));
  for (const payment of more) {
    const other = byId.get(payment.id);
    if (other === undefined || other.updatedAtMs <= payment.updatedAtMs) byId.set(payment.id, payment);
  }
  return [...byId.values()].sort(
    (left, right) => right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1)
  );
}

/** Invoices that nobody paid are not part of the history that people look for. */
export function isSettledOrMoving(payment: Payment): boolean {
  return payment.status !== 'waiting' && payment.status !== 'expired';
}

/** What a transaction did to a channel, by the note that the node stores with it in English. */
const channelNotes = {
  'Channel opened': 'activity.channel_opened',
  'Channel closed': 'activity.channel_closed'
} as const;

/** The payment's note, if it has one. What is said of an invoice is its maker's; the node's own notes are in the user's language. */
export function noteOf({ kind, description }: Pick<Payment, 'kind' | 'description'>): string {
  if (kind !== 'onchain' || !Object.hasOwn(channelNotes, description)) return description;
  return t(channelNotes[description as keyof typeof channelNotes]);
}
