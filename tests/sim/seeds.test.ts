// Proves that a fixed set of seeds breaks no promise: every scenario once. `npm run sim` runs as many as one likes.
import { expect, it, vi } from 'vitest';
import { runSeed } from './run-seed.js';
import { SCENARIOS } from './scenarios.js';

vi.mock('hash-wasm', () => import('./argon-memo.js'));

it.each(SCENARIOS.map(({ name }, index) => ({ name, index })))('$name keeps every promise', async ({ index }) => {
  const { failure, story } = await runSeed(SCENARIOS.length + index);
  expect(failure, story.join('\n')).toBeUndefined();
});
