// Owns time for everything in worker/: nothing else there reads the wall clock or starts a timer, so a simulated world can replace all of it.

/** Where worker/ takes its time from. Times are Unix milliseconds, durations milliseconds. */
export interface Clock {
  nowMs(): number;
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
  /** Runs `run` once in a task of its own: after every microtask that is queued now, and those they queue. */
  macrotask(run: () => void): void;
  /** Runs `run` once after `ms`, unless the returned function was called before. */
  setTimer(ms: number, run: () => void): () => void;
}

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The real clock, in a browser, a worker or Node. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => void startTimer(ms, resolve)),
  macrotask: createMacrotask(),
  setTimer: startTimer
};

function startTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(Math.max(ms, 0), LONGEST_TIMEOUT_MS));
  return () => clearTimeout(timer);
}

/** `setImmediate` where there is one; else a message channel, because browsers hold a nested `setTimeout(0)` back by 4 ms. */
function createMacrotask(): (run: () => void) => void {
  if (typeof globalThis.setImmediate === 'function') return (run) => void setImmediate(run);
  const waiting: (() => void)[] = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => waiting.shift()?.();
  return (run) => {
    waiting.push(run);
    channel.port2.postMessage(undefined);
  };
}
