// Owns the wall's form of results: a method's value or throw becomes an `Answer`, and only methods of the API are reachable.
import { TernError } from '../wire/errors.js';
import type { Answer, WalletApi } from './api.js';
import type { Logs } from './logs.js';

/** The API as the worker's own code and programs under Node.js use it: plain values, thrown `TernError`s. */
export type WalletMethods = {
  [Name in keyof WalletApi]: WalletApi[Name] extends (...parameters: infer Parameters) => Promise<Answer<infer Value>>
    ? (...parameters: Parameters) => Promise<Value>
    : never;
};

/** Runs a method; what it throws comes back as a value. What is not a `TernError` is a defect of ours: `internal`, and logged. */
export async function answer<T>(logs: Logs, name: string, run: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (thrown) {
    const error = TernError.from(thrown);
    if (error.code === 'internal') {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      logs.write('error', 'api', `${name}: ${stack ?? error.cause}`);
    }
    return { ok: false, error: error.toShape() };
  }
}

/** The API over a wallet, one wrapped method for each name. */
export function answering(wallet: WalletMethods, logs: Logs): WalletApi {
  const wrapped = API_METHODS.map((name) => {
    const method = wallet[name] as (...parameters: unknown[]) => Promise<unknown>;
    return [name, (...parameters: unknown[]) => answer(logs, name, () => method.apply(wallet, parameters))];
  });
  return Object.fromEntries(wrapped) as WalletApi;
}

const METHODS: Record<keyof WalletApi, true> = {
  status: true,
  subscribe: true,
  create: true,
  restore: true,
  unlock: true,
  lock: true,
  revealMnemonic: true,
  markMnemonicBackedUp: true,
  isMnemonicBackedUp: true,
  touch: true,
  wipe: true,
  info: true,
  balances: true,
  feeEstimates: true,
  newAddress: true,
  quoteOnchain: true,
  sendOnchain: true,
  openChannel: true,
  closeChannel: true,
  forceCloseChannel: true,
  channels: true,
  peers: true,
  connectPeer: true,
  createInvoice: true,
  decodeInvoice: true,
  quotePayment: true,
  pay: true,
  payment: true,
  payments: true,
  setLabel: true,
  labels: true,
  backupInfo: true,
  backupNow: true,
  verifyBackup: true,
  releaseDevice: true,
  sync: true,
  settings: true,
  changeSettings: true,
  logs: true
};
const API_METHODS = Object.keys(METHODS) as (keyof WalletApi)[];
