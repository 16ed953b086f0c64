// Proves that a disk which does not answer for now is not told as a wallet whose state is broken.
import { describe, expect, it } from 'vitest';
import { TernError, type ErrorCode } from '../wire/errors.js';
import { systemClock } from './clock.js';
import { Logs } from './logs.js';
import { MemoryDisk } from './memory-disk.js';
import { NodeWorld } from './node-world.js';
import { ReadAhead } from './read-ahead.js';
import { Store } from './store.js';
import { Turns } from './turns.js';

class BrokenDisk extends MemoryDisk {
  constructor(readonly code: ErrorCode) {
    super();
  }

  override read(): Promise<never> {
    return Promise.reject(new TernError(this.code, 'It cannot be read.', 'Wait.'));
  }
}

/** What a start says that failed because the manager's row could not be read. */
async function startOn(code: ErrorCode): Promise<string> {
  const store = new Store(new BrokenDisk(code));
  const turns = new Turns({ store, clock: systemClock, deliver: () => undefined, onHalt: () => undefined });
  const logs = new Logs(systemClock);
  const world = new NodeWorld({ platform: { clock: systemClock }, store, logs, turns, over: () => undefined });
  await expect(world.host(new ReadAhead(store)).read('', '', 'manager')).rejects.toMatchObject({ code });
  return world.startFailure(new TernError('state_unreadable', 'The manager cannot be read.', 'Ask for help.')).code;
}

describe('a start that cannot read a row', () => {
  it('says that the storage does not answer where that may pass', async () => {
    expect(await startOn('storage_unavailable')).toBe('storage_unavailable');
  });

  it('says that the state is unreadable where the row is broken', async () => {
    expect(await startOn('storage_corrupt')).toBe('state_unreadable');
  });
});
