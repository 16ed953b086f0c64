// Owns the villages that earlier builds left behind, in the midst of things: what this build must go on from. A file is recorded once, by the build it is named after, and never again.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { close, mine, open, pay } from './acts.js';
import { calm } from './checks.js';
import { attempt } from './luck.js';
import { neighbours, village, type Village } from './village.js';
import { World, type Past } from './world.js';

const DIRECTORY = path.join(import.meta.dirname, 'recorded');
const SEED = 11;
const AMOUNT_MSAT = 50_000_000n;

/** Records a village of this build under a name. */
export async function record(name: string): Promise<void> {
  await writeFile(fileOf(name), brotliCompressSync(serialize(await busyPast())));
}

/** The builds that left a village. */
export async function recordedBuilds(): Promise<string[]> {
  return (await readdir(DIRECTORY)).map((file) => path.parse(file).name).sort();
}

/** A village of an earlier build, chosen by the seed. Nobody runs in it yet. End its world. */
export async function recordedVillage(seed: number, _mode: unknown, onLine?: (line: string) => void): Promise<Village> {
  const builds = await recordedBuilds();
  const build = builds[seed % builds.length];
  if (build === undefined) throw new Error('no build has left a village');
  const world = await World.goOn(seed, deserialize(brotliDecompressSync(await readFile(fileOf(build)))) as Past);
  if (onLine) world.onLine = onLine;
  world.tell(`everything is as ${build} left it`);
  return neighbours(world);
}

/** Payments behind them, one channel closed, one confirming, an HTLC under way: then the power fails everywhere. */
async function busyPast(): Promise<Past> {
  const place = await village(SEED);
  const { world, alice, bob, carol } = place;
  try {
    await pay(world, alice, bob, AMOUNT_MSAT);
    await pay(world, carol, alice, AMOUNT_MSAT);
    await close(world, bob, carol);
    await calm(world);
    await open(world, carol, bob);
    await mine(world, 1);
    world.network.weather = { leastMs: 300, mostMs: 400, breaks: 0 };
    void attempt(world, 'bob pays alice', () => pay(world, bob, alice, AMOUNT_MSAT / 10n));
    const hasHtlc = async (): Promise<boolean> => (await bob.wallet.info()).nextHtlcExpiryHeight !== undefined;
    await world.until(hasHtlc, 'an HTLC to be under way');
    await world.pass(600);
    for (const device of world.devices) device.crash();
    return world.past();
  } finally {
    world.end();
  }
}

function fileOf(build: string): string {
  return path.join(DIRECTORY, `${build}.bin`);
}
