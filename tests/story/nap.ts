// Owns the sleep of a device: what would run meanwhile runs when it is over, and what was asked of the network before is lost.
import { systemClock, type Clock } from '../../src/worker/clock.js';

/** Awake until it begins. */
export class Nap {
  #waiting: (() => void)[] | undefined;
  #count = 0;

  begin(): void {
    this.#waiting ??= [];
    this.#count += 1;
  }

  /** What was due runs now, each in a task of its own. */
  end(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const run of waiting) systemClock.macrotask(run);
  }

  /** A clock that stands between the system's and code that sleeps. */
  clock(clock: Clock): Clock {
    return {
      ...clock,
      macrotask: (run) => clock.macrotask(() => this.#run(run)),
      setTimer: (ms, run) => {
        let isCancelled = false;
        const cancel = clock.setTimer(ms, () => this.#run(() => (isCancelled ? undefined : run())));
        return () => {
          isCancelled = true;
          cancel();
        };
      },
      sleep: (ms) => new Promise((resolve) => void clock.setTimer(ms, () => this.#run(resolve)))
    };
  }

  /** The answer with its whole body; it fails, once awake, where a sleep came between. */
  async request(ask: () => Promise<Response>): Promise<Response> {
    const count = this.#count;
    const whole = async (): Promise<Response> => {
      const response = await ask();
      return new Response(hasBody(response) ? await response.arrayBuffer() : null, response);
    };
    const [outcome] = await Promise.allSettled([whole()]);
    if (this.#waiting) await new Promise<void>((resolve) => this.#run(resolve));
    if (this.#count !== count) throw new TypeError('fetch failed: the network was away');
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  #run(task: () => void): void {
    if (this.#waiting) this.#waiting.push(task);
    else task();
  }
}

function hasBody({ status }: Response): boolean {
  return status !== 204 && status !== 304;
}
