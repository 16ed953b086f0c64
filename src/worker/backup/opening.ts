// Owns the patience of a start: it claims as soon as the server can be reached, and lets no node load in acknowledged mode before the server has the disk.
import { TernError } from '../../wire/errors.js';
import { claim, claimRunning, isWalletOnDisk, type ClaimOptions } from './claim.js';
import type { LedgerState } from './ledger.js';
import type { BackupParts } from './parts.js';
import { isFinal, isPassing, isUnserved, retryDelayMs, type Waker } from './retry.js';

/** One start of a backup. */
export interface Opening {
  parts: BackupParts;
  waker: Waker;
  claim: ClaimOptions;
  /** The words were made on this device just now: no server can know them. */
  isNewWallet: boolean;
  /** What keeps it from being claimed; undefined: nothing any more. */
  onError: (error: TernError | undefined) => void;
  /** Throws when the user locked meanwhile. */
  throwIfOver: () => void;
}

/** The claimed state. Undefined: in local-first mode, with a server that is away or refuses us, the wallet on this disk starts without it. */
export async function claimWhenever(opening: Opening): Promise<LedgerState | undefined> {
  const { parts, onError, throwIfOver } = opening;
  for (const patience = new Patience(opening); ; await patience.pause()) {
    try {
      const state = await claim(parts, opening.claim);
      onError(undefined);
      return state;
    } catch (thrown) {
      const error = TernError.from(thrown);
      onError(error);
      throwIfOver();
      if (isUnserved(error) && (await startsAlone(opening))) return undefined;
      if (!isPassing(error)) throw error;
    }
  }
}

async function startsAlone({ parts, isNewWallet }: Opening): Promise<boolean> {
  return parts.mode() === 'local-first' && (isNewWallet || (await isWalletOnDisk(parts)));
}

/** Claims under a running node as soon as the server can be reached. Rejects when another device went on meanwhile. */
export async function claimLater(opening: Opening): Promise<LedgerState> {
  for (const patience = new Patience(opening); ;) {
    await patience.pause();
    try {
      const state = await claimRunning(opening.parts, opening.claim);
      opening.onError(undefined);
      return state;
    } catch (thrown) {
      const error = TernError.from(thrown);
      opening.onError(error);
      if (error.code === 'taken_over' || error.code === 'owned_elsewhere') throw error;
    }
  }
}

/** What is on disk counts as complete when the node loads: in acknowledged mode the server gets all of it first. Rejects with what no attempt gets past. */
export async function storeFirst(opening: Opening, drain: () => Promise<void>): Promise<void> {
  for (const patience = new Patience(opening); opening.parts.mode() === 'acknowledged'; await patience.pause()) {
    try {
      await drain();
      break;
    } catch (thrown) {
      const error = TernError.from(thrown);
      opening.onError(error);
      opening.throwIfOver();
      if (isFinal(error)) throw error;
    }
  }
  opening.onError(undefined);
}

/** The pauses between attempts. A wake begins their count anew, also one that came while an attempt was under way. */
class Patience {
  readonly #opening: Opening;
  #failures = 0;
  #wakes: number;

  constructor(opening: Opening) {
    this.#opening = opening;
    this.#wakes = opening.waker.wakes;
  }

  /** Waits before the next attempt. */
  async pause(): Promise<void> {
    const { parts, waker, throwIfOver } = this.#opening;
    this.#failures = waker.wakes === this.#wakes ? this.#failures + 1 : 1;
    const isWoken = await waker.sleep(retryDelayMs(this.#failures, parts.random));
    throwIfOver();
    if (isWoken) this.#failures = 0;
    this.#wakes = waker.wakes;
  }
}
