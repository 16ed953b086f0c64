// Owns the proof that the list of payments neither doubles, loses nor ages one, and that its notes are in the user's language.
import { afterEach, expect, it } from 'vitest';
import type { Payment } from '../../worker/api.js';
import { speak } from './i18n.js';
import { mergePayment, mergePayments, noteOf } from './payments.js';
import { catalogue } from './words/de.js';

afterEach(() => speak('en'));

function payment(id: string, createdAtMs: number, updatedAtMs: number, status: Payment['status'] = 'pending'): Payment {
  return { id, kind: 'bolt11', direction: 'outbound', status, description: '', createdAtMs, updatedAtMs };
}

it('keeps each payment once, newest first', () => {
  const list = mergePayments(
    [payment('a', 1, 1), payment('c', 3, 3)],
    [payment('b', 2, 2), payment('a', 1, 4, 'succeeded')]
  );
  expect(list.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  expect(list.at(-1)?.status).toBe('succeeded');
});

it('does not let an older page undo what an event already said', () => {
  const list = mergePayment([payment('a', 1, 5, 'succeeded')], payment('a', 1, 2, 'pending'));
  expect(list).toHaveLength(1);
  expect(list[0]?.status).toBe('succeeded');
});

it("says what a transaction did to a channel in the user's language, and leaves the notes of people alone", () => {
  const opened = { kind: 'onchain', description: 'Channel opened' } as const;
  expect(noteOf(opened)).toBe('Channel opened');
  speak('de', catalogue);
  expect(noteOf(opened)).toBe('Kanal geöffnet');
  expect(noteOf({ kind: 'onchain', description: 'Channel closed' })).toBe('Kanal geschlossen');
  expect(noteOf({ kind: 'onchain', description: '' })).toBe('');
  expect(noteOf({ kind: 'bolt11', description: 'Channel opened' })).toBe('Channel opened');
});
