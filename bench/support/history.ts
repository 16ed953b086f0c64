// Owns a long history: one pair of wallets that pays each other thousands of times, really; what it writes, and what its disk holds, early and late.
import { systemClock } from '../../src/worker/clock.js';
import type { ContentSnapshot } from '../../src/worker/disk-content.js';
import { say } from '../../scripts/commands.js';
import { startStand } from '../../tests/regtest/stand.js';
import { HurriedClock } from './hurried-clock.js';
import { WalletPair } from './pair.js';

/** Where one looks; payments are sequential, in both directions in turns. */
const SHORT_FOR_START = 50;
const SHORT_FOR_BYTES = 100;
const LONG = 5_000;
/** A large monitor is written whole every 300 updates, which is every 67 payments: this many hold several of those. */
const SAMPLE_PAYMENTS = 360;
const HURRY = 20;
/** LDK remembers settled payments for seven of its one-minute ticks. */
const FORGETTING_MS = (10 * 60_000) / HURRY;

export interface History {
  /** The payer's disk after 50 and after 5,000 payments. */
  short: ContentSnapshot;
  long: ContentSnapshot;
  /** Bytes that both sides together write for one payment, the mean of many, after 100 and after 5,000. */
  bytesAfterShort: number;
  bytesAfterLong: number;
}

let made: Promise<History> | undefined;

/** Makes it once a process; that takes minutes. */
export function longHistory(): Promise<History> {
  made ??= make();
  return made;
}

async function make(): Promise<History> {
  const stand = await startStand({ esplora: true });
  try {
    const clock = new HurriedClock(HURRY);
    const pair = await WalletPair.start(stand, { clock });
    try {
      await payUntil(pair, 0, SHORT_FOR_START);
      await pair.rest();
      const short = pair.payer.disk.toSnapshot();
      await payUntil(pair, SHORT_FOR_START, SHORT_FOR_BYTES);
      const bytesAfterShort = await bytesOfPayment(pair);
      await payUntil(pair, SHORT_FOR_BYTES + SAMPLE_PAYMENTS, LONG);
      const long = await snapshotAtRest(pair);
      const bytesAfterLong = await bytesOfPayment(pair);
      return { short, long, bytesAfterShort, bytesAfterLong };
    } finally {
      await pair.stop();
    }
  } finally {
    await stand.stop();
  }
}

async function payUntil(pair: WalletPair, from: number, to: number): Promise<void> {
  for (let count = from; count < to; count += 1) {
    await payInTurn(pair, count);
    if ((count + 1) % 500 === 0) say(`  ${count + 1} of ${LONG} payments`);
  }
}

function payInTurn(pair: WalletPair, count: number): Promise<number> {
  const { payer, payee } = pair;
  return count % 2 === 0 ? pair.pay(undefined, payer, payee) : pair.pay(undefined, payee, payer);
}

async function snapshotAtRest(pair: WalletPair): Promise<ContentSnapshot> {
  await pair.rest();
  return pair.payer.disk.toSnapshot();
}

/** Waits first until LDK has forgotten what it remembers for minutes only. */
async function bytesOfPayment(pair: WalletPair): Promise<number> {
  await systemClock.sleep(FORGETTING_MS);
  const written = (): number => pair.payer.disk.writtenBytes + pair.payee.disk.writtenBytes;
  const before = written();
  for (let count = 0; count < SAMPLE_PAYMENTS; count += 1) await payInTurn(pair, count);
  await pair.rest();
  return (written() - before) / SAMPLE_PAYMENTS;
}
