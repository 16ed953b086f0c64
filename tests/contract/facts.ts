// Owns what was recorded of the reference server beyond its own suite, and is right: clients rely on it.
import { describe, expect, it } from 'vitest';
import { DeleteObjectRequestSchema, ErrorCode } from '../../src/wire/gen/vss_pb.js';
import { describeAnswer, expectFailure, type Item, type VssClient } from './client.js';

const conflict = '409 CONFLICT_EXCEPTION';
const invalid = '400 INVALID_REQUEST_EXCEPTION';

/** Declares the suite; `client` gives a fresh store. */
export function describeFacts(client: () => VssClient): void {
  describe('versions', () => {
    it.each([
      ['a stale version', 'present', 1n],
      ['a future version', 'present', 3n],
      ['0 on an existing key', 'present', 0n],
      ['-2', 'present', -2n],
      ['1 on a missing key', 'missing', 1n],
      ['-2 on a missing key', 'missing', -2n]
    ])('conflict on %s', async (_what, key, version) => {
      const store = client();
      await store.put([{ key: 'present', value: 'one' }]);
      await store.put([{ key: 'present', version: 1n, value: 'two' }]);
      expect(describeAnswer(await store.tryPut([{ key, version, value: 'new' }]))).toBe(conflict);
      expect(await store.get('present')).toEqual({ key: 'present', version: 2n, value: 'two' });
    });

    it('start over at 1 after a put at -1, and after a delete and a new creation', async () => {
      const store = client();
      await store.put([{ key: 'k' }]);
      await store.put([{ key: 'k', version: 1n }]);
      await store.put([{ key: 'k', version: -1n, value: 'reset' }]);
      expect(await store.get('k')).toEqual({ key: 'k', version: 1n, value: 'reset' });
      await store.put([{ key: 'k', version: 1n }]);
      await store.delete('k', 2n);
      await store.put([{ key: 'k', value: 'reborn' }]);
      expect(await store.get('k')).toEqual({ key: 'k', version: 1n, value: 'reborn' });
    });

    it('of one key twice in a request follow one another', async () => {
      const store = client();
      await store.put([
        { key: 'k', value: 'first' },
        { key: 'k', version: 1n, value: 'second' }
      ]);
      expect(await store.get('k')).toEqual({ key: 'k', version: 2n, value: 'second' });
      expect(describeAnswer(await store.tryPut([{ key: 'j' }, { key: 'j' }]))).toBe(conflict);
      expectFailure(await store.tryGet('j'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      await store.put([
        { key: 'k', version: 2n, value: 'third' },
        { key: 'k', version: -1n, value: 'fourth' }
      ]);
      expect(await store.get('k')).toEqual({ key: 'k', version: 1n, value: 'fourth' });
    });

    it('let exactly one of 32 concurrent puts through, on an existing key, a new one and the global version', async () => {
      const store = client();
      await store.put([{ key: 'existing' }]);
      const races: [string, (i: number) => Promise<string>][] = [
        [
          'existing key',
          async (i) => describeAnswer(await store.tryPut([{ key: 'existing', version: 1n, value: `${i}` }]))
        ],
        ['new key', async (i) => describeAnswer(await store.tryPut([{ key: 'new', value: `${i}` }]))],
        [
          'global version',
          async (i) => describeAnswer(await store.tryPut([{ key: `own-${i}` }], { globalVersion: 0n }))
        ]
      ];
      for (const [name, race] of races) {
        const outcomes = await Promise.all(Array.from({ length: 32 }, (_, i) => race(i)));
        expect(outcomes.filter((outcome) => outcome === '200').length, name).toBe(1);
        expect(outcomes.filter((outcome) => outcome === conflict).length, name).toBe(31);
      }
      expect((await store.list({ keyPrefix: 'own-' })).keyVersions.length).toBe(1);
    });
  });

  describe('a put', () => {
    it('takes 1,000 items, writes and deletes together, and refuses more', async () => {
      const store = client();
      const items = Array.from({ length: 1000 }, (_, i): Item => ({ key: `k${i}` }));
      await store.put(items);
      expect(
        describeAnswer(await store.tryPut([...items.map((item) => ({ ...item, version: 1n })), { key: 'over' }]))
      ).toBe(invalid);
      const deletes = [{ key: 'k0', version: 1n }];
      expect(
        describeAnswer(
          await store.tryPut(
            items.map(({ key }) => ({ key, version: -1n })),
            { deletes }
          )
        )
      ).toBe(invalid);
      expect((await store.get('k999')).version).toBe(1n);
    });

    it('may be empty', async () => {
      const store = client();
      await store.put([]);
      await store.put([], { globalVersion: 0n });
      expect((await store.get('global_version')).version).toBe(1n);
    });

    it('is undone whole by a delete of a wrong version or of a missing key, even at -1', async () => {
      const store = client();
      await store.put([{ key: 'here' }]);
      for (const deletes of [
        [{ key: 'here', version: 2n }],
        [{ key: 'gone', version: 1n }],
        [{ key: 'gone', version: -1n }],
        [{ key: 'here', version: 0n }]
      ]) {
        expect(describeAnswer(await store.tryPut([{ key: 'new' }], { deletes, globalVersion: 0n }))).toBe(conflict);
      }
      expect((await store.list()).keyVersions.map(({ key }) => key)).toEqual(['here']);
      expect((await store.get('global_version')).version).toBe(0n);
    });

    it('may delete what it wrote itself, and cannot delete the same key twice', async () => {
      const store = client();
      await store.put([{ key: 'brief' }], { deletes: [{ key: 'brief', version: 1n }] });
      expectFailure(await store.tryGet('brief'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      await store.put([{ key: 'k' }]);
      const twice = [
        { key: 'k', version: 1n },
        { key: 'k', version: -1n }
      ];
      expect(describeAnswer(await store.tryPut([], { deletes: twice }))).toBe(conflict);
      expect((await store.get('k')).version).toBe(1n);
    });

    it('over the same keys in any order never fails for another reason than a conflict', async () => {
      const store = client();
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
      await store.put(keys.map((key) => ({ key })));
      const orders = Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? keys : keys.toReversed()));
      const outcomes = await Promise.all(
        orders.map(async (order) => describeAnswer(await store.tryPut(order.map((key) => ({ key, version: -1n })))))
      );
      expect(new Set(outcomes)).toEqual(new Set(['200']));
      const gated = await Promise.all(
        orders.map(async (order) => describeAnswer(await store.tryPut(order.map((key) => ({ key, version: 1n })))))
      );
      expect(gated.filter((outcome) => outcome === '200').length).toBe(1);
      expect(gated.filter((outcome) => outcome === conflict).length).toBe(23);
    });
  });

  describe('deleteObject', () => {
    it('does nothing, and succeeds, at a wrong version', async () => {
      const store = client();
      await store.put([{ key: 'k', value: 'stays' }]);
      await store.delete('k', 2n);
      await store.delete('k', 0n);
      expect((await store.get('k')).value).toBe('stays');
    });

    it('never changes the global version', async () => {
      const store = client();
      await store.put([{ key: 'k' }], { globalVersion: 0n });
      await store.delete('k', 1n);
      expect((await store.get('global_version')).version).toBe(1n);
    });

    it('needs a key', async () => {
      const store = client();
      const answer = await store.send('/deleteObject', DeleteObjectRequestSchema, { storeId: store.storeId });
      expectFailure(answer, 400, ErrorCode.INVALID_REQUEST_EXCEPTION);
    });
  });

  describe('the global version', () => {
    it('begins at 0, grows by one with every gated put, and is reset to 1 by -1', async () => {
      const store = client();
      expect((await store.get('global_version')).version).toBe(0n);
      expect(describeAnswer(await store.tryPut([{ key: 'k' }], { globalVersion: 1n }))).toBe(conflict);
      for (const globalVersion of [0n, 1n, 2n]) await store.put([], { globalVersion });
      expect((await store.list()).globalVersion).toBe(3n);
      await store.put([], { globalVersion: -1n });
      expect((await store.list()).globalVersion).toBe(1n);
    });

    it('is neither checked nor changed where none is given', async () => {
      const store = client();
      await store.put([{ key: 'k' }], { globalVersion: 0n });
      await store.put([{ key: 'k', version: 1n }]);
      expect((await store.list()).globalVersion).toBe(1n);
    });

    it('is an object that clients can overwrite and that list hides', async () => {
      const store = client();
      await store.put([{ key: 'global_version', value: 'mine' }]);
      await store.put([{ key: 'k' }], { globalVersion: 1n });
      expect((await store.get('global_version')).version).toBe(2n);
      expect((await store.listAll()).keys).toEqual(['k']);
    });
  });

  describeFactsOfList(client);
}

function describeFactsOfList(client: () => VssClient): void {
  describe('listing', () => {
    it('does not move a key that is updated, and moves one that is created again', async () => {
      const store = client();
      for (const key of ['a', 'b', 'c']) await store.put([{ key }]);
      await store.put([{ key: 'a', version: 1n }]);
      await store.put([{ key: 'b', version: -1n }]);
      expect((await store.listAll()).keys).toEqual(['c', 'b', 'a']);
      await store.delete('a', -1n);
      await store.put([{ key: 'a' }]);
      expect((await store.listAll()).keys).toEqual(['a', 'c', 'b']);
    });

    it('takes the items of one put in their order', async () => {
      const store = client();
      await store.put([{ key: 'z' }, { key: 'a', version: -1n }, { key: 'm' }]);
      expect((await store.listAll()).keys).toEqual(['m', 'a', 'z']);
    });

    it('gives 100 keys where no page size is asked for', async () => {
      const store = client();
      await store.put(Array.from({ length: 101 }, (_, i) => ({ key: `k${i}` })));
      const { pages } = await store.listAll();
      expect(pages.map(({ keyVersions }) => keyVersions.length)).toEqual([100, 1]);
    });

    it('gives only the global version for page size 0', async () => {
      const store = client();
      await store.put([{ key: 'k' }], { globalVersion: 0n });
      const page = await store.list({ pageSize: 0 });
      expect([page.keyVersions.length, page.globalVersion]).toEqual([0, 1n]);
    });

    it('ends with an empty token, also when the last page is full and when there is nothing', async () => {
      const store = client();
      expect(await store.list()).toMatchObject({ keyVersions: [], nextPageToken: '', globalVersion: 0n });
      await store.put([{ key: 'a' }, { key: 'b' }]);
      expect((await store.list({ pageSize: 2 })).nextPageToken).toBe('');
    });

    it.each(['', 'abc', '-1', '99999999999999999999'])('refuses the page token %j', async (pageToken) => {
      expectFailure(await client().tryList({ pageToken }), 400, ErrorCode.INVALID_REQUEST_EXCEPTION);
    });
  });

  describe('stores', () => {
    it('of one user do not see each other', async () => {
      const one = client();
      const two = client();
      await one.put([{ key: 'k', value: 'one' }], { globalVersion: 0n });
      expectFailure(await two.tryGet('k'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      expect(await two.list()).toMatchObject({ keyVersions: [], globalVersion: 0n });
      await two.put([{ key: 'k', value: 'two' }], { globalVersion: 0n });
      expect((await one.get('k')).value).toBe('one');
    });

    it('keep values byte for byte, also empty ones and a megabyte', async () => {
      const store = client();
      const large = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 31) & 0xff));
      await store.put([{ key: 'empty' }, { key: 'large', value: large }, { key: 'after', value: 'end' }]);
      await store.put([
        { key: 'large', version: 1n, value: large.toReversed() },
        { key: 'after', version: 1n, value: 'end 2' }
      ]);
      expect((await store.getBytes('empty')).value.length).toBe(0);
      expect(Buffer.from((await store.getBytes('large')).value).equals(large.toReversed())).toBe(true);
      expect((await store.get('after')).value).toBe('end 2');
    });

    it('take any content type', async () => {
      const store = client();
      await store.put([{ key: 'k' }]);
      const bytes = Buffer.concat([
        Buffer.from([0x0a, store.storeId.length]),
        Buffer.from(store.storeId),
        Buffer.from([0x12, 1]),
        Buffer.from('k')
      ]);
      for (const type of ['application/octet-stream', 'text/plain', 'application/json']) {
        expect((await store.sendBytes('/getObject', bytes, { headers: { 'content-type': type } })).status).toBe(200);
      }
    });
  });
}
