// Proves that those who wait for the server are let through by the commit they came before, and by no other.
import { expect, it } from 'vitest';
import { TernError } from '../../wire/errors.js';
import { Gate } from './gate.js';

const error = new TernError('taken_over', 'x', 'y');

/** What has become of a promise by now. */
async function outcome(promise: Promise<void>): Promise<string> {
  const late = new Promise<string>((resolve) => setImmediate(() => resolve('waits')));
  return Promise.race([
    promise.then(
      () => 'through',
      (thrown: unknown) => TernError.from(thrown).code
    ),
    late
  ]);
}

it('lets those through who came before the cut, and keeps those who came after', async () => {
  const gate = new Gate();
  const early = gate.pass();
  const taken = gate.take();
  const late = gate.pass();
  taken.letThrough();
  expect([await outcome(early), await outcome(late)]).toEqual(['through', 'waits']);
  gate.take().letThrough();
  expect(await outcome(late)).toBe('through');
});

it('puts those back whose commit came to nothing', async () => {
  const gate = new Gate();
  const early = gate.pass();
  const taken = gate.take();
  taken.putBack();
  taken.letThrough();
  expect(await outcome(early)).toBe('waits');
  gate.take().letThrough();
  expect(await outcome(early)).toBe('through');
});

it('turns everybody away once it is closed, those of an open commit too', async () => {
  const gate = new Gate();
  const early = gate.pass();
  const taken = gate.take();
  const waiting = gate.pass();
  gate.close(error);
  taken.putBack();
  expect(await Promise.all([early, waiting, gate.pass()].map(outcome))).toEqual([
    'taken_over',
    'taken_over',
    'taken_over'
  ]);
});

it('lets everybody through when nobody need wait any more', async () => {
  const gate = new Gate();
  const waiting = gate.pass();
  gate.open();
  expect(await outcome(waiting)).toBe('through');
});
