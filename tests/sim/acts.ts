// Owns what people do in the simulated world, each act waiting for what it brings about. An act throws `Died` when a device it uses dies.
import type { SimDevice } from './sim-device.js';
import { Died } from './sim-device.js';
import type { World } from './world.js';

const CHANNEL_SAT = 1_000_000n;

/** Starts a device and does what a user does whose start needs a decision: take over. */
export async function start(world: World, device: SimDevice): Promise<void> {
  // A start that the weather kept from ending is given up first.
  if (!device.isRunning) device.crash();
  try {
    await world.during(device.boot(), `${device.name} to start`);
  } catch (thrown) {
    if (device.error?.code !== 'owned_elsewhere') throw thrown;
    await world.during(device.boot('take_over'), `${device.name} to take over`);
  }
}

/** Pays a wallet on chain and confirms it. */
export async function fund(world: World, device: SimDevice, amountSat: bigint): Promise<void> {
  const address = await world.during(
    device.ask((wallet) => wallet.newAddress()),
    'an address'
  );
  world.chain.fund(address, amountSat);
  await mine(world, 1);
}

/** Mines, and lets everybody who runs see it. */
export async function mine(world: World, blocks: number): Promise<void> {
  world.chain.mine(blocks);
  world.tell(`block ${world.chain.height}`);
  await world.until(() => everybodyKnows(world), 'everybody to see the block', 600_000);
}

/** Opens a channel, without waiting for the chain. */
export async function open(world: World, from: SimDevice, to: SimDevice, amountSat = CHANNEL_SAT): Promise<void> {
  const request = { nodeUri: to.persona.nodeUri, amountSat };
  await world.during(
    from.ask((wallet) => wallet.openChannel(request)),
    'a channel to be asked for'
  );
  await world.until(() => alive(from) && alive(to) && world.chain.mempool.length > 0, 'the funding to be broadcast');
}

/** Opens a channel and confirms it until both can use it. */
export async function openAndConfirm(world: World, from: SimDevice, to: SimDevice): Promise<void> {
  const before = await readyChannels(from, to);
  await open(world, from, to);
  await mine(world, 6);
  await world.until(async () => (await readyChannels(from, to)) > before, 'the channel to be ready');
  await world.until(async () => (await readyChannels(to, from)) > before, 'the channel to be ready at the other side');
}

/** Pays an invoice; the answer is its hash. Resolves when the payer knows the outcome. */
export async function pay(world: World, from: SimDevice, to: SimDevice, amountMsat: bigint): Promise<string> {
  const request = { amountMsat, description: 'a simulated coffee', expirySeconds: 86_400 };
  const { bolt11, paymentHash } = await world.during(
    to.ask((wallet) => wallet.createInvoice(request)),
    'an invoice'
  );
  await world.during(
    from.ask((wallet) => wallet.pay({ bolt11 })),
    'a payment to leave'
  );
  await world.until(
    () => alive(from) && alive(to) && from.persona.finalPayments.has(paymentHash),
    'the payment to end'
  );
  return paymentHash;
}

/** Closes every channel between two by consent, and confirms it. */
export async function close(world: World, from: SimDevice, to: SimDevice): Promise<void> {
  for (const { channelId, counterpartyNodeId, state } of await from.wallet.channels()) {
    if (counterpartyNodeId !== to.persona.nodeId || state === 'closing') continue;
    await world.during(
      from.ask((wallet) => wallet.closeChannel(channelId)),
      'a closing to begin'
    );
  }
  await world.until(() => alive(from) && alive(to) && world.chain.mempool.length > 0, 'the closing to be broadcast');
  await mine(world, 6);
  await world.until(async () => alive(to) && (await channelsBetween(from, to)) === 0, 'the channel to be gone');
}

/** Resolves when every channel between two who run can be used. */
export async function connected(world: World): Promise<void> {
  const up = world.devices.filter(({ isRunning }) => isRunning);
  await world.until(async () => {
    const nodeIds = new Set(up.map(({ persona }) => persona.nodeId));
    const lists = await Promise.all(up.filter(alive).map(({ wallet }) => wallet.channels()));
    return lists.flat().every((each) => each.state === 'ready' || !nodeIds.has(each.counterpartyNodeId));
  }, 'everybody to be connected');
}

/** How many usable channels one side sees to the other. */
export async function readyChannels(from: SimDevice, to: SimDevice): Promise<number> {
  alive(from);
  const channels = await from.wallet.channels();
  return channels.filter((each) => each.counterpartyNodeId === to.persona.nodeId && each.state === 'ready').length;
}

/** How many channels one side sees to the other, in whatever state. */
export async function channelsBetween(from: SimDevice, to: SimDevice): Promise<number> {
  alive(from);
  const channels = await from.wallet.channels();
  return channels.filter((each) => each.counterpartyNodeId === to.persona.nodeId).length;
}

/** True; throws `Died` where the device does not run. */
export function alive(device: SimDevice): true {
  if (!device.isRunning) throw new Died(`${device.name} does not run`);
  return true;
}

async function everybodyKnows(world: World): Promise<boolean> {
  const heights = world.devices.filter(({ isRunning }) => isRunning).map(async ({ wallet }) => wallet.info());
  return (await Promise.all(heights)).every(({ blockHeight }) => blockHeight === world.chain.height);
}
