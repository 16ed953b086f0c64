// Proves that folding a put means the same as carrying out its items one after another, on whatever is stored.
import { create } from '@bufbuild/protobuf';
import { assert, constantFrom, property, record, array, bigInt, option } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PutObjectRequestSchema, type PutObjectRequest } from '../../wire/gen/vss_pb.js';
import { planPut, type PutPlan } from './plan.js';

type Stored = Map<string, { version: bigint; value: string }>;

/** The reference's way: item by item, everything undone at the first that does not match. */
function oneByOne(before: Stored, request: PutObjectRequest): Stored | undefined {
  const stored = new Map(before);
  const gate =
    request.globalVersion === undefined
      ? []
      : [{ key: 'global_version', version: request.globalVersion, value: new Uint8Array() }];
  for (const { key, version, value } of [...request.transactionItems, ...gate]) {
    const current = stored.get(key)?.version;
    const matches = version === -1n || (version === 0n ? current === undefined : current === version);
    if (!matches) return undefined;
    stored.set(key, { version: version === -1n ? 1n : version + 1n, value: Buffer.from(value).toString() });
  }
  for (const { key, version } of request.deleteItems) {
    const current = stored.get(key)?.version;
    if (current === undefined || (version !== -1n && version !== current)) return undefined;
    stored.delete(key);
  }
  return stored;
}

/** What the database makes of a plan. */
function carryOut(before: Stored, plan: PutPlan | undefined): Stored | undefined {
  if (plan === undefined) return undefined;
  const stored = new Map(before);
  for (const [i, key] of plan.keys.entries()) {
    const expected = plan.expected[i];
    const current = before.get(key)?.version;
    const matches =
      expected === -1n ||
      (expected === 0n ? current === undefined : expected === -2n ? current !== undefined : current === expected);
    if (!matches) return undefined;
    const start = (plan.starts[i] ?? 0) - 1;
    const value = plan.bytes.subarray(start, start + (plan.lengths[i] ?? 0)).toString();
    if (plan.resulting[i] === 0n) stored.delete(key);
    else stored.set(key, { version: plan.resulting[i] ?? 0n, value });
  }
  return stored;
}

const keys = constantFrom('a', 'b', 'ab', 'global_version');
const versions = bigInt(-2n, 4n);
const item = record({
  key: keys,
  version: versions,
  value: constantFrom('', 'x', 'yz').map((text) => Buffer.from(text))
});
const requests = record({
  transactionItems: array(item, { maxLength: 5 }),
  deleteItems: array(item, { maxLength: 3 }),
  globalVersion: option(versions, { nil: undefined })
});
const stores = array(record({ key: keys, version: bigInt(1n, 3n) }), { maxLength: 4 });

describe('a plan', () => {
  it('does what the items do one after another', () => {
    assert(
      property(stores, requests, (objects, init) => {
        const before: Stored = new Map(objects.map(({ key, version }) => [key, { version, value: 'old' }]));
        const request = create(PutObjectRequestSchema, { storeId: 's', ...init });
        expect(carryOut(before, planPut(request))).toEqual(oneByOne(before, request));
      }),
      { numRuns: 2_000 }
    );
  });

  it('names every key once, in the order of its bytes', () => {
    const items = ['b', '🔑', 'a', '\uffff', 'b'].map((key, i) => ({ key, version: i === 4 ? 1n : 0n }));
    const plan = planPut(create(PutObjectRequestSchema, { transactionItems: items }));
    expect(plan?.keys).toEqual(['a', 'b', '\uffff', '🔑']);
    expect(plan?.ordinals).toEqual([2, 0, 3, 1]);
  });
});
