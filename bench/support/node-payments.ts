// Owns the payments whose CPU time is compared: the same nodes in WebAssembly and native, in turns, each pair on one thread of its own process.
// In the figure: everything of that thread from the invoice until both rest, JavaScript and its garbage included. Not in it: the engine's helper
// threads, the chain, and a network, which there is none of.
import { say } from '../../scripts/commands.js';
import { ensureWasm } from '../../scripts/wasm.js';
import { TernError } from '../../src/wire/errors.js';
import { startStand } from '../../tests/regtest/stand.js';
import { Stops } from '../../tests/regtest/stops.js';
import { median } from './numbers.js';
import { nativePair, PairProcess, wasmPair, type PaidRound } from './pair-process.js';

/** Payments at once, for throughput. */
export const WIDTH = 20;
/** Until the engine has compiled what is hot: a WebAssembly still gains a tenth after the first 200. */
const WARM_UP_PAYMENTS = 600;
const PAYMENTS = 8;
const ROUNDS = 11;
const WIDE_ROUNDS = 5;
/** Batches fall a little differently in time; beyond this the sides did not do the same work, and the ratio would mean nothing. */
const MOST_DIFFERENCE = 0.1;

export interface NodePayments {
  /** CPU of a payment over that of the native nodes: the node alone, and with the wallet's worker around it. */
  plainOverNative: number;
  workerOverNative: number;
  /** With the wallet's worker around the nodes. */
  paymentsPerSecond: number;
}

let measured: Promise<NodePayments> | undefined;

/** Measures everything once a process. */
export function nodePayments(): Promise<NodePayments> {
  measured ??= measure();
  return measured;
}

async function measure(): Promise<NodePayments> {
  await ensureWasm();
  const native = await nativePair();
  const stops = new Stops();
  try {
    const stand = await startStand({ esplora: true });
    stops.add(() => stand.stop());
    const pairs = [];
    for (const program of [wasmPair('plain'), wasmPair('worker'), native]) {
      const pair = await PairProcess.start(stand, program);
      stops.add(() => pair.stop());
      pairs.push(pair);
    }
    const [plain, worker] = await cpuOverLast(pairs);
    const paymentsPerSecond = await measureWide(pairs[1] as PairProcess);
    return { plainOverNative: plain ?? Number.NaN, workerOverNative: worker ?? Number.NaN, paymentsPerSecond };
  } finally {
    await stops.run();
  }
}

/** Each pair's CPU time a payment over that of the last: the median over the rounds, for a machine's pace changes more between them than within. */
async function cpuOverLast(pairs: PairProcess[]): Promise<number[]> {
  const rounds: PaidRound[][] = pairs.map(() => []);
  for (const pair of pairs) {
    await pair.pay(WARM_UP_PAYMENTS, WIDTH);
    await pair.pay(PAYMENTS);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, pair] of pairs.entries()) rounds[index]?.push(await pair.pay(PAYMENTS));
  }
  assertSameWork(pairs, rounds.map(costOf));
  const last = rounds.at(-1) ?? [];
  return rounds.map((own) => median(own.map(({ cpuNs }, round) => cpuNs / (last[round]?.cpuNs ?? Number.NaN))));
}

function assertSameWork(pairs: PairProcess[], costs: Cost[]): void {
  for (const [index, { name }] of pairs.entries()) say(`  ${name}: ${described(costs[index])}`);
  const last = costs.at(-1);
  if (!last || !costs.every((cost) => isSameWork(cost, last)))
    throw new TernError('internal', 'The pairs did not do the same work.', 'Compare what drives them.');
}

interface Cost {
  cpuMs: number;
  commits: number;
  messages: number;
}

/** Of one payment. */
function costOf(rounds: PaidRound[]): Cost {
  const each = (what: keyof PaidRound): number => median(rounds.map((round) => round[what])) / PAYMENTS;
  return { cpuMs: each('cpuNs') / 1e6, commits: each('commits'), messages: each('messages') };
}

function described(cost: Cost | undefined): string {
  const [cpuMs, commits, messages] = [cost?.cpuMs, cost?.commits, cost?.messages].map((each) => each?.toFixed(1));
  return `${cpuMs} ms of CPU, ${commits} commits and ${messages} messages a payment`;
}

function isSameWork(one: Cost, other: Cost): boolean {
  const isClose = (what: 'commits' | 'messages'): boolean => Math.abs(one[what] / other[what] - 1) <= MOST_DIFFERENCE;
  return isClose('commits') && isClose('messages');
}

async function measureWide(pair: PairProcess): Promise<number> {
  const elapsedNs: number[] = [];
  for (let round = 0; round < WIDE_ROUNDS; round += 1) elapsedNs.push((await pair.pay(WIDTH, WIDTH)).elapsedNs);
  return WIDTH / (median(elapsedNs) / 1e9);
}
