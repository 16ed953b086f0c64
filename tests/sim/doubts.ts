// Owns the scenarios of doubtful state: a backup that missed the last while, and a server that lies. Nobody whose state may be old closes a channel, and no lie is taken for the truth.
import { choicesAfter } from '../../src/worker/start-choices.js';
import { TernError } from '../../src/wire/errors.js';
import { pay, start } from './acts.js';
import { attempt, clear, reckon, revive } from './luck.js';
import { MemoryVss, type Stored } from './memory-vss.js';
import type { SimDevice } from './sim-device.js';
import { ANCHOR_SAT, isQuiet, shownSat } from './checks.js';
import type { Village } from './village.js';
import type { World } from './world.js';

const AMOUNT_MSAT = 20_000_000n;
/** Past every HTLC's deadline, and what LDK adds to it. */
const MOST_HTLC_BLOCKS = 250;
/** An HTLC that was under way may end as fees and dust. */
const DUST_SAT = 1_000n;

/**
 * The server has a state with an HTLC under way and hears of nothing after it; the device is lost. Whoever comes back from that state holds
 * its peace, however many deadlines pass, until the peers have spoken; then they close, and the money is there (invariant 8).
 */
export async function stale({ world, alice, bob, carol }: Village): Promise<void> {
  const spare = await otherDevice(world, alice);
  world.network.weather = { leastMs: 300, mostMs: 400, breaks: 0 };
  const paying = attempt(world, 'alice pays bob', () => pay(world, alice, bob, AMOUNT_MSAT));
  await world.until(() => isStoredMidway(alice), "the server to have alice's HTLC");
  alice.isVssAway = true;
  world.tell('the server is away for alice');
  await paying;
  await attempt(world, 'alice pays carol', () => pay(world, alice, carol, AMOUNT_MSAT));
  alice.crash();
  alice.isNeeded = false;
  clear(world);
  for (const { persona } of [bob, carol]) {
    world.network.isolate(persona.host);
    // Their side is the newer: they may close.
    world.chainWatch.mayForceClose.add(persona.name);
  }
  await start(world, spare);
  await letDeadlinesPass(world);
  for (const { persona } of [bob, carol]) world.network.isolate(persona.host, false);
  world.tell('bob and carol can be reached');
  await untilClosed(world, spare);
}

/** A server gives away what is partly old. Nobody starts from it, and once it tells the truth all is well (invariant 7). */
export async function liar({ world, alice, bob, carol }: Village): Promise<void> {
  const old = world.vss.snapshot();
  await pay(world, alice, bob, AMOUNT_MSAT);
  await pay(world, carol, alice, AMOUNT_MSAT);
  await reckon(world);
  const spare = await world.device(alice.persona, 'spare', { backupMode: alice.mode });
  alice.crash();
  alice.isNeeded = false;
  for (let lie = 0; lie < 3; lie += 1) {
    spare.vss = lyingServer(world, old);
    await expectRefusal(world, spare);
  }
  spare.vss = world.vss;
  await start(world, spare);
  await attempt(world, 'alice pays bob', () => pay(world, spare, bob, AMOUNT_MSAT));
  await reckon(world, spare);
}

/** Everybody looks at the payments at every moment, and disks are slow: what is on its way to the disk is seen as if it were there (invariant 2). */
export async function impatient({ world }: Village): Promise<void> {
  world.slowestCommitMs = 150;
  for (let round = 0; round < 3; round += 1) {
    const from = world.chance.pick(world.devices);
    const to = world.chance.pick(world.devices.filter((device) => device !== from));
    let isOver = false;
    const paying = attempt(world, `${from.name} pays ${to.name}`, () => pay(world, from, to, AMOUNT_MSAT));
    const over = (): unknown => (isOver = true);
    paying.then(over, over);
    while (!isOver) {
      for (const device of [from, to]) await world.during(device.ask((wallet) => wallet.payments(5)));
      await world.pass(world.chance.between(1, 20));
    }
  }
  await reckon(world);
}

/** An empty device, or one that this wallet ran on before. */
async function otherDevice(world: World, device: SimDevice): Promise<SimDevice> {
  const spare = await world.device(device.persona, 'spare', { backupMode: device.mode });
  spare.isNeeded = false;
  if (world.chance.happens(0.5)) {
    await handOver(world, device, spare);
    await handOver(world, spare, device);
  }
  return spare;
}

async function handOver(world: World, from: SimDevice, to: SimDevice): Promise<void> {
  await world.during(from.off(), 'an orderly end');
  from.isNeeded = false;
  to.isNeeded = true;
  await start(world, to);
  // Its own quarantine is over then.
  await reckon(world);
}

async function isStoredMidway(device: SimDevice): Promise<boolean> {
  const { nextHtlcExpiryHeight } = await device.wallet.info();
  return nextHtlcExpiryHeight !== undefined && (await device.disk.outbox()).length === 0;
}

async function letDeadlinesPass(world: World): Promise<void> {
  for (let mined = 0; mined < MOST_HTLC_BLOCKS; mined += 25) {
    world.chain.mine(25);
    await world.pass(60_000);
  }
  world.tell(`block ${world.chain.height}, past every deadline`);
}

/** Until no channel of `device` is behind any more and every closing is swept; then the money is looked for. */
async function untilClosed(world: World, device: SimDevice): Promise<void> {
  const channels = BigInt(2 * world.personas.length);
  for (let rounds = 0; ; rounds += 1) {
    await revive(world);
    await world.pass(60_000);
    if (rounds > 3 && (await isQuiet(world)) && (await hasAgreed(device))) break;
    if (rounds > 60) return world.violated(`${device.name} waits for its money for ever`);
    world.chain.mine(144);
  }
  const heldSat = world.chain.fundedSat - world.chain.feesSat() - (await shownSat(world));
  const mostSat = channels * (2n * ANCHOR_SAT + DUST_SAT);
  if (heldSat < 0n || heldSat > mostSat) world.violated(`${heldSat} sat are gone with the old state`);
  world.check();
}

async function hasAgreed(device: SimDevice): Promise<boolean> {
  const states = (await device.wallet.channels()).map(({ state }) => state);
  return (await device.wallet.backupInfo()).state !== 'quarantined' && states.every((state) => state === 'ready');
}

/** A copy of the server in which of every store some of the keys that have changed hold what they held before. */
function lyingServer(world: World, old: Map<string, Map<string, Stored>>): MemoryVss {
  const stores = world.vss.snapshot();
  for (const [id, store] of stores) {
    const before = old.get(id);
    const changed = [...store.keys()].filter((key) => isOld(before?.get(key), store.get(key)));
    const lies = changed.filter(() => world.chance.happens(0.3));
    for (const key of lies.length > 0 ? lies : [world.chance.pick(changed)]) {
      const was = before?.get(key);
      if (was) store.set(key, was);
    }
  }
  const liar = new MemoryVss();
  liar.rollBack(stores);
  return liar;
}

function isOld(before: Stored | undefined, now: Stored | undefined): boolean {
  return before !== undefined && before.version !== now?.version;
}

async function expectRefusal(world: World, device: SimDevice): Promise<void> {
  try {
    await world.during(device.boot('take_over'), `${device.name} to be refused`, 120_000);
  } catch (thrown) {
    const { code } = TernError.from(thrown);
    const choices = choicesAfter(code);
    if (choices === undefined || choices.includes('safe_mode')) throw thrown;
    world.tell(`(${device.name} is told lies: ${code})`);
    return;
  }
  world.violated(`invariant 7: ${device.name} took a lie for the backup`);
  world.check();
}
