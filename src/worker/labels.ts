// Owns the user's labels of payments: replicated rows, one a payment, removed when emptied.
import { TernError } from '../wire/errors.js';
import type { RowKey } from './disk.js';
import type { Store } from './store.js';

const MOST_LABEL_CHARACTERS = 500;
const MOST_LABELS_ASKED = 200;

/** Stages a label; the next turn commits it. Throws `invalid_argument`. */
export function stageLabel(store: Store, paymentId: string, label: string): void {
  const text = label.trim();
  if ([...text].length > MOST_LABEL_CHARACTERS) {
    throw new TernError(
      'invalid_argument',
      'The label is too long.',
      `Use at most ${MOST_LABEL_CHARACTERS} characters.`
    );
  }
  if (text === '') store.stageRemove(labelRow(paymentId));
  else store.stage(labelRow(paymentId), new TextEncoder().encode(text));
}

/** The labels of these payments; those without one are absent. */
export async function readLabels(store: Store, paymentIds: string[]): Promise<Record<string, string>> {
  if (paymentIds.length > MOST_LABELS_ASKED) {
    throw new TernError(
      'invalid_argument',
      'Too many labels were asked for at once.',
      `Ask for at most ${MOST_LABELS_ASKED}.`
    );
  }
  const found = await Promise.all(paymentIds.map(async (id) => [id, await store.read(labelRow(id))] as const));
  return Object.fromEntries(found.flatMap(([id, bytes]) => (bytes ? [[id, new TextDecoder().decode(bytes)]] : [])));
}

function labelRow(paymentId: string): RowKey {
  return { primary: 'labels', secondary: '', key: paymentId };
}
