// Proves what the system's clock promises: a macrotask comes after every microtask, in Node and where there is only a message channel, and timers can be cancelled.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
  vi.useRealTimers();
});

/** What ran, in order, when a macrotask was asked for before a chain of microtasks. */
async function orderOf(clock: typeof systemClock): Promise<string[]> {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    clock.macrotask(() => order.push('first macrotask'));
    clock.macrotask(() => {
      order.push('second macrotask');
      resolve();
    });
    void Promise.resolve()
      .then(() => order.push('microtask'))
      .then(() => order.push('its microtask'));
  });
  return order;
}

describe('systemClock', () => {
  const expected = ['microtask', 'its microtask', 'first macrotask', 'second macrotask'];

  it('runs a macrotask after all microtasks', async () => {
    expect(await orderOf(systemClock)).toEqual(expected);
  });

  it('does so where there is no setImmediate, as in a browser', async () => {
    const channels: MessageChannel[] = [];
    vi.stubGlobal('setImmediate', undefined);
    vi.stubGlobal(
      'MessageChannel',
      class extends MessageChannel {
        constructor() {
          super();
          channels.push(this);
        }
      }
    );
    vi.resetModules();
    const { systemClock: browserClock } = await import('./clock.js');
    expect(await orderOf(browserClock)).toEqual(expected);
    expect(channels).toHaveLength(1);
    channels[0]?.port1.close();
  });

  it('fires a timer once, unless it was cancelled; a delay too long for the platform does not fire at once', async () => {
    vi.useFakeTimers();
    const fired: string[] = [];
    systemClock.setTimer(100, () => fired.push('kept'));
    const cancel = systemClock.setTimer(50, () => fired.push('cancelled'));
    systemClock.setTimer(2 ** 40, () => fired.push('far away'));
    void systemClock.sleep(200).then(() => fired.push('slept'));
    cancel();
    await vi.advanceTimersByTimeAsync(1000);
    expect(fired).toEqual(['kept', 'slept']);
  });

  it('tells the time of day', () => {
    expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1000);
  });
});
