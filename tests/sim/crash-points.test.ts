// Proves that a death at a seam of any act loses nothing: a fixed sample of the enumerated points, the wallet back on its disk or elsewhere. `npm run sim -- --points 1` runs all.
import { describe, expect, it, vi } from 'vitest';
import { dieAt, pointsOf, REFERENCES, type Reference } from './crash-points.js';

vi.mock('hash-wasm', () => import('./argon-memo.js'));

/** Points that are tried of each act, spread over it. */
const SAMPLE = 2;

function referenceOf(name: string): Reference {
  const reference = REFERENCES.find((each) => each.name === name);
  if (!reference) throw new Error(`there is no act: ${name}`);
  return reference;
}

describe.each(REFERENCES)('a death while $name', (reference) => {
  it('closes no channel and loses no payment, here or on another device', { timeout: 120_000 }, async () => {
    const points = (await pointsOf(reference)).length;
    expect(points).toBeGreaterThan(10);
    for (let sample = 0; sample < SAMPLE; sample += 1) {
      const point = 1 + Math.floor(((sample + 0.5) * points) / SAMPLE);
      const { failure, story } = await dieAt(reference, point, sample % 2 === 0 ? 'same' : 'elsewhere');
      expect(failure, story.join('\n')).toBeUndefined();
    }
  });
});

it('a wallet that dies before or after the commit that writes a monitor whole and removes its updates loses nothing, here or elsewhere', async () => {
  const writing = referenceOf('writing a monitor whole');
  const commits = /^commit (.* )?monitors\b/;
  const point = (await pointsOf(writing)).findIndex((label) => commits.test(label)) + 1;
  expect(point).toBeGreaterThan(0);
  for (const seam of [point, point + 1]) {
    for (const way of ['same', 'elsewhere'] as const) {
      const { failure, story } = await dieAt(writing, seam, way);
      expect(failure, story.join('\n')).toBeUndefined();
    }
  }
}, 120_000);

it('a wallet that dies as it broadcasts a closing by consent broadcasts that when it is back, and not its commitment', async () => {
  const closing = referenceOf('closing');
  const point = (await pointsOf(closing)).findIndex((label) => label.startsWith('broadcast')) + 1;
  expect(point).toBeGreaterThan(0);
  // Before the commit, before the broadcast, after it.
  for (const seam of [point - 1, point, point + 1]) {
    const { failure, story } = await dieAt(closing, seam, 'same');
    expect(failure, story.join('\n')).toBeUndefined();
    expect(story.filter((line) => /alice-phone\/2 broadcasts a commitment/.test(line))).toEqual([]);
  }
});
