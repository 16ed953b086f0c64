// Owns the claim: who may write, decided by the server's record alone. What is on this disk is compared with it before anybody starts from it.
import { bytesToHex } from '@noble/hashes/utils.js';
import { TernError } from '../../wire/errors.js';
import type { BackupChoice } from '../api.js';
import { isReplicated } from '../replication.js';
import { bookIntent, findLanded, hasSameContent, isBehind, recordOf } from './books.js';
import { ahead, crowded, otherState, ownedElsewhere } from './claim-errors.js';
import { EMPTY_DIGEST } from './digest.js';
import { FetchCache } from './fetch-cache.js';
import { intentsRow, stateRow, type LedgerState, type QuarantineReason } from './ledger.js';
import { UNREADABLE, type Owner, type OwnerRecord } from './owner.js';
import type { BackupParts } from './parts.js';
import { reconcile } from './refill.js';
import { takeStore } from './take-store.js';

/** Explicit decisions of the user, each with its price; see `ClaimOptions.choice`. */
export type ClaimChoice = BackupChoice;

export interface ClaimOptions {
  /**
   * `take_over`: although another device runs it, or this device holds another wallet's state. `start_anyway`: with what is sound of a store
   * that is not whole, or with what is on this disk, in quarantine. `start_empty`: what the server holds is overwritten by what is here.
   */
  choice?: ClaimChoice;
  onProgress?: (progress: number) => void;
  /** The server had less than we put there. */
  onServerBehind: (error: TernError) => void;
  signal?: AbortSignal;
  /** A node runs on this disk: whatever would have to be handed over is refused. */
  isNodeRunning?: boolean;
}

/** How often somebody else may come between before the claim is given up for now. */
const ROUNDS = 10;

/**
 * Claims the store for a new session. Before that, whatever the record asks for: open intents are booked, a newer state is handed over, an
 * empty device is restored, a server that lost state is marked for a refill. Only while no node runs on this disk.
 */
export async function claim(parts: BackupParts, options: ClaimOptions): Promise<LedgerState> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const owner = await readOwner(parts, options);
    const state = await agree(parts, owner, options);
    const claimed = state && (await putClaim(parts, state));
    if (claimed) return claimed;
  }
  throw crowded();
}

/**
 * Claims the store while the node already runs (local-first, the server was away at the start). Only if nobody has written since: there is
 * no hand-over under a running node. What the user chose was about what that start could see; a server met later asks at the next start.
 */
export async function claimRunning(parts: BackupParts, started: ClaimOptions): Promise<LedgerState> {
  const options = { ...started, choice: undefined, isNodeRunning: true };
  for (let round = 0; round < ROUNDS; round += 1) {
    const owner = await parts.desk.read();
    const state = await settle(parts, owner);
    if (state && owner && !isBehind(owner, state) && !hasSameContent(owner.record, state)) throw ahead(owner.record);
    if (!state && owner && owner.record.keys > 0) throw otherState();
    if (owner && isForeign(parts, owner.record) && !(state && isBehind(owner, state)))
      throw ownedElsewhere(owner.record);
    const agreed = await agree(parts, owner, options);
    const claimed = agreed && (await putClaim(parts, agreed));
    if (claimed) return claimed;
  }
  throw crowded();
}

/** The record; one that is missing or cannot be trusted only where the user chose to go on without it. */
async function readOwner(parts: BackupParts, { choice }: ClaimOptions): Promise<Owner | undefined> {
  const { desk } = parts;
  try {
    const owner = await desk.read();
    const isMissed = choice === 'start_anyway' && owner === undefined && !(await isStoreEmpty(parts));
    return isMissed ? { version: 0n, record: UNREADABLE } : owner;
  } catch (thrown) {
    const error = TernError.from(thrown);
    const isUntrusted = error.code === 'backup_seal_broken' || error.code === 'backup_stale';
    if (!isUntrusted || (choice !== 'start_anyway' && choice !== 'start_empty')) throw error;
    return { version: await desk.version(), record: UNREADABLE };
  }
}

/** The books after any intent that landed before a crash. */
async function settle(parts: BackupParts, owner: Owner | undefined): Promise<LedgerState | undefined> {
  const state = await parts.ledger.state();
  const landed = owner && findLanded(await parts.ledger.intents(), owner);
  return state && landed ? bookIntent(parts, state, landed) : state;
}

/** Brings disk, books and record to one state. Undefined: the record changed meanwhile. */
async function agree(
  parts: BackupParts,
  owner: Owner | undefined,
  options: ClaimOptions
): Promise<LedgerState | undefined> {
  const state = await settle(parts, owner);
  const holdsWallet = await isWalletOnDisk(parts);
  if (options.choice === 'start_empty') return startEmpty(parts, state, owner, holdsWallet);
  if (state && isOfAnotherServer(parts, state, owner)) return move(parts, state, owner, holdsWallet, options);
  if (owner === undefined) return withoutRecord(parts, state, holdsWallet, options);
  if (state === undefined) return firstMeeting(parts, owner, holdsWallet, options);
  const isSame = hasSameContent(owner.record, state);
  const keepsDisk = options.choice === 'start_anyway' && holdsWallet;
  if (isBehind(owner, state) && !isSame && !keepsDisk) return refill(parts, state, owner, options);
  refuseForeign(parts, owner.record, options);
  if (isSame) {
    // Nothing was stored since; but whoever owned it meanwhile may have gone on without the server.
    const quarantine = isDoubtful(parts, owner.record, state) ? 'lagging_owner' : state.quarantine;
    return { ...state, ownerVersion: owner.version, quarantine };
  }
  if (keepsDisk) return startAnyway(parts, state, owner);
  const isFork = owner.record.commitId === state.commitId;
  const quarantine = isFork ? 'forked' : mayLag(owner.record) ? 'lagging_owner' : state.quarantine;
  return take(parts, owner, { ...options, isHandOver: true, quarantine });
}

/** The server has no record. */
async function withoutRecord(
  parts: BackupParts,
  state: LedgerState | undefined,
  holdsWallet: boolean,
  options: ClaimOptions
): Promise<LedgerState> {
  if (state !== undefined) return refill(parts, state, undefined, options);
  if (await isStoreEmpty(parts)) return freshState();
  if (holdsWallet) throw otherState();
  throw new TernError(
    'backup_incomplete',
    'The backup server holds keys of this wallet, but not its owner record.',
    'Ask whoever runs the server. To begin anew and overwrite what is there, start empty.'
  );
}

/** The books were kept with a server that holds something else than this one. */
function isOfAnotherServer({ url }: BackupParts, state: LedgerState, owner: Owner | undefined): boolean {
  if (state.url === undefined || state.url === url) return false;
  return owner === undefined || !hasSameContent(owner.record, state);
}

/** The user chose another server: an empty one is filled with what is on this disk, and what it has already is nobody's guess. */
async function move(
  parts: BackupParts,
  state: LedgerState,
  owner: Owner | undefined,
  holdsWallet: boolean,
  options: ClaimOptions
): Promise<LedgerState | undefined> {
  const isEmpty = owner ? owner.record.commitId === 0n && owner.record.keys === 0 : await isStoreEmpty(parts);
  if (isEmpty) return reconcile(parts, { ...state, refill: true }, owner?.version ?? 0n, { signal: options.signal });
  if (owner === undefined) return withoutRecord(parts, undefined, holdsWallet, options);
  return firstMeeting(parts, owner, holdsWallet, options);
}

async function isStoreEmpty({ client }: BackupParts): Promise<boolean> {
  return (await client.listPage()).keys.length === 0;
}

/** This device has never met this store. */
async function firstMeeting(
  parts: BackupParts,
  owner: Owner,
  holdsWallet: boolean,
  options: ClaimOptions
): Promise<LedgerState | undefined> {
  const { record } = owner;
  refuseForeign(parts, record, options);
  // A device claimed the store and died before its first commit: there is nothing to restore.
  const isEmpty = record.commitId === 0n && record.keys === 0;
  if (isEmpty) return { ...freshState(), ownerVersion: owner.version };
  if (holdsWallet && options.choice === 'start_anyway') return startAnyway(parts, undefined, owner);
  if (holdsWallet && options.choice !== 'take_over') throw otherState();
  return take(parts, owner, { ...options, isHandOver: false, quarantine: 'restored' });
}

async function take(
  parts: BackupParts,
  owner: Owner,
  options: ClaimOptions & { isHandOver: boolean; quarantine: QuarantineReason | undefined }
): Promise<LedgerState | undefined> {
  if (options.isNodeRunning) throw ahead(owner.record);
  return takeStore(parts, owner, { ...options, startAnyway: options.choice === 'start_anyway' });
}

async function refill(
  parts: BackupParts,
  state: LedgerState,
  owner: Owner | undefined,
  options: ClaimOptions
): Promise<LedgerState> {
  options.onServerBehind(
    new TernError(
      'backup_stale',
      'The backup server was wiped or rolled back: it has less than this device put there.',
      'The wallet fills it again by itself. If you run the server, find out what happened.'
    )
  );
  return reconcile(parts, state, owner?.version ?? 0n, { signal: options.signal });
}

/** Makes the store what is on this disk, whatever it held. */
async function overwrite(
  parts: BackupParts,
  state: LedgerState | undefined,
  owner: Owner | undefined
): Promise<LedgerState> {
  const base = state ?? freshState();
  const known = owner?.record.commitId ?? 0n;
  const commitId = known > base.commitId ? known : base.commitId;
  return reconcile(parts, { ...base, commitId }, owner?.version ?? 0n);
}

/** What is on this disk wins; where that is a wallet, its state may be older than what is given up. */
async function startEmpty(
  parts: BackupParts,
  state: LedgerState | undefined,
  owner: Owner | undefined,
  holdsWallet: boolean
): Promise<LedgerState> {
  const next = await overwrite(parts, state, owner);
  return holdsWallet ? { ...next, quarantine: 'start_anyway' } : next;
}

/** Goes on from this disk although the server's state cannot be had. */
async function startAnyway(parts: BackupParts, state: LedgerState | undefined, owner: Owner): Promise<LedgerState> {
  return { ...(await overwrite(parts, state, owner)), quarantine: 'start_anyway' };
}

/** Puts the record for a new session at the version last seen. Undefined: somebody was faster. */
async function putClaim(parts: BackupParts, agreed: LedgerState): Promise<LedgerState | undefined> {
  const { client, desk, disk } = parts;
  const sessionId = bytesToHex(parts.randomBytes(16));
  const record = recordOf(parts, { ...agreed, sessionId }, true);
  try {
    await client.put([desk.item(record, agreed.ownerVersion)], []);
  } catch (thrown) {
    const error = TernError.from(thrown);
    if (error.code === 'backup_conflict') return undefined;
    throw error;
  }
  const quarantine = agreed.quarantine === 'unclaimed' ? undefined : agreed.quarantine;
  const { url } = parts;
  const state = {
    ...agreed,
    url,
    sessionId,
    ownerVersion: agreed.ownerVersion + 1n,
    quarantine,
    supersededBy: undefined
  };
  const local = [stateRow(state), intentsRow([]), ...(await FetchCache.leftovers(disk))];
  await disk.commit({ puts: [], removes: [], local });
  return state;
}

/** Rows that make a wallet: settings alone are written before anything is restored. */
export async function isWalletOnDisk({ disk }: BackupParts): Promise<boolean> {
  return (await disk.allRows()).some((row) => isReplicated(row) && row.primary !== 'settings');
}

/** Of a store that has never been written. Its first commit takes every row there is. */
function freshState(): LedgerState {
  return {
    ownerVersion: 0n,
    sessionId: '',
    commitId: 0n,
    digest: EMPTY_DIGEST,
    keys: 0,
    bytes: 0,
    nextCreated: 1n,
    refill: true
  };
}

/** An owner that did not say goodbye may have gone on without the server since. */
function mayLag(record: OwnerRecord): boolean {
  return record.mayLag || record.isRunning;
}

/** The record is of another session, which may be ahead of what it stored. A session of this device lags only where it may. */
function isDoubtful(parts: BackupParts, record: OwnerRecord, state: LedgerState): boolean {
  if (record.sessionId === state.sessionId) return false;
  return record.mayLag || (record.isRunning && record.deviceId !== parts.deviceId);
}

function isForeign(parts: BackupParts, record: OwnerRecord): boolean {
  return record.isRunning && record.deviceId !== parts.deviceId;
}

function refuseForeign(parts: BackupParts, record: OwnerRecord, { choice }: ClaimOptions): void {
  if (isForeign(parts, record) && choice === undefined) throw ownedElsewhere(record);
}
