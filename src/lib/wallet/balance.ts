// Owns how the balance is told: spendable now, pending, and set aside always add up to the total.
import type { Balances, ChannelInfo } from '../../worker/api.js';
import { openingMsat } from './channels.js';
import { satFromMsat } from './money.js';

/** The parts of a balance, in satoshis; their sum is `totalSat`. */
export interface BalanceParts {
  totalSat: bigint;
  spendableSat: bigint;
  spendableLightningSat: bigint;
  spendableOnchainSat: bigint;
  pendingSat: bigint;
  setAsideSat: bigint;
}

/** Splits the worker's balances for the home screen. */
export function balanceParts(balances: Balances, channels: ChannelInfo[]): BalanceParts {
  const spendableLightningSat = satFromMsat(balances.outboundCapacityMsat);
  const spendableOnchainSat = balances.onchainSpendableSat;
  const spendableSat = spendableLightningSat + spendableOnchainSat;
  const rest = atLeastZero(balances.totalSat - spendableSat);
  const announced = balances.onchainPendingSat + balances.closingSat + satFromMsat(openingMsat(channels));
  const pendingSat = announced < rest ? announced : rest;
  return {
    totalSat: balances.totalSat,
    spendableSat,
    spendableLightningSat,
    spendableOnchainSat,
    pendingSat,
    setAsideSat: rest - pendingSat
  };
}

function atLeastZero(amountSat: bigint): bigint {
  return amountSat < 0n ? 0n : amountSat;
}
