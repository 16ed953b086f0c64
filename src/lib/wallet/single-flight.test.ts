// Owns the proof that refreshes neither overlap nor get lost.
import { expect, it } from 'vitest';
import { singleFlight } from './single-flight.js';

it('makes one more run of all asks that came while one was under way', async () => {
  const gates: (() => void)[] = [];
  let running = 0;
  const refresh = singleFlight(async () => {
    expect(++running).toBe(1);
    await new Promise<void>((open) => gates.push(open));
    running--;
  });
  const first = refresh();
  const later = [refresh(), refresh(), refresh()];
  expect(gates).toHaveLength(1);
  gates[0]?.();
  await first;
  await Promise.resolve();
  gates[1]?.();
  await Promise.all(later);
  expect(gates).toHaveLength(2);
});

it('runs again after a failure', async () => {
  let runs = 0;
  const refresh = singleFlight(async () => {
    if (++runs === 1) throw new Error('first');
  });
  const first = refresh();
  const second = refresh();
  await expect(first).rejects.toThrow('first');
  await second;
  expect(runs).toBe(2);
});
