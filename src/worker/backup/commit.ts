// Owns the one way a store is written: intent first, one transaction fenced by the owner record, then the books. A conflict is explained before anything goes on.
import { TernError } from '../../wire/errors.js';
import { readCut, type CutRow } from './cut.js';
import { bookIntent, findLanded, isBehind, isSame, recordOf, takenOver, type Totals } from './books.js';
import { draftCommit, type Draft } from './draft.js';
import type { Gate, Waiters } from './gate.js';
import { intentsRow, stateRow, type Intent, type LedgerState } from './ledger.js';
import type { Owner, OwnerRecord } from './owner.js';
import type { BackupParts, CommitLimits } from './parts.js';
import { isHistory, PART_BYTES, planCommit, type KnownRow, type Plan } from './plan.js';
import { dirtyRows, reconcile, refillWork } from './refill.js';
import { isSchemaRow, SCHEMA_VALUE } from './schema.js';

/** A conflict that the server's own record does not explain is tried again so often before the whole store is compared. */
const UNEXPLAINED_CONFLICTS = 3;

interface Pending {
  draft: Draft;
  waiters: Waiters;
  isWhole: boolean;
}

export interface CommitterOptions {
  gate: Gate;
  /** The server lost state that we have; it is being filled again. */
  onServerBehind: (error: TernError) => void;
}

/** Writes one claimed store. Its methods must not overlap. All reject with a `TernError`; `taken_over` is final. */
export class Committer {
  readonly #parts: BackupParts;
  readonly #options: CommitterOptions;
  #state: LedgerState;
  #pending: Pending | undefined;
  #conflicts = 0;
  #refills = 0;
  #limits: CommitLimits;
  /** When the record was last put. */
  #putAtMs: number;

  constructor(parts: BackupParts, state: LedgerState, options: CommitterOptions) {
    this.#parts = parts;
    this.#state = state;
    this.#options = options;
    this.#limits = parts.limits;
    this.#putAtMs = parts.clock.nowMs();
  }

  get state(): LedgerState {
    return this.#state;
  }

  get putAtMs(): number {
    return this.#putAtMs;
  }

  /** Sends one commit, or the one whose answer is still open. False when nothing is left to be sent. */
  async step(): Promise<boolean> {
    this.#pending ??= await this.#prepare();
    const pending = this.#pending;
    if (pending === undefined) return false;
    const { puts, deletes, intent } = pending.draft;
    const record = this.#record(intent, true);
    try {
      await this.#parts.client.put([...puts, this.#parts.desk.item(record, intent.ownerVersion)], deletes);
    } catch (thrown) {
      await this.#failed(TernError.from(thrown));
      return true;
    }
    await this.#acknowledged(intent);
    return true;
  }

  /** Puts the owner record alone: says that we are there, or that we leave. */
  async renew(isRunning: boolean): Promise<void> {
    const { client, desk, disk, mode } = this.#parts;
    while (this.#pending) await this.step();
    const mayLag = mode() === 'local-first' && (isRunning || (await disk.outbox()).length > 0);
    const record = { ...this.#record(this.#state, isRunning), mayLag };
    try {
      await client.put([desk.item(record, this.#state.ownerVersion)], []);
    } catch (thrown) {
      await this.#failed(TernError.from(thrown));
      return this.renew(isRunning);
    }
    await this.#write({ ...this.#state, ownerVersion: this.#state.ownerVersion + 1n }, true);
    this.#putAtMs = this.#parts.clock.nowMs();
  }

  /** Reads the record again: are we still the owner, and does the server still have what we put there? */
  async check(): Promise<void> {
    const owner = await this.#parts.desk.read();
    if (owner?.version === this.#state.ownerVersion && isSame(owner, this.#state)) return;
    await this.#explain(owner);
  }

  /** Nothing more will be sent: those who wait for an open commit share the fate of the others at the gate. */
  abandon(): void {
    this.#drop();
  }

  /** Notes that another device has this wallet now. */
  async markSuperseded(by: string): Promise<void> {
    await this.#write({ ...this.#state, supersededBy: by }, false);
  }

  /** Every peer agreed: the state is as good as any (invariant 8). */
  async endQuarantine(): Promise<void> {
    await this.#write({ ...this.#state, quarantine: undefined }, false);
  }

  async #prepare(): Promise<Pending | undefined> {
    const { disk, ledger } = this.#parts;
    const waiters = this.#options.gate.take();
    try {
      const plan = await this.#plan();
      const draft = await draftCommit(this.#parts, this.#state, plan);
      if (draft.intent.changes.length === 0 && !this.#state.refill) {
        if (draft.intent.cleared.length > 0)
          await disk.commit({ puts: [], removes: [], clearOutbox: draft.intent.cleared });
        waiters.letThrough();
        return undefined;
      }
      const intents = [...(await ledger.intents()), draft.intent];
      await disk.commit({ puts: [], removes: [], local: [intentsRow(intents)] });
      return { draft, waiters, isWhole: plan.isWhole };
    } catch (thrown) {
      waiters.putBack();
      throw TernError.from(thrown);
    }
  }

  async #plan(): Promise<Plan> {
    const { disk } = this.#parts;
    const refill = this.#state.refill ? await refillWork(this.#parts) : { strays: [], rows: [] };
    if (refill.strays.length > 0) return { rows: refill.strays.slice(0, this.#limits.items - 1), isWhole: false };
    let isAll = true;
    const cut = await readCut(disk, (outbox) => {
      const rows = dirtyRows(outbox, refill.rows);
      const history = rows.filter(isHistory);
      isAll = rows.length < this.#limits.items || history.length === 0;
      return isAll ? rows : history.slice(0, this.#limits.items);
    });
    const plan = planCommit(await Promise.all(cut.map((row) => this.#known(row))), this.#limits);
    return { rows: plan.rows, isWhole: plan.isWhole && isAll };
  }

  async #known(cut: CutRow): Promise<KnownRow> {
    const storeKey = this.#parts.seal.storeKey(cut.row);
    const value = isSchemaRow(cut.row) ? SCHEMA_VALUE : cut.value;
    return { ...cut, value, storeKey, entry: await this.#parts.ledger.entry(storeKey) };
  }

  /** The server has the commit: those who wait go on, then the books follow. Should that fail, the next conflict is explained by the intent. */
  async #acknowledged(intent: Intent): Promise<void> {
    this.#conflicts = 0;
    this.#refills = 0;
    this.#putAtMs = this.#parts.clock.nowMs();
    const pending = this.#pending;
    const isPending = pending?.draft.intent === intent || pending?.draft.intent.digest === intent.digest;
    if (isPending && pending.isWhole) pending.waiters.letThrough();
    this.#state = await bookIntent(this.#parts, this.#state, intent);
    this.#drop();
  }

  /** Whatever the open commit still holds goes into the next one. */
  #drop(): void {
    this.#pending?.waiters.putBack();
    this.#pending = undefined;
  }

  /** A write was refused, or its fate is unknown. Returns when the next attempt may follow at once. */
  async #failed(error: TernError): Promise<void> {
    if (error.code === 'backup_conflict') return this.#explain(await this.#parts.desk.read());
    if (error.code === 'backup_too_large' && this.#limits.bytes > PART_BYTES * 2) {
      this.#limits = { ...this.#limits, bytes: this.#limits.bytes / 2 };
      return this.#drop();
    }
    throw error;
  }

  /** Finds out from the record why the server has something else than expected. */
  async #explain(owner: Owner | undefined): Promise<void> {
    const { ledger } = this.#parts;
    const landed = owner && findLanded(await ledger.intents(), owner);
    if (landed) return this.#acknowledged(landed);
    if (owner === undefined || isBehind(owner, this.#state)) return this.#refill(owner, serverBehind());
    if (!isSame(owner, this.#state)) throw takenOver(owner.record);
    if (owner.version > this.#state.ownerVersion) {
      // Our own renewal, whose answer was lost. What was sent at the version before can no longer land.
      await this.#write({ ...this.#state, ownerVersion: owner.version }, true);
      return this.#drop();
    }
    this.#conflicts += 1;
    if (this.#conflicts < UNEXPLAINED_CONFLICTS) throw unexplained();
    this.#conflicts = 0;
    return this.#refill(owner, unexplained());
  }

  async #refill(owner: Owner | undefined, reason: TernError): Promise<void> {
    this.#options.onServerBehind(reason);
    this.#drop();
    this.#state = await reconcile(this.#parts, this.#state, owner?.version ?? 0n);
    this.#refills += 1;
    // A server that falls back again before a commit got through is not worth hurrying for.
    if (this.#refills > 1) throw reason;
  }

  #record(totals: Totals, isRunning: boolean): OwnerRecord {
    return recordOf(this.#parts, { ...totals, sessionId: this.#state.sessionId }, isRunning);
  }

  /** `fenceMoved`: the record has a newer version now, so no commit that is still open can land any more. */
  async #write(state: LedgerState, fenceMoved: boolean): Promise<void> {
    const local = [stateRow(state), ...(fenceMoved ? [intentsRow([])] : [])];
    await this.#parts.disk.commit({ puts: [], removes: [], local });
    this.#state = state;
  }
}

function serverBehind(): TernError {
  return new TernError(
    'backup_stale',
    'The backup server was wiped or rolled back: it had less than this device put there.',
    'The wallet fills it again by itself. If you run the server, find out what happened.'
  );
}

function unexplained(): TernError {
  return new TernError(
    'backup_conflict',
    'The backup server refuses a commit, though nobody else has written.',
    'The wallet compares everything and tries again. If it stays so, use another server.'
  );
}
