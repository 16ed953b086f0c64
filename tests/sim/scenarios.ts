// Owns the scenarios: small programs over a village, each of which asks for one kind of trouble. After every trouble the world is reckoned up.
import type { BackupMode } from '../../src/worker/api.js';
import { close, mine, openAndConfirm, pay, start } from './acts.js';
import { impatient, liar, stale } from './doubts.js';
import { attempt, changeWeather, clear, doom, reckon, revive } from './luck.js';
import type { SimDevice } from './sim-device.js';
import { recordedVillage } from './recorded.js';
import type { village, Village } from './village.js';
import type { World } from './world.js';

export interface Scenario {
  name: string;
  mode?: BackupMode;
  /** Where it begins, if not in the village. */
  place?: typeof village;
  run: (village: Village) => Promise<void>;
}

const HEARTBEAT_MS = 6 * 60_000;

/** Payments all around, and somebody dies. */
async function circles({ world }: Village): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    changeWeather(world);
    doom(world, 0.7);
    for (let payment = 0; payment < 3; payment += 1) await somePayment(world);
    await reckon(world);
  }
  await reckon(world, world.chance.pick(needed(world)));
}

/** Channels come and go. */
async function channels({ world }: Village): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const [from, to] = pair(world);
    changeWeather(world);
    doom(world, 0.6);
    await attempt(world, `${from.name} closes with ${to.name}`, () => close(world, from, to));
    await revive(world);
    doom(world, 0.6);
    await attempt(world, `${from.name} opens to ${to.name}`, () => openAndConfirm(world, from, to));
    await reckon(world, from);
  }
}

/** The words are typed into a new device, whatever the old one was doing. */
async function restore(village: Village): Promise<void> {
  const { world } = village;
  for (let round = 0; round < 3; round += 1) {
    const old = world.chance.pick(needed(world));
    changeWeather(world);
    doom(world, 0.3);
    await somePayment(world);
    await move(world, old, await world.device(old.persona, `device${round}`, { backupMode: old.mode }));
    await somePayment(world);
    await reckon(world);
  }
}

/** Two devices of one wallet, one after the other and sometimes both. */
async function handOver({ world, alice }: Village): Promise<void> {
  const laptop = await world.device(alice.persona, 'laptop', { backupMode: alice.mode });
  laptop.isNeeded = false;
  for (let round = 0; round < 4; round += 1) {
    const [from, to] = round % 2 === 0 ? [alice, laptop] : [laptop, alice];
    changeWeather(world);
    doom(world, 0.3);
    await somePayment(world);
    await move(world, from, to);
    await somePayment(world);
    await reckon(world);
  }
}

/** The former device knows nothing of the new one, and every connection breaks, again and again: it must not come between the new one and its peers. */
async function haunted({ world, alice }: Village): Promise<void> {
  const laptop = await world.device(alice.persona, 'laptop', { backupMode: alice.mode });
  alice.isNeeded = false;
  await start(world, laptop);
  for (let round = 0; round < 6; round += 1) {
    world.network.cutAll();
    const peer = world.chance.pick(needed(world).filter((device) => device !== laptop));
    const [from, to] = round % 2 === 0 ? [laptop, peer] : [peer, laptop];
    await attempt(world, `${from.name} pays ${to.name}`, () => pay(world, from, to, 5_000_000n));
  }
  await reckon(world, laptop);
}

/** The server forgets everything, or the last while. */
async function serverLost({ world }: Village): Promise<void> {
  const before = world.vss.snapshot();
  changeWeather(world);
  await somePayment(world);
  await somePayment(world);
  doom(world, 0.5);
  world.vss.rollBack(world.chance.happens(0.5) ? new Map<string, never>() : before);
  world.tell('the backup server is rolled back');
  await somePayment(world);
  clear(world);
  await revive(world);
  await world.pass(HEARTBEAT_MS);
  await reckon(world, world.chance.pick(needed(world)));
}

/** The mode changes in the middle of everything, with the server there or away. */
async function modes({ world }: Village): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const device = world.chance.pick(needed(world));
    const mode = device.mode === 'acknowledged' ? 'local-first' : 'acknowledged';
    changeWeather(world);
    device.isVssAway = world.chance.happens(0.5);
    doom(world, 0.4);
    const paying = somePayment(world);
    await world.pass(world.chance.between(0, 400));
    await attempt(world, `${device.name} goes ${mode}`, () => world.during(device.changeMode(mode)));
    await paying;
    await somePayment(world);
    await reckon(world);
  }
}

/** The server is away while blocks bring an HTLC's deadline near: the user goes on without it in time. */
async function deadlines({ world, alice, bob }: Village): Promise<void> {
  const paying = attempt(world, 'bob pays alice', () => pay(world, bob, alice, 1_000_000n));
  await world.pass(world.chance.between(0, 300));
  alice.isVssAway = true;
  world.tell('the server is away for alice');
  await world.pass(5_000);
  for (let block = 0; block < 200 && alice.isRunning; block += 1) {
    const { nextHtlcExpiryHeight, blockHeight } = await alice.wallet.info();
    if (nextHtlcExpiryHeight === undefined || nextHtlcExpiryHeight - blockHeight <= 40) break;
    await mine(world, 1);
  }
  await attempt(world, 'alice goes local-first', () => world.during(alice.changeMode('local-first')));
  await paying;
  await reckon(world, alice);
}

/** The last blocks are undone and others come. */
async function reorgs({ world }: Village): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const [from, to] = pair(world);
    changeWeather(world);
    doom(world, 0.4);
    const opening = attempt(world, `${from.name} opens to ${to.name}`, () => openAndConfirm(world, from, to));
    await somePayment(world);
    await opening;
    await revive(world);
    const depth = world.chance.between(1, 4);
    world.chain.reorganise(depth);
    world.tell(`${depth} blocks are undone`);
    await somePayment(world);
    await reckon(world);
  }
}

/** Everything, in any order. */
async function anything(village: Village): Promise<void> {
  const { world } = village;
  for (let round = 0; round < 4; round += 1) {
    changeWeather(world);
    doom(world, 0.5);
    const fate = world.chance.next();
    if (fate < 0.15) await move(world, ...(await spare(world)));
    else if (fate < 0.3) world.network.cutAll();
    else if (fate < 0.4) await pause(world, 120_000);
    else if (fate < 0.5) await attempt(world, 'a block', () => mine(world, 1));
    await somePayment(world);
    if (world.chance.happens(0.4)) await revive(world);
    await somePayment(world);
    await reckon(world);
  }
  await reckon(world, world.chance.pick(needed(world)));
}

/** An earlier build went down in the midst of things. This one comes up on its disks, or from what it left on the server. */
async function upgrade({ world }: Village): Promise<void> {
  changeWeather(world);
  if (world.chance.happens(0.5)) {
    const lost = world.chance.pick(world.devices);
    lost.isNeeded = false;
    await world.device(lost.persona, 'spare', { backupMode: lost.mode });
    world.tell(`${lost.name} is lost`);
  }
  for (const device of needed(world)) if (world.chance.happens(0.5)) device.dieIn(world.chance.between(1, 120));
  await revive(world);
  await reckon(world);
  await somePayment(world);
  await reckon(world, world.chance.pick(needed(world)));
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'circles', run: circles },
  { name: 'channels', run: channels },
  { name: 'restore', run: restore },
  { name: 'hand-over', run: handOver },
  { name: 'haunted', run: haunted },
  { name: 'server-lost', run: serverLost },
  { name: 'modes', run: modes },
  { name: 'deadlines', run: deadlines },
  { name: 'reorgs', run: reorgs },
  { name: 'anything', run: anything },
  { name: 'local-first circles', mode: 'local-first', run: circles },
  { name: 'local-first anything', mode: 'local-first', run: anything },
  { name: 'stale', mode: 'local-first', run: stale },
  { name: 'liar', run: liar },
  { name: 'impatient', run: impatient },
  { name: 'upgrade', place: recordedVillage, run: upgrade }
];

/** Everybody's device in use. */
function needed(world: World): SimDevice[] {
  return world.devices.filter(({ isNeeded }) => isNeeded);
}

function pair(world: World): [SimDevice, SimDevice] {
  const from = world.chance.pick(needed(world));
  return [from, world.chance.pick(needed(world).filter((device) => device !== from))];
}

async function somePayment(world: World): Promise<void> {
  const [from, to] = pair(world);
  const amountMsat = BigInt(world.chance.between(1_000_000, 30_000_000));
  await attempt(world, `${from.name} pays ${to.name} ${amountMsat} msat`, () => pay(world, from, to, amountMsat));
}

/** From now on the wallet is used on another device. The old one is closed first, has died, or still runs and hears of it. */
async function move(world: World, from: SimDevice, to: SimDevice): Promise<void> {
  const manner = world.chance.pick(['closed', 'dead', 'running'] as const);
  if (manner === 'closed') await attempt(world, `${from.name} is closed`, () => world.during(from.off()));
  if (manner === 'dead') from.crash();
  from.isNeeded = false;
  to.isNeeded = true;
  await attempt(world, `${to.name} takes over`, () => start(world, to));
  await revive(world);
  // Whoever still runs without owning the store hears of it at the next heartbeat.
  await world.until(() => !from.isRunning, `${from.name} to stop`, HEARTBEAT_MS);
}

async function spare(world: World): Promise<[SimDevice, SimDevice]> {
  const old = world.chance.pick(needed(world));
  const name = `device${world.devices.length}`;
  return [old, await world.device(old.persona, name, { backupMode: old.mode })];
}

async function pause(world: World, ms: number): Promise<void> {
  world.tell(`(${ms} ms pass)`);
  await world.pass(ms);
}
