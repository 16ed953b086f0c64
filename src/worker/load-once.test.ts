// Proves that what is loaded on demand is loaded once, and that a failed load does not stay.
import { expect, it, vi } from 'vitest';
import { loadOnce } from './load-once.js';

it('loads once for all who ask, also while it still loads', async () => {
  const load = vi.fn(() => Promise.resolve({}));
  const get = loadOnce(load);
  const [one, other] = await Promise.all([get(), get()]);
  expect(other).toBe(one);
  expect(await get()).toBe(one);
  expect(load).toHaveBeenCalledOnce();
});

it('tells all who wait that a load failed, and loads anew for whoever asks next', async () => {
  const load = vi.fn(() => Promise.resolve('node')).mockRejectedValueOnce(new Error('offline'));
  const get = loadOnce(load);
  expect(await Promise.allSettled([get(), get()])).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  expect(await get()).toBe('node');
  expect(load).toHaveBeenCalledTimes(2);
});
