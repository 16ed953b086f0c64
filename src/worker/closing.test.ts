// Owns the proof that a closing by consent waits out what passes, and only that. LDK is made to refuse on purpose.
import { expect, it } from 'vitest';
import { TernError } from '../wire/errors.js';
import { beginClosing } from './closing.js';
import type { Session } from './session.js';

const refused = new TernError('channel_close_failed', 'An update is on its way.', 'Wait.');

/** A session whose node refuses so many closings of a channel in this state before it begins one. */
function sessionThatRefuses(refusals: number, error: TernError, state = 'ready') {
  const seen = { asked: 0, sleptMs: 0 };
  const command = (): Promise<void> => {
    seen.asked += 1;
    return seen.asked > refusals ? Promise.resolve() : Promise.reject(error);
  };
  const query = (): Promise<unknown> => Promise.resolve([{ channelId: 'a', state }]);
  const sleep = (ms: number): Promise<void> => {
    seen.sleptMs += ms;
    return Promise.resolve();
  };
  return { seen, session: { lightning: { command, query }, clock: { sleep } } as unknown as Session };
}

it('waits out the moments in which a closing cannot begin', async () => {
  const { seen, session } = sessionThatRefuses(3, refused);
  await beginClosing(session, 'a');
  expect(seen).toEqual({ asked: 4, sleptMs: 300 });
});

it('gives up after five seconds', async () => {
  const { seen, session } = sessionThatRefuses(Infinity, refused);
  await expect(beginClosing(session, 'a')).rejects.toBe(refused);
  expect(seen.sleptMs).toBe(5_000);
});

it.each([
  ['a peer that is away', 'a', refused, 'offline'],
  ['a channel that is not there', 'b', refused, 'ready'],
  ['another failure', 'a', new TernError('node_halted', 'It ended.', 'Reload.'), 'ready']
] as const)('does not wait for %s', async (_what, channelId, error, state) => {
  const { seen, session } = sessionThatRefuses(Infinity, error, state);
  await expect(beginClosing(session, channelId)).rejects.toBe(error);
  expect(seen).toEqual({ asked: 1, sleptMs: 0 });
});
