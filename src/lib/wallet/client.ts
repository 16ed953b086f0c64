// Owns the page's end of the wall: starts the worker under a one-URL Trusted Types policy and turns its answers into values or thrown TernErrors.
import { proxy, releaseProxy, wrap, type Remote } from 'comlink';
import wasmUrl from '../../../wasm/pkg/tern_bg.wasm?url';
import type { Answer, ServerDefaults, WalletApi, WalletEvent, WorkerBoot } from '../../worker/api.js';
import workerUrl from '../../worker/main.ts?worker&url';
import { TernError, type ErrorShape } from '../../wire/errors.js';

/** The worker's API as the page calls it: values come back, failures are thrown as `TernError`. */
export type WalletClient = {
  [Method in keyof WalletApi]: WalletApi[Method] extends (...given: infer Given) => Promise<Answer<infer Value>>
    ? (...given: Given) => Promise<Value>
    : never;
};

/** A running worker. */
export interface Connection {
  client: WalletClient;
  /** Ends the worker at once; what is durable stays. */
  terminate(): void;
}

type Bootable = WalletApi & { boot(boot: WorkerBoot): Promise<Answer<unknown>>; wake(): void };

const defaultsUrl = '/tern.json';
const rememberedDefaults = 'tern-defaults';

/**
 * What the server that served this page offers; offline, what it offered last.
 * @throws TernError `invalid_url` when neither is known.
 */
export async function fetchServerDefaults(): Promise<ServerDefaults> {
  try {
    const response = await fetch(defaultsUrl, { cache: 'no-store' });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const text = await response.text();
    const defaults = JSON.parse(text) as ServerDefaults;
    localStorage.setItem(rememberedDefaults, text);
    return defaults;
  } catch (thrown) {
    const remembered = localStorage.getItem(rememberedDefaults);
    if (remembered !== null) return JSON.parse(remembered) as ServerDefaults;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new TernError('invalid_url', `/tern.json: ${reason}`, 'Check your connection, then try again.');
  }
}

/**
 * Starts the worker and sends its events to `onEvent`.
 * @param onCrash called once if the worker dies; its calls never answer after that.
 */
export async function startWorker(
  defaults: ServerDefaults,
  onEvent: (event: WalletEvent) => void,
  onCrash: (error: ErrorShape) => void
): Promise<Connection> {
  const worker = new Worker(trustedWorkerUrl() as string, { type: 'module', name: 'tern' });
  let end: (error: TernError) => void = () => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    end = reject;
    worker.onerror = (event) => {
      const error = new TernError('internal', event.message || 'The worker could not start.', 'Reload the page.');
      // First: what is on its way fails for this, and not because the connection is given up.
      end(error);
      onCrash(error.toShape());
    };
  });
  // A crash after the start is told through onCrash; whoever waits for an answer hears of every end.
  ended.catch(() => undefined);
  const remote = wrap<Bootable>(worker);
  const boot: WorkerBoot = { wasmUrl: new URL(wasmUrl, location.href).href, network: defaults.network, defaults };
  unwrap(await Promise.race([remote.boot(boot) as Promise<Answer<unknown>>, ended]));
  const client = unwrapping(remote, ended);
  await client.subscribe(proxy(onEvent));
  // Chromium tells no worker that the network is back.
  const wake = () => void remote.wake();
  addEventListener('online', wake);
  return {
    client,
    terminate() {
      removeEventListener('online', wake);
      end(new TernError('wallet_locked', 'The wallet stopped in this tab.', 'Open it again.'));
      remote[releaseProxy]();
      worker.terminate();
    }
  };
}

/** Every method of the worker, its answer unwrapped; a call fails with what ended the worker, in flight or later. */
function unwrapping(remote: Remote<Bootable>, ended: Promise<never>): WalletClient {
  return new Proxy({} as WalletClient, {
    get: (_target, method) =>
      // A promise resolving to the client would otherwise look for `then` in the worker.
      method === 'then'
        ? undefined
        : async (...given: unknown[]) => {
            // A worker that has ended refuses the call itself, but not with why it ended.
            const call = async (): Promise<Answer<unknown>> =>
              (remote[method as keyof WalletApi] as (...given: unknown[]) => Promise<Answer<unknown>>)(...given);
            return unwrap(await Promise.race([ended, call()]));
          }
  });
}

function unwrap<Value>(answer: Answer<Value>): Value {
  if (answer.ok) return answer.value;
  throw TernError.fromShape(answer.error);
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string }
  ): { createScriptURL(url: string): unknown };
}

let policy: { createScriptURL(url: string): unknown } | undefined;

/** The worker's URL, blessed by a policy that blesses nothing else. */
function trustedWorkerUrl(): unknown {
  const trustedTypes = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  policy ??= trustedTypes?.createPolicy('tern-worker', {
    createScriptURL(url) {
      if (url === workerUrl) return url;
      throw new TernError('internal', 'A script of unknown origin was refused.', 'Reload the page.');
    }
  });
  return policy?.createScriptURL(workerUrl) ?? workerUrl;
}
