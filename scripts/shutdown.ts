// Owns the end of a long-running command: on Ctrl-C everything that was started is stopped, last started first, and then the process exits.
import { say } from './commands.js';

type Stop = () => Promise<void>;

const stops: Stop[] = [];
let stoppingSinceMs: number | undefined;
/** A Ctrl-C reaches the process once from the terminal and once more through npm. */
const sameSignalMs = 1_000;

/** Registers what a signal has to stop. */
export function onShutdown(stop: Stop): void {
  stops.push(stop);
}

/** From now on SIGINT, SIGTERM and SIGHUP stop everything in order; a second signal exits at once. */
export function handleSignals(): void {
  for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const, ['SIGHUP', 129] as const]) {
    process.on(signal, () => {
      if (stoppingSinceMs !== undefined && Date.now() - stoppingSinceMs < sameSignalMs) return;
      if (stoppingSinceMs !== undefined || stops.length === 0) process.exit(code);
      say('\nStopping.');
      void stopAll().then((failed) => process.exit(failed ? 1 : 0));
    });
  }
}

/** Stops everything that is registered. Returns whether a part of it failed to stop. */
export async function stopAll(): Promise<boolean> {
  stoppingSinceMs ??= Date.now();
  let failed = false;
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (error) {
      failed = true;
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return failed;
}
