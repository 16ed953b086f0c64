// Proves the fence with two writers: every order of their writes at the server and every lost answer up to a bound, then random ones. No former owner writes, nothing acknowledged is lost.
import { describe, expect, it } from 'vitest';
import { fight, randomDuel, type Choose, type Duel } from './arena.js';

/** Calls `run` with every sequence of choices that it asks for. Answers how many there were. */
async function everyWay(run: (choose: Choose) => Promise<unknown>): Promise<number> {
  let path: { chosen: number; options: number }[] = [];
  for (let ways = 1; ; ways += 1) {
    let at = 0;
    await run((options) => {
      const step = (path[at] ??= { chosen: 0, options });
      at += 1;
      return Math.min(step.chosen, options - 1);
    });
    path = path.slice(0, at);
    while (path.length > 0 && (path.at(-1)?.chosen ?? 0) + 1 >= (path.at(-1)?.options ?? 0)) path.pop();
    const last = path.at(-1);
    if (!last) return ways;
    last.chosen += 1;
  }
}

const DUELS: { name: string; duel: Duel; least: number }[] = [
  {
    name: 'one takes over while the other writes',
    duel: { a: ['start', 'write', 'write'], b: ['take over', 'write'], losses: 1 },
    least: 20
  },
  {
    name: 'both take over from each other',
    duel: { a: ['start', 'write', 'take over', 'write'], b: ['take over', 'write'], losses: 1 },
    least: 30
  },
  {
    name: 'one locks while the other waits to start',
    duel: { a: ['start', 'write', 'lock'], b: ['start', 'write', 'take over', 'write'], losses: 1 },
    least: 20
  },
  {
    name: 'one dies while the other takes over, and comes back',
    duel: { a: ['start', 'write', 'crash', 'start', 'write'], b: ['take over', 'write'], losses: 1 },
    least: 20
  }
];

describe('two writers', () => {
  it.each(DUELS)('$name: in every order, with every answer lost', { timeout: 120_000 }, async ({ duel, least }) => {
    expect(await everyWay((choose) => fight(duel, choose))).toBeGreaterThan(least);
  });

  it('five hundred random duels', { timeout: 120_000 }, async () => {
    let writes = 0;
    for (let seed = 1; seed <= 500; seed += 1) writes += await randomDuel(seed);
    expect(writes).toBeGreaterThan(1_000);
  });
});
