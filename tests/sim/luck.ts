// Owns bad luck: what a seed lets go wrong while people act, and how everybody comes back afterwards.
import { start } from './acts.js';
import { calm, checkAtRest, checkRestore } from './checks.js';
import { Died, type SimDevice } from './sim-device.js';
import { Violation, Waited, type World } from './world.js';

/** The farthest seam from now at which somebody dies. */
const DEATH_WITHIN_POINTS = 160;

/** Errors that tell a user to try again, and that this world causes. */
const EXPECTED = new Set([
  'taken_over',
  'owned_elsewhere',
  'payments_paused',
  'quarantined',
  'peer_unreachable',
  'peer_refused',
  'chain_unavailable',
  'insufficient_balance',
  'route_not_found',
  'payment_failed',
  'channel_open_failed',
  'channel_close_failed',
  'channel_not_found',
  'backup_unavailable',
  'wallet_locked'
]);

/** Lets an act fail as this world makes acts fail: somebody died, or was told why not. True: it went through. */
export async function attempt(world: World, what: string, act: () => Promise<unknown>): Promise<boolean> {
  world.tell(`(${what})`);
  try {
    await act();
    return true;
  } catch (thrown) {
    world.check();
    if (thrown instanceof Waited || thrown instanceof Died) return told(world, thrown.message);
    const code: unknown = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
    if (typeof code === 'string' && EXPECTED.has(code)) return told(world, code);
    throw thrown;
  }
}

/** Somebody who runs will die soon, unless luck has it otherwise. */
export function doom(world: World, likelihood: number): void {
  if (!world.chance.happens(likelihood)) return;
  const victims = world.devices.filter(({ isRunning }) => isRunning);
  if (victims.length > 0) world.chance.pick(victims).dieIn(world.chance.between(1, DEATH_WITHIN_POINTS));
}

/** The weather of the next while. */
export function changeWeather(world: World): void {
  const { chance, weather, network } = world;
  const isStormy = chance.happens(0.5);
  world.tell(isStormy ? '(a storm)' : '(fair weather)');
  network.weather = {
    leastMs: 1,
    mostMs: chance.pick([5, 30, 400]),
    breaks: isStormy ? chance.pick([0, 0.01, 0.05]) : 0
  };
  Object.assign(weather, {
    isEsploraDown: false,
    isVssDown: false,
    esploraFails: isStormy ? chance.pick([0, 0.02, 0.1]) : 0,
    vssRefuses: isStormy ? chance.pick([0, 0.1, 0.4]) : 0,
    vssLoses: isStormy ? chance.pick([0, 0.1, 0.3]) : 0
  });
}

/** The sun comes out: nobody is doomed, everything answers. */
export function clear(world: World): void {
  world.network.weather = { leastMs: 1, mostMs: 30, breaks: 0 };
  Object.assign(world.weather, {
    isEsploraDown: false,
    isVssDown: false,
    esploraFails: 0,
    vssRefuses: 0,
    vssLoses: 0
  });
  for (const device of world.devices) {
    device.disarm();
    device.isVssAway = false;
  }
}

/** Starts every device again that is needed and does not run. */
export async function revive(world: World): Promise<void> {
  for (const device of world.devices) {
    for (let lives = 0; device.isNeeded && !device.isRunning; lives += 1) {
      if (lives > 10) throw new Violation(`${device.name} does not stay alive`);
      await attempt(world, `${device.name} comes back`, () => start(world, device));
    }
  }
}

/** Good weather, everybody back, everything at rest: then every promise is checked. */
export async function reckon(world: World, restored?: SimDevice): Promise<void> {
  clear(world);
  await revive(world);
  await calm(world);
  await checkAtRest(world);
  if (restored) await checkRestore(world, restored);
  world.tell('(all is well)');
}

function told(world: World, why: string): false {
  world.tell(`(not now: ${why})`);
  return false;
}
