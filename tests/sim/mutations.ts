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

const POINTS = ['--points', '11', '--act', 'paying', '--bail'];
const SEEDS = ['--seeds', '22', '--from', '11', '--bail'];
const DUELS = ['--duels', '200'];
const scenario = (name: string, seeds: number): readonly string[] => [
  '--scenario',
  name,
  '--seeds',
  `${seeds}`,
  '--bail'
];
const STALE = scenario('stale', 4);
const LIAR = scenario('liar', 3);
const IMPATIENT = scenario('impatient', 3);
const HAND_OVER = scenario('hand-over', 3);
const UPGRADE = scenario('upgrade', 4);
const HAUNTED = scenario('haunted', 4);
const SERVER_LOST = scenario('server-lost', 3);

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
    breaks: '1: a start does not wait until the server has the disk',
    file: 'src/worker/backup/opening.ts',
    find: "opening.parts.mode() === 'acknowledged'; failures",
    replace: "opening.parts.mode() !== 'acknowledged'; failures",
    caughtBy: SEEDS
  },
  {
    breaks: '2: a read does not see what is staged',
    file: 'src/worker/store.ts',
    find: 'const staged = this.#staged.get(id) ?? this.#inFlight.get(id);',
    replace: 'const staged = this.#staged.get(`${id} `);',
    caughtBy: IMPATIENT
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
    caughtBy: SEEDS
  },
  {
    breaks: '6: a claim takes a store that another device runs',
    file: 'src/worker/backup/claim.ts',
    find: 'if (isForeign(parts, record) && choice === undefined) throw ownedElsewhere(record);',
    replace: '',
    caughtBy: DUELS
  },
  {
    breaks: '6: a start goes on from its disk, though the server is ahead',
    file: 'src/worker/backup/claim.ts',
    find: '  if (isSame) {',
    replace: '  if (isSame || holdsWallet) {',
    caughtBy: HAND_OVER
  },
  {
    breaks: '6: a device that was taken over dials its peers again',
    file: 'src/worker/session.ts',
    find: 'const beforeDial = replicate && (() => replicate.confirmOwner());',
    replace: 'const beforeDial = undefined;',
    caughtBy: HAUNTED
  },
  {
    breaks: '7: what an earlier build left on the server is not found',
    file: 'src/worker/backup/options.ts',
    find: 'const storeId = seal.storeId(options.network);',
    replace: 'const storeId = `${seal.storeId(options.network)}2`;',
    caughtBy: UPGRADE
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
  },
  {
    breaks: '7: a restore does not look at the digest',
    file: 'src/worker/backup/verify.ts',
    find: 'digest !== record.digest',
    replace: 'digest < 0n',
    caughtBy: LIAR
  },
  {
    breaks: '7: a server that lost state is not filled again',
    file: 'src/worker/backup/refill.ts',
    find: '    refill: true\n',
    replace: '    refill: false\n',
    caughtBy: SERVER_LOST
  },
  {
    breaks: '8: the node does not hear that its state is doubtful',
    file: 'src/worker/session.ts',
    find: 'this.#backup?.quarantine !== undefined;',
    replace: 'false;',
    caughtBy: STALE
  },
  {
    breaks: '8: what an empty device restores is not doubted',
    file: 'src/worker/backup/claim.ts',
    find: "isHandOver: false, quarantine: 'restored'",
    replace: 'isHandOver: false, quarantine: undefined',
    caughtBy: STALE
  },
  {
    breaks: '8: what is handed over by an owner that may lag is not doubted',
    file: 'src/worker/backup/claim.ts',
    find: "mayLag(owner.record) ? 'lagging_owner' : state.quarantine;",
    replace: 'state.quarantine;',
    caughtBy: STALE
  },
  {
    breaks: '9: the server sees the names of keys',
    file: 'src/worker/backup/seal.ts',
    find: '#${this.obfuscator.obfuscate(row.key)}`;',
    replace: '#${row.key}`;',
    caughtBy: SEEDS
  },
  {
    breaks: '9: the server sees values',
    file: 'src/worker/backup/seal.ts',
    find: 'const data = sealed.subarray(0, sealed.length - TAG_BYTES);',
    replace: 'const data = blob;',
    caughtBy: SEEDS
  },
  {
    breaks: '10: logs are not redacted',
    file: 'src/worker/logs.ts',
    find: 'message: redact(message)',
    replace: 'message',
    caughtBy: SEEDS
  },
  {
    breaks: "11: the node's errors lose their codes",
    file: 'src/wire/errors.ts',
    find: 'if (isErrorShape(thrown)) return',
    replace: 'if (!thrown && isErrorShape(thrown)) return',
    caughtBy: SEEDS
  }
];
