// Owns the enumerated crash points: a reference act is run once to learn every seam it passes, then again with a death at each of them.
import { close, openAndConfirm, pay, start } from './acts.js';
import { calm } from './checks.js';
import { attempt, clear, reckon } from './luck.js';
import type { SimDevice } from './sim-device.js';
import { village, type Village } from './village.js';
import type { World } from './world.js';

/** One act, and who dies in it. */
export interface Reference {
  name: string;
  victim: (place: Village) => Promise<SimDevice> | SimDevice;
  act: (place: Village, victim: SimDevice) => Promise<unknown>;
}

/** How the wallet of the dead comes back: on its own disk, or on an empty device from the server alone. */
export type Return = 'same' | 'elsewhere';

/** The seam at which somebody died, and what came of it. */
export interface PointReport {
  reference: string;
  point: number;
  way: Return;
  steps: number;
  failure?: string;
  story: string[];
}

const SEED = 5;
const AMOUNT_MSAT = 7_000_001n;
/** After so many payments of one channel its monitor is written whole during one of the next three: one takes three to five updates. */
const PAYMENTS_BEFORE_A_WHOLE = 3;
const PAYMENTS_WITH_A_WHOLE = 3;

export const REFERENCES: readonly Reference[] = [
  {
    name: 'paying',
    victim: ({ alice }) => alice,
    act: ({ world, alice, bob }) => pay(world, alice, bob, AMOUNT_MSAT)
  },
  {
    name: 'being paid',
    victim: ({ bob }) => bob,
    act: ({ world, alice, bob }) => pay(world, alice, bob, AMOUNT_MSAT)
  },
  {
    name: 'writing a monitor whole',
    victim: async ({ world, alice, bob }) => {
      for (let count = 0; count < PAYMENTS_BEFORE_A_WHOLE; count += 1) await pay(world, alice, bob, AMOUNT_MSAT);
      return alice;
    },
    act: async ({ world, alice, bob }) => {
      for (let count = 0; count < PAYMENTS_WITH_A_WHOLE; count += 1) await pay(world, alice, bob, AMOUNT_MSAT);
    }
  },
  {
    name: 'opening',
    victim: ({ alice }) => alice,
    act: ({ world, alice, bob }) => openAndConfirm(world, alice, bob)
  },
  {
    name: 'accepting',
    victim: ({ bob }) => bob,
    act: ({ world, alice, bob }) => openAndConfirm(world, alice, bob)
  },
  { name: 'closing', victim: ({ alice }) => alice, act: ({ world, alice, bob }) => close(world, alice, bob) },
  { name: 'being closed', victim: ({ bob }) => bob, act: ({ world, alice, bob }) => close(world, alice, bob) },
  { name: 'restarting', victim: ({ alice }) => alice, act: ({ world }, alice) => restart(world, alice) },
  {
    name: 'moving',
    victim: async ({ world, alice }) => {
      const laptop = await world.device(alice.persona, 'laptop', { backupMode: alice.mode });
      laptop.isNeeded = false;
      return laptop;
    },
    act: ({ world, alice }, laptop) => takeOver(world, alice, laptop)
  }
];

/** What the act's victim passes, in order. */
export async function pointsOf(reference: Reference): Promise<string[]> {
  const place = await village(SEED);
  try {
    const victim = await reference.victim(place);
    victim.pointLog = [];
    await reference.act(place, victim);
    await calm(place.world);
    return victim.pointLog;
  } finally {
    place.world.end();
  }
}

/** Lets the victim die at the `point`-th seam of the act, brings everybody back and reckons up. Never rejects. */
export async function dieAt(reference: Reference, point: number, way: Return): Promise<PointReport> {
  const place = await village(SEED);
  const { world } = place;
  const report: PointReport = { reference: reference.name, point, way, steps: 0, story: world.story };
  try {
    const victim = await reference.victim(place);
    victim.dieIn(point);
    await attempt(world, reference.name, async () => {
      await reference.act(place, victim);
      await calm(world);
    });
    if (way === 'elsewhere') await comeBackElsewhere(world, victim);
    await reckon(world);
  } catch (thrown) {
    report.failure = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  } finally {
    world.end();
    report.steps = world.timeline.steps;
  }
  return report;
}

async function comeBackElsewhere(world: World, victim: SimDevice): Promise<void> {
  clear(world);
  for (const device of world.devices.filter(({ persona }) => persona === victim.persona)) {
    device.crash();
    device.isNeeded = false;
  }
  const spare = await world.device(victim.persona, 'spare', { backupMode: victim.mode });
  await start(world, spare);
}

async function restart(world: World, device: SimDevice): Promise<void> {
  await world.during(device.off(), 'an orderly end');
  await start(world, device);
}

async function takeOver(world: World, from: SimDevice, to: SimDevice): Promise<void> {
  from.isNeeded = false;
  to.isNeeded = true;
  await start(world, to);
  await world.until(() => !from.isRunning, 'the former device to stop');
}
