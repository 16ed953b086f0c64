// Owns the world that most scenarios begin in: three neighbours with coins, a channel between each two, everything at rest. It is built once a program.
import type { BackupMode } from '../../src/worker/api.js';
import { connected, fund, openAndConfirm, start } from './acts.js';
import { calm, checkAtRest } from './checks.js';
import type { SimDevice } from './sim-device.js';
import { World, type Past } from './world.js';

const COINS_SAT = 10_000_000n;
/** Building it is not what is tested, so it is always the same. */
const FOUNDING_SEED = 0x7e12;

export interface Village {
  world: World;
  alice: SimDevice;
  bob: SimDevice;
  carol: SimDevice;
}

const pasts = new Map<BackupMode, Promise<Past>>();

/** A world with this seed, in which everybody runs. End it. */
export async function village(
  seed: number,
  mode: BackupMode = 'acknowledged',
  onLine?: (line: string) => void
): Promise<Village> {
  const founding = pasts.get(mode) ?? found(mode);
  pasts.set(mode, founding);
  const world = await World.goOn(seed, await founding);
  if (onLine) world.onLine = onLine;
  try {
    for (const device of world.devices) await start(world, device);
    await connected(world);
    return neighbours(world);
  } catch (thrown) {
    world.end();
    throw thrown;
  }
}

async function found(mode: BackupMode): Promise<Past> {
  const world = await World.begin(FOUNDING_SEED);
  try {
    for (const persona of world.personas) await world.device(persona, 'phone', { backupMode: mode });
    const { alice, bob, carol } = neighbours(world);
    for (const device of world.devices) {
      await start(world, device);
      await fund(world, device, COINS_SAT);
    }
    await openAndConfirm(world, alice, bob);
    await openAndConfirm(world, bob, carol);
    await openAndConfirm(world, carol, alice);
    await calm(world);
    await checkAtRest(world);
    for (const device of world.devices) await world.during(device.off(), `${device.name} to stop`);
    return world.past();
  } finally {
    world.end();
  }
}

/** The three of a world, by name. */
export function neighbours(world: World): Village {
  const [alice, bob, carol] = world.devices;
  if (!alice || !bob || !carol) throw new Error('somebody has moved away');
  return { world, alice, bob, carol };
}
