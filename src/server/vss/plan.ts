// Owns what one put means: a sequence of writes and deletes, folded into at most one change a key. What the sequence itself rules out never reaches the database.
import type { KeyValue, PutObjectRequest } from '../../wire/gen/vss_pb.js';
import { GLOBAL_VERSION_KEY } from './limits.js';

/** What must hold of an object before the put: a version, or one of these. */
const MISSING = 0n;
const ANY_STATE = -1n;
const ANY_EXISTING = -2n;
/** `resulting` of a deleted object. */
const DELETED = 0n;
const MAX_VERSION = 2n ** 63n - 1n;

interface Change {
  expected: bigint;
  resulting: bigint;
  value: Uint8Array;
  /** The place of the object's first write in the request: creations are ordered by it. */
  ordinal: number;
}

/** The arguments of `vss_put`, in parallel arrays sorted by key. */
export interface PutPlan {
  keys: string[];
  expected: bigint[];
  resulting: bigint[];
  ordinals: number[];
  starts: number[];
  lengths: number[];
  bytes: Buffer;
}

/** Folds a request; undefined where it can only conflict, whatever is stored. */
export function planPut(request: PutObjectRequest): PutPlan | undefined {
  const changes = new Map<string, Change>();
  for (const [ordinal, item] of withGlobalVersion(request).entries()) {
    const change = foldPut(changes.get(item.key), item, ordinal);
    if (change === undefined) return undefined;
    changes.set(item.key, change);
  }
  for (const item of request.deleteItems) {
    const change = foldDelete(changes.get(item.key), item.version);
    if (change === undefined) return undefined;
    changes.set(item.key, change);
  }
  return toArrays([...changes].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right))));
}

/** Whether a put comes down to a new value for one object of a known version. */
export function replacesOne({ keys, expected, resulting }: PutPlan): boolean {
  return (
    keys.length === 1 &&
    expected.every((version) => version > MISSING) &&
    resulting.every((version) => version !== DELETED)
  );
}

/** The store's own version is an object like any other, written after the rest. */
function withGlobalVersion(request: PutObjectRequest): Pick<KeyValue, 'key' | 'version' | 'value'>[] {
  if (request.globalVersion === undefined) return request.transactionItems;
  const gate = { key: GLOBAL_VERSION_KEY, version: request.globalVersion, value: new Uint8Array() };
  return [...request.transactionItems, gate];
}

function foldPut(
  before: Change | undefined,
  item: Pick<KeyValue, 'version' | 'value'>,
  ordinal: number
): Change | undefined {
  const { version, value } = item;
  if (version < ANY_STATE) return undefined;
  if (before !== undefined && version !== ANY_STATE && version !== before.resulting) return undefined;
  const resulting = version === ANY_STATE ? 1n : version === MAX_VERSION ? MAX_VERSION : version + 1n;
  return { expected: before?.expected ?? version, resulting, value, ordinal: before?.ordinal ?? ordinal };
}

function foldDelete(before: Change | undefined, version: bigint): Change | undefined {
  if (version < ANY_STATE || version === MISSING) return undefined;
  const deleted = { resulting: DELETED, value: new Uint8Array(), ordinal: 0 };
  if (before === undefined) return { ...deleted, expected: version === ANY_STATE ? ANY_EXISTING : version };
  const matches = before.resulting !== DELETED && (version === ANY_STATE || version === before.resulting);
  return matches ? { ...deleted, expected: before.expected } : undefined;
}

function toArrays(changes: [string, Change][]): PutPlan {
  let start = 1;
  const starts = changes.map(([, { value }]) => {
    const at = start;
    start += value.length;
    return at;
  });
  return {
    keys: changes.map(([key]) => key),
    expected: changes.map(([, change]) => change.expected),
    resulting: changes.map(([, change]) => change.resulting),
    ordinals: changes.map(([, change]) => change.ordinal),
    starts,
    lengths: changes.map(([, change]) => change.value.length),
    bytes: Buffer.concat(changes.map(([, change]) => change.value))
  };
}
