// Owns what a node sees of the world: rows, time, logs. What the disk cannot give for now is never taken for state that is broken.
import type { NodeHost } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';
import type { ReadAhead } from './read-ahead.js';
import type { Store } from './store.js';
import type { Turns } from './turns.js';

export interface NodeWorldOptions {
  platform: Pick<Platform, 'clock'>;
  store: Store;
  logs: Logs;
  turns: Turns;
  /** Why the node's session is over; undefined: it is not. */
  over: () => TernError | undefined;
}

/** The world of one node. */
export class NodeWorld {
  readonly #options: NodeWorldOptions;
  /** Reject the reads that are under way. */
  readonly #reads = new Set<(error: TernError) => void>();
  #missed: TernError | undefined;

  constructor(options: NodeWorldOptions) {
    this.#options = options;
  }

  /** What the node calls; it finds answered what was read ahead. */
  host(ahead: ReadAhead): NodeHost {
    const { store, platform, logs, turns, over } = this.#options;
    return {
      read: (primary, secondary, key) => this.#whileAlive(ahead.read({ primary, secondary, key })),
      write: (primary, secondary, key, value) => turns.write({ primary, secondary, key }, value),
      remove: (primary, secondary, key) => turns.remove({ primary, secondary, key }),
      list: (primary, secondary) => this.#whileAlive(ahead.list(primary, secondary)),
      listPage: (primary, secondary, limit, before) =>
        this.#whileAlive(store.listPage(primary, secondary, limit, before)),
      wake: () => turns.wake(),
      nowMs: () => platform.clock.nowMs(),
      // The timers of a node that is over never fire: its background work comes to rest.
      setTimer: (ms, run) => platform.clock.setTimer(ms, () => (over() ? undefined : run())),
      log: (level, target, message) => logs.write(level, target, message)
    };
  }

  /** Ends the reads that a killed process still waits for. */
  end(error: TernError): void {
    for (const reject of this.#reads) reject(error);
  }

  /** Why a start failed: the node says of every row that it did not get that it cannot be read. */
  startFailure(error: TernError): TernError {
    return error.code === 'state_unreadable' ? (this.#missed ?? error) : error;
  }

  #whileAlive<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const over = this.#options.over();
      if (over) return reject(over);
      this.#reads.add(reject);
      answer
        .catch((thrown: unknown) => {
          const error = TernError.from(thrown);
          if (error.code === 'storage_unavailable') this.#missed = error;
          throw error;
        })
        .then(resolve, reject)
        .finally(() => this.#reads.delete(reject));
    });
  }
}
