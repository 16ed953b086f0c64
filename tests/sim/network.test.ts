// Proves that a simulated wire keeps the order of what is sent into it, as TCP does, whatever part of a millisecond each sender is at.
import { expect, it } from 'vitest';
import { Network } from './network.js';
import { Chance } from './random.js';
import { Timeline } from './timeline.js';

it('delivers the bytes of one stream in order, whoever sends them when within a millisecond', async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const chance = new Chance(seed);
    const timeline = new Timeline(chance);
    const network = new Network(timeline, chance, () => true);
    network.weather = { leastMs: 1, mostMs: 5, breaks: 0 };
    const arrived: number[] = [];
    const silent = { opened: () => undefined, message: () => undefined, closed: () => undefined };
    const message = (bytes: string | Uint8Array): unknown =>
      typeof bytes !== 'string' && arrived.push(Number(bytes[0]));
    network.listen('host', 'far', () => ({ ...silent, message }));
    const socket = network.dial('near', 'host', silent);
    await timeline.step();
    for (let sent = 0; sent < 20; sent += 1)
      timeline.inLane(`task ${sent % 3}`, () => socket.send(Uint8Array.of(sent)), sent);
    while (await timeline.step());
    expect(arrived).toEqual([...arrived].sort((a, b) => a - b));
    expect(arrived).toHaveLength(20);
  }
});
