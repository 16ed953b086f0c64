// Owns which tab runs the wallet: at most one holds the Web Lock of a network, and it gives it up when asked.
import type { Network } from '../../worker/api.js';

/** What the tab that runs the wallet does when it must stop. */
export interface LockHolder {
  /** Another tab asks: stop safely, then resolve. */
  stop(): Promise<void>;
  /** The lock was taken away without waiting for us: stop at once. */
  lost(): void;
}

/** The lock, held until `release`. */
export interface TabLock {
  release(): void;
}

/** How long another tab may take to stop safely before the lock is taken from it. */
const graceMs = 8_000;
const stopPlease = 'stop-please';

/** Takes the lock when it is free; `undefined` when another tab holds it. */
export function takeTabLock(network: Network, holder: LockHolder): Promise<TabLock | undefined> {
  return hold(network, { ifAvailable: true }, holder);
}

/** Asks the tab that holds the lock to stop, waits for it, and takes the lock by force when it does not answer. */
export async function takeOverTabLock(network: Network, holder: LockHolder): Promise<TabLock> {
  const channel = new BroadcastChannel(lockName(network));
  channel.postMessage(stopPlease);
  channel.close();
  const waited = await hold(network, { signal: AbortSignal.timeout(graceMs) }, holder).catch(() => undefined);
  const lock = waited ?? (await hold(network, { steal: true }, holder));
  if (lock === undefined) throw new Error('A stolen lock is always granted.');
  return lock;
}

function hold(network: Network, options: LockOptions, holder: LockHolder): Promise<TabLock | undefined> {
  const name = lockName(network);
  return new Promise((resolve, reject) => {
    let held = false;
    let released = false;
    const request = navigator.locks.request(name, options, (lock) => {
      if (lock === null) {
        resolve(undefined);
        return undefined;
      }
      held = true;
      return new Promise<void>((letGo) => {
        const channel = new BroadcastChannel(name);
        const release = () => {
          released = true;
          channel.close();
          letGo();
        };
        channel.onmessage = (message: MessageEvent<unknown>) => {
          if (message.data === stopPlease) void holder.stop().finally(release);
        };
        resolve({ release });
      });
    });
    request.catch((thrown: unknown) => {
      if (held && !released) holder.lost();
      else reject(thrown);
    });
  });
}

function lockName(network: Network): string {
  return `tern-${network}`;
}
