// Proves that a port given out is nobody else's: not another process's, not the next caller's, not an outgoing connection's.
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort, isFree } from './free-port.js';

const run = promisify(execFile);

afterEach(() => vi.restoreAllMocks());

function nextChoices(...ports: number[]): void {
  const random = vi.spyOn(Math, 'random');
  for (const port of ports) random.mockReturnValueOnce(choiceOf(port));
}

/** The random number that chooses this port. */
function choiceOf(port: number): number {
  return (port - 10_000 + 0.5) / 22_000;
}

it('lies below the ports that outgoing connections take', async () => {
  nextChoices(10_000, 31_999);
  const chosen = [await freePort(), await freePort()];
  for (const port of chosen) expect(port).toBeLessThan(32_768);
});

it('gives a port out once, though nobody listens on it yet', async () => {
  const first = await freePort();
  nextChoices(first);
  expect(await freePort()).not.toBe(first);
  expect(await isFree(first)).toBe(true);
});

it('passes over a port on which somebody listens', async () => {
  const taken = await portOfAnotherProcess(await freePort());
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve));
  try {
    nextChoices(taken);
    expect(await freePort()).not.toBe(taken);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

it('passes over a port that another process was given', async () => {
  const ours = await freePort();
  expect(await portOfAnotherProcess(ours)).not.toBe(ours);
});

/** What a process that has ended since was given, if its first choice was `firstChoice`. */
async function portOfAnotherProcess(firstChoice: number): Promise<number> {
  const program = `
    const choices = [${choiceOf(firstChoice)}];
    const random = Math.random;
    Math.random = () => choices.shift() ?? random();
    const { freePort } = await import(${JSON.stringify(new URL('free-port.ts', import.meta.url).href)});
    console.log(await freePort());
  `;
  const { stdout } = await run('node', ['--import', 'tsx', '--input-type=module', '--eval', program]);
  return Number(stdout);
}
