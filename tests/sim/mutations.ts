// Owns the list of one-line mutations: each breaks one promise on purpose, and names the runs of the simulated world that must notice.

/** A change to one line of the product. */
export interface Mutation {
  /** What it breaks: the invariant's number in the design, and how. */
  breaks: string;
  file: string;
  /** Must occur exactly once. */
  find: string;
  replace: string;
  /** Arguments of `npm run sim` that must fail then. */
  caughtBy: readonly string[];
}

const POINTS = ['--points', '11', '--bail'];
const SEEDS = ['--seeds', '22', '--from', '11', '--bail'];
const DUELS = ['--duels', '200'];

export const MUTATIONS: readonly Mutation[] = [
  {
    breaks: '1: LDK hears "persisted" when a monitor is staged',
    file: 'src/worker/turns.ts',
    find: 'if (!isMonitorRow(row)) return Promise.resolve();',
    replace: 'return Promise.resolve();',
    caughtBy: POINTS
  },
  {
    breaks: '1: acknowledged mode does not wait for the server',
    file: 'src/worker/turns.ts',
    find: 'turn.writes.length > 0 && this.replicate?.beforePersisted(commit)',
    replace: 'turn.writes.length < 0 && this.replicate?.beforePersisted(commit)',
    caughtBy: POINTS
  },
  {
    breaks: '2: a read does not see what is staged',
    file: 'src/worker/store.ts',
    find: 'const staged = this.#staged.get(id) ?? this.#inFlight.get(id);',
    replace: 'const staged = this.#staged.get(`${id} `);',
    caughtBy: SEEDS
  },
  {
    breaks: '3: payments are not marked for the backup',
    file: 'src/worker/replication.ts',
    find: 'if (row.primary === DEVICE_NAMESPACE) return false;',
    replace: "if (row.primary === DEVICE_NAMESPACE || row.primary === 'payments') return false;",
    caughtBy: SEEDS
  },
  {
    breaks: '4: the manager does not land with its monitors',
    file: 'src/worker/store.ts',
    find: '    this.#staged.set(rowId(row), { row, value: new Uint8Array(value) });',
    replace:
      "    if (row.key !== 'manager' || ![...this.#staged.keys()].some((id) => id.includes('monitor'))) this.#staged.set(rowId(row), { row, value: new Uint8Array(value) });",
    caughtBy: POINTS
  },
  {
    breaks: '5: outputs leave before the commit',
    file: 'src/worker/turns.ts',
    find: '? await this.#store.commit() : undefined;',
    replace: '? (void this.#store.commit(), undefined) : undefined;',
    caughtBy: POINTS
  },
  {
    breaks: '5: outputs of a new monitor do not wait for the server',
    file: 'src/worker/turns.ts',
    find: 'commit?.stagedNewMonitor && this.replicate?.beforeOutputs(commit)',
    replace: '!commit && this.replicate?.beforeOutputs(commit)',
    caughtBy: POINTS
  },
  {
    breaks: '6: commits are not fenced',
    file: 'src/worker/backup/commit.ts',
    find: 'this.#parts.desk.item(record, intent.ownerVersion)]',
    replace: '{ ...this.#parts.desk.item(record, intent.ownerVersion), version: -1n }]',
    caughtBy: DUELS
  },
  {
    breaks: '6: a former owner goes on',
    file: 'src/worker/backup/replicator.ts',
    find: 'this.#options.onTakenOver(error);',
    replace: '',
    caughtBy: DUELS
  },
  {
    breaks: '6: the intent is not written before the commit',
    file: 'src/worker/backup/commit.ts',
    find: 'await disk.commit({ puts: [], removes: [], local: [intentsRow(intents)] });',
    replace: 'void intents;',
    caughtBy: POINTS
  },
  {
    breaks: '6: a claim takes a store that another device runs',
    file: 'src/worker/backup/claim.ts',
    find: 'if (isForeign(parts, record) && choice === undefined) throw ownedElsewhere(record);',
    replace: '',
    caughtBy: DUELS
  },
  {
    breaks: '7: the digest forgets what a key was before',
    file: 'src/worker/backup/digest.ts',
    find: 'const gone = before ?',
    replace: 'const gone = before && 0 ?',
    caughtBy: SEEDS
  },
  {
    breaks: '7: a commit clears rows that it does not carry',
    file: 'src/worker/backup/books.ts',
    find: 'clearOutbox: intent.cleared',
    replace: 'clearOutbox: await parts.disk.outbox()',
    caughtBy: SEEDS
  }
];
