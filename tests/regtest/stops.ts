// Owns ending what was started: the last first, each once, and one that fails does not keep the others running.
import { TernError } from '../../src/wire/errors.js';

type Stop = () => Promise<unknown>;

/** What has to be stopped, in the order it was started. */
export class Stops {
  readonly #stops: Stop[] = [];

  /** Adds how to stop what was just started. */
  add(stop: Stop): void {
    this.#stops.push(stop);
  }

  /** Stops everything; the first failure is thrown when all is done. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) {
      await stop().catch((thrown: unknown) => failures.push(thrown));
    }
    if (failures.length > 0) throw TernError.from(failures[0]);
  }

  /** What `start` gives; when it fails, what it added is stopped first. */
  static async guard<T>(start: (stops: Stops) => Promise<T>): Promise<T> {
    const stops = new Stops();
    try {
      return await start(stops);
    } catch (thrown) {
      await stops.run().catch(() => undefined);
      throw thrown;
    }
  }
}
