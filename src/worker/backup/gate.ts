// Owns those who wait for the server: each is let through by a commit whose cut was made after they came, and by no other.
import type { TernError } from '../../wire/errors.js';

interface Waiter {
  resolve: () => void;
  reject: (error: TernError) => void;
}

/** Waiters of the next cut. A commit takes them, and lets them through or puts them back. */
export class Gate {
  #waiting: Waiter[] = [];
  #closed: TernError | undefined;

  /** Resolves when everything that is on disk now is on the server. Rejects when that can no longer happen. */
  pass(): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Those who wait now, for the cut that is about to be made. */
  take(): Waiters {
    const taken = this.#waiting;
    this.#waiting = [];
    return {
      letThrough: () => taken.splice(0).forEach(({ resolve }) => resolve()),
      putBack: () => {
        if (this.#closed) for (const { reject } of taken.splice(0)) reject(this.#closed);
        else this.#waiting = [...taken.splice(0), ...this.#waiting];
      }
    };
  }

  /** Lets everybody through: nobody waits for the server any more (local-first mode). */
  open(): void {
    this.take().letThrough();
  }

  /** Turns everybody away, now and later. */
  close(error: TernError): void {
    this.#closed ??= error;
    this.take().putBack();
  }
}

/** Exactly one of the two is called in the end; a second call does nothing. */
export interface Waiters {
  letThrough(): void;
  putBack(): void;
}
