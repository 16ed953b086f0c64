// Owns the wall's form of results: a method's value or throw becomes an `Answer`, and only methods of the API are reachable.
import { TernError } from '../wire/errors.js';
import type { Answer, WalletApi } from './api.js';
import { checkForm, FORMS } from './forms.js';
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
    const call = async (parameters: unknown[]): Promise<unknown> => {
      checkForm(name, parameters);
      return method.apply(wallet, parameters);
    };
    return [name, (...parameters: unknown[]) => answer(logs, name, () => call(parameters))];
  });
  return Object.fromEntries(wrapped) as WalletApi;
}

const API_METHODS = Object.keys(FORMS) as (keyof WalletApi)[];
