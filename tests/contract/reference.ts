// Owns the 18 behaviours of the reference server's own suite: what any VSS server must do.
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/wire/gen/vss_pb.js';
import { expectFailure, type Item, type VssClient } from './client.js';

/** Declares the suite; `client` gives a fresh store. */
export function describeReference(client: () => VssClient): void {
  describe('put', () => {
    it('writes a single object, from version 0 to 1 and from 1 to 2, and without condition', async () => {
      const store = client();
      await store.put([{ key: 'k1', value: 'k1v1' }], { globalVersion: 0n });
      await store.put([{ key: 'k1', version: 1n, value: 'k1v2' }], { globalVersion: 1n });
      await store.put([{ key: 'k2', version: -1n, value: 'k2v1' }], { globalVersion: 2n });
      await store.put([{ key: 'k2', version: -1n, value: 'k2v2' }], { globalVersion: 3n });
      expect(await store.get('k1')).toEqual({ key: 'k1', version: 2n, value: 'k1v2' });
      expect(await store.get('k2')).toEqual({ key: 'k2', version: 1n, value: 'k2v2' });
      expect((await store.get('global_version')).version).toBe(4n);
    });

    it('writes several objects at once', async () => {
      const store = client();
      await store.put(
        [
          { key: 'k1', value: 'k1v1' },
          { key: 'k2', value: 'k2v1' }
        ],
        { globalVersion: 0n }
      );
      await store.put(
        [
          { key: 'k1', version: 1n, value: 'k1v2' },
          { key: 'k2', version: 1n, value: 'k2v2' }
        ],
        { globalVersion: 1n }
      );
      expect(await store.get('k1')).toEqual({ key: 'k1', version: 2n, value: 'k1v2' });
      expect(await store.get('k2')).toEqual({ key: 'k2', version: 2n, value: 'k2v2' });
      expect((await store.get('global_version')).version).toBe(2n);
    });

    it('refuses a key whose version does not match, and changes nothing', async () => {
      const store = client();
      await store.put([{ key: 'k1', value: 'k1v1' }], { globalVersion: 0n });
      expectFailure(
        await store.tryPut([{ key: 'k1', value: 'k1v2' }], { globalVersion: 1n }),
        409,
        ErrorCode.CONFLICT_EXCEPTION
      );
      expect(await store.get('k1')).toEqual({ key: 'k1', version: 1n, value: 'k1v1' });
      expect((await store.get('global_version')).version).toBe(1n);
    });

    it('refuses all of several objects when the version of one does not match', async () => {
      const store = client();
      await store.put([
        { key: 'k1', value: 'k1v1' },
        { key: 'k2', value: 'k2v1' }
      ]);
      const mixed = [
        { key: 'k1', version: 1n, value: 'k1v2' },
        { key: 'k2', value: 'k2v2' }
      ];
      expectFailure(await store.tryPut(mixed), 409, ErrorCode.CONFLICT_EXCEPTION);
      expect(await store.get('k1')).toEqual({ key: 'k1', version: 1n, value: 'k1v1' });
      expect(await store.get('k2')).toEqual({ key: 'k2', version: 1n, value: 'k2v1' });
    });

    it('refuses a global version that does not match, and changes nothing', async () => {
      const store = client();
      await store.put([{ key: 'k1', value: 'k1v1' }], { globalVersion: 0n });
      expectFailure(
        await store.tryPut([{ key: 'k1', version: 1n, value: 'k1v2' }], { globalVersion: 0n }),
        409,
        ErrorCode.CONFLICT_EXCEPTION
      );
      expect(await store.get('k1')).toEqual({ key: 'k1', version: 1n, value: 'k1v1' });
      expect((await store.get('global_version')).version).toBe(1n);
    });

    it('leaves the global version at 0 when none is given', async () => {
      const store = client();
      await store.put([{ key: 'k1', value: 'k1v1' }]);
      await store.put([{ key: 'k1', version: 1n, value: 'k1v2' }]);
      expect((await store.get('global_version')).version).toBe(0n);
    });

    it('puts and deletes as one atomic transaction', async () => {
      const store = client();
      await store.put([{ key: 'k1', value: 'k1v1' }]);
      await store.put([{ key: 'k2', value: 'k2v1' }], { deletes: [{ key: 'k1', version: 1n }] });
      expectFailure(await store.tryGet('k1'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      expect((await store.get('k2')).value).toBe('k2v1');
      const failing = await store.tryPut([{ key: 'k3', value: 'k3v1' }], { deletes: [{ key: 'k2', version: 7n }] });
      expectFailure(failing, 409, ErrorCode.CONFLICT_EXCEPTION);
      expectFailure(await store.tryGet('k3'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      expect((await store.get('k2')).value).toBe('k2v1');
    });
  });

  describe('delete', () => {
    it('removes an object that exists, at its version or at any', async () => {
      const store = client();
      await store.put([{ key: 'k1' }, { key: 'k2' }]);
      await store.delete('k1', 1n);
      await store.delete('k2', -1n);
      expectFailure(await store.tryGet('k1'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      expectFailure(await store.tryGet('k2'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
    });

    it('succeeds where there is no such object', async () => {
      await client().delete('missing', 1n);
      await client().delete('missing', -1n);
    });

    it('may be done twice', async () => {
      const store = client();
      await store.put([{ key: 'k1' }]);
      await store.delete('k1', 1n);
      await store.delete('k1', 1n);
      expectFailure(await store.tryGet('k1'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
    });
  });

  describe('get', () => {
    it('says so when there is no such key', async () => {
      expectFailure(await client().tryGet('missing'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
    });

    it('returns the value that was put', async () => {
      const store = client();
      await store.put([{ key: 'k1', value: 'k1v1' }]);
      expect(await store.get('k1')).toEqual({ key: 'k1', version: 1n, value: 'k1v1' });
    });
  });

  describeReferenceList(client);
}

function describeReferenceList(client: () => VssClient): void {
  describe('list', () => {
    it('pages through 1,000 keys, with their versions and without their values', async () => {
      const store = client();
      for (let at = 0; at < 1000; at += 250) await store.put(numbered(at, 250));
      await store.put([{ key: 'k0500', version: 1n, value: 'again' }], { globalVersion: 0n });
      const { pages, keys } = await store.listAll();
      expect(keys.length).toBe(1000);
      expect(new Set(keys).size).toBe(1000);
      expect(pages.every(({ keyVersions }) => keyVersions.every(({ value }) => value.length === 0))).toBe(true);
      const versions = new Map(
        pages.flatMap(({ keyVersions }) => keyVersions.map(({ key, version }) => [key, version]))
      );
      expect([versions.get('k0500'), versions.get('k0501')]).toEqual([2n, 1n]);
      expect(pages.map(({ globalVersion }) => globalVersion)).toEqual([
        1n,
        ...Array<undefined>(pages.length - 1).fill(undefined)
      ]);
      expect(pages.at(-1)?.nextPageToken).toBe('');
    });

    it('honours page size and key prefix', async () => {
      const store = client();
      await store.put([...numbered(0, 20), { key: 'other' }]);
      const page = await store.list({ keyPrefix: 'k', pageSize: 7 });
      expect(page.keyVersions.length).toBe(7);
      const { pages, keys } = await store.listAll({ keyPrefix: 'k000', pageSize: 4 });
      expect(pages.map(({ keyVersions }) => keyVersions.length).filter((length) => length > 0)).toEqual([4, 4, 2]);
      expect(keys.sort()).toEqual(numbered(0, 10).map(({ key }) => key));
    });

    it('reports global version 0 where none is used', async () => {
      const store = client();
      await store.put(numbered(0, 3));
      expect((await store.list()).globalVersion).toBe(0n);
    });

    it('caps the page size', async () => {
      const store = client();
      await store.put(numbered(0, 150));
      expect((await store.list({ pageSize: 10_000 })).keyVersions.length).toBe(100);
    });

    it('puts the newest created first', async () => {
      const store = client();
      for (const key of ['b', 'c', 'a']) await store.put([{ key }]);
      expect((await store.listAll()).keys).toEqual(['a', 'c', 'b']);
    });

    it('pages by the time of creation under a prefix too', async () => {
      const store = client();
      for (const key of ['p2', 'x1', 'p3', 'x2', 'p1']) await store.put([{ key }]);
      expect((await store.listAll({ keyPrefix: 'p', pageSize: 1 })).keys).toEqual(['p1', 'p3', 'p2']);
    });
  });
}

function numbered(from: number, count: number): Item[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `k${String(from + i).padStart(4, '0')}`,
    value: `v${from + i}`
  }));
}
