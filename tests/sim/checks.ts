// Owns what must be true of a world at rest: nothing waits to be stored, the backup proves itself and loads elsewhere, no sat is missing, both sides of a payment agree.
import type { ChannelInfo } from '../../src/worker/api.js';
import { MemoryVss } from './memory-vss.js';
import { SimDevice } from './sim-device.js';
import type { World } from './world.js';

const MOST_ROUNDS = 60;
/** BOLT 3 */
export const ANCHOR_SAT = 330n;

/** Waits until nothing is under way: every HTLC resolved, every change stored, every channel usable or gone, nothing waiting for a block. */
export async function calm(world: World): Promise<void> {
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds += 1) {
    await world.until(() => isAtRest(world), 'the world to come to rest');
    const waits = await waitsFor(world);
    if (waits === undefined) return;
    if (waits === 'blocks') world.chain.mine(6);
    await world.pass(10_000);
  }
  world.violated('the world does not come to rest, however long one waits and however much is mined');
}

/** Checks every promise that can be checked at rest. Violations end the world at its next step. */
export async function checkAtRest(world: World): Promise<void> {
  for (const device of running(world)) {
    await checkBackup(world, device);
    await checkHistory(world, device);
    world.secrecyWatch.logged(device.name, await device.wallet.logs());
  }
  await checkPayments(world);
  await checkMoney(world);
  world.check();
}

/** What all wallets that run show together. */
export async function shownSat(world: World): Promise<bigint> {
  let sumSat = 0n;
  for (const { wallet } of running(world)) sumSat += (await wallet.balances()).totalSat;
  return sumSat;
}

/** Nothing of any wallet waits for the chain. */
export async function isQuiet(world: World): Promise<boolean> {
  for (const { wallet } of running(world)) {
    const { onchainPendingSat, closingSat } = await wallet.balances();
    if (onchainPendingSat > 0n || closingSat > 0n) return false;
  }
  return world.chain.mempool.length === 0;
}

/** Loads what the server holds into an empty device of another world, where nobody hears it. */
export async function checkRestore(world: World, original: SimDevice): Promise<void> {
  const elsewhere = new MemoryVss();
  elsewhere.rollBack(world.vss.snapshot());
  const options = { backupMode: original.mode, isShadow: true };
  const disk = await original.persona.freshDisk();
  const shadow = new SimDevice(world, original.persona, `${original.name}-shadow`, disk, options);
  shadow.vss = elsewhere;
  await world.during(shadow.boot('take_over'), 'a restore', 600_000);
  await checkHistory(world, shadow);
  const [ours, theirs] = [await original.wallet.channels(), await shadow.wallet.channels()];
  const known = new Set(theirs.map(({ channelId }) => channelId));
  for (const { channelId, state } of ours) {
    if (state !== 'opening' && !known.has(channelId))
      world.violated(`${shadow.name} restored without channel ${channelId}`);
  }
  shadow.crash();
  world.check();
}

function running(world: World): SimDevice[] {
  return world.devices.filter(({ isRunning }) => isRunning);
}

async function isAtRest(world: World): Promise<boolean> {
  for (const device of running(world)) {
    if (device.mode && (await device.disk.outbox()).length > 0) return false;
    const { nextHtlcExpiryHeight, blockHeight } = await device.wallet.info();
    if (nextHtlcExpiryHeight !== undefined || blockHeight !== world.chain.height) return false;
  }
  return true;
}

/** What keeps the world from rest. A channel whose peer does not run counts as at rest. */
async function waitsFor(world: World): Promise<'blocks' | 'peers' | undefined> {
  if (world.chain.mempool.length > 0) return 'blocks';
  const upNodes = new Set(running(world).map(({ persona }) => persona.nodeId));
  let waits: 'peers' | undefined;
  for (const device of running(world)) {
    const { onchainPendingSat, closingSat } = await device.wallet.balances();
    if (onchainPendingSat > 0n || closingSat > 0n) return 'blocks';
    const channels = await device.wallet.channels();
    for (const { state } of channels.filter((each) => upNodes.has(each.counterpartyNodeId))) {
      if (state === 'confirming' || state === 'closing') return 'blocks';
      if (state !== 'ready') waits = 'peers';
    }
  }
  return waits;
}

async function checkBackup(world: World, device: SimDevice): Promise<void> {
  if (!device.mode) return;
  const isStored = async (): Promise<boolean> => {
    const { state } = await device.wallet.backupInfo();
    return (await device.disk.outbox()).length === 0 && state === 'up_to_date';
  };
  await world.until(isStored, `${device.name} to store everything and say so`, 120_000);
  const { problems } = await world.during(
    device.ask((wallet) => wallet.verifyBackup()),
    'the backup to be verified'
  );
  for (const { code, cause } of problems) world.violated(`invariant 7: ${device.name}'s backup: ${code} ${cause}`);
}

/** What a wallet once called final, it calls so for ever. */
async function checkHistory(world: World, device: SimDevice): Promise<void> {
  for (const [id, known] of device.persona.finalPayments) {
    if (known.kind !== 'bolt11' || known.status !== 'succeeded') continue;
    const now = await world.during(
      device.ask((wallet) => wallet.payment(id)),
      'a payment'
    );
    if (now?.status !== 'succeeded')
      world.violated(`${device.name} had payment ${id} and calls it ${now?.status ?? 'unknown'}`);
    if (now && now.amountMsat !== known.amountMsat)
      world.violated(`${device.name} tells another amount of payment ${id}`);
  }
}

/** What a payer calls paid, the payee has; what the payer calls failed, the payee has not. */
async function checkPayments(world: World): Promise<void> {
  const up = running(world);
  if (up.length !== world.personas.length) return;
  for (const payer of world.personas) {
    for (const [id, sent] of payer.finalPayments) {
      if (sent.kind !== 'bolt11' || sent.direction !== 'outbound') continue;
      const others = up.filter(({ persona }) => persona !== payer);
      const found = await Promise.all(others.map((device) => world.during(device.ask((wallet) => wallet.payment(id)))));
      const isReceived = found.some(
        (there) =>
          there?.direction === 'inbound' && there.status === 'succeeded' && there.amountMsat === sent.amountMsat
      );
      if (sent.status === 'succeeded' && !isReceived) world.violated(`${payer.name} paid ${id}, and nobody has it`);
      if (sent.status === 'failed' && isReceived)
        world.violated(`${payer.name} calls ${id} failed, and it was received`);
    }
  }
}

/**
 * What was put in, less what miners took, is what the wallets show together, but for the anchors of each channel (one a side that has
 * something) and what a commitment transaction rounds to sat; and both sides of a channel agree to the msat. Only with everybody running.
 */
async function checkMoney(world: World): Promise<void> {
  if (running(world).length !== world.personas.length) return;
  const sides = new Map<string, ChannelInfo[]>();
  for (const { wallet } of running(world)) {
    for (const channel of await wallet.channels()) {
      if (channel.state === 'opening') continue;
      sides.set(channel.channelId, [...(sides.get(channel.channelId) ?? []), channel]);
    }
  }
  const heldSat = world.chain.fundedSat - world.chain.feesSat() - (await shownSat(world));
  const channels = BigInt(sides.size);
  if (heldSat < channels * ANCHOR_SAT || heldSat > channels * (2n * ANCHOR_SAT + 2n)) {
    world.violated(`${heldSat} sat are not to be seen in any wallet, with ${channels} channels`);
  }
  for (const [id, [one, other]] of sides) {
    if (!one || !other) world.violated(`only one side knows of channel ${id}`);
    else if (one.outboundMsat > other.inboundMsat || other.outboundMsat > one.inboundMsat) {
      world.violated(`channel ${id}: one side can send ${one.outboundMsat} msat, the other takes ${other.inboundMsat}`);
    }
  }
}
