// Owns the reads that a start begins before there is a node to ask for them: the disk works while the module is still compiled.
import type { RowKey } from './disk.js';
import { rowId } from './rows.js';
import type { Store } from './store.js';

/** What every start reads. A row missing here is read when the node asks. */
const ROWS: readonly RowKey[] = [
  ...['manager', 'output_sweeper', 'network_graph', 'scorer'].map((key) => ({ primary: '', secondary: '', key })),
  { primary: 'bdk_wallet', secondary: '', key: 'snapshot' }
];
/** Namespaces of which only the keys are read. */
const KEYS_ONLY = [['bdk_wallet', 'frozen']] as const;
/** Namespaces that are read whole. */
const WHOLE = [
  ['bdk_wallet', 'changes'],
  ['peers', ''],
  ['monitors', '']
] as const;
const UPDATES = 'monitor_updates';

/**
 * Answers of the store from before the node was there; a value is given out once. They hold until the node runs, for nobody else writes these rows.
 * What failed early fails again when it is asked for.
 */
export class ReadAhead {
  readonly #store: Store;
  readonly #rows = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #lists = new Map<string, Promise<string[]>>();
  #isOver = false;

  /** Begins to read. */
  constructor(store: Store) {
    this.#store = store;
    for (const row of ROWS) this.#readRow(row);
    for (const [primary, secondary] of KEYS_ONLY) void this.#listKeys(primary, secondary);
    for (const [primary, secondary] of WHOLE) this.#readWhole(primary, secondary);
  }

  /** As `Store.read`. */
  read(row: RowKey): Promise<Uint8Array | undefined> {
    const id = rowId(row);
    const answer = this.#rows.get(id);
    this.#rows.delete(id);
    return answer ?? this.#store.read(row);
  }

  /** As `Store.list`. */
  list(primary: string, secondary: string): Promise<string[]> {
    return this.#lists.get(listId(primary, secondary)) ?? this.#store.list(primary, secondary);
  }

  /** The node runs: from now on everything is read anew. */
  end(): void {
    this.#isOver = true;
    this.#rows.clear();
    this.#lists.clear();
  }

  #readWhole(primary: string, secondary: string): void {
    this.#listKeys(primary, secondary).then(
      (keys) => {
        for (const key of keys) {
          if (this.#isOver) return;
          this.#readRow({ primary, secondary, key });
          if (primary === 'monitors') this.#readWhole(UPDATES, key);
        }
      },
      () => undefined
    );
  }

  #readRow(row: RowKey): void {
    this.#rows.set(rowId(row), unhandled(this.#store.read(row)));
  }

  #listKeys(primary: string, secondary: string): Promise<string[]> {
    const keys = unhandled(this.#store.list(primary, secondary));
    this.#lists.set(listId(primary, secondary), keys);
    return keys;
  }
}

function listId(primary: string, secondary: string): string {
  return JSON.stringify([primary, secondary]);
}

/** Nobody may ever ask for it. */
function unhandled<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}
