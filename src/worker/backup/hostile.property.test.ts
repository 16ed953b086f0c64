// Proves that no answer of a backup server, however made up, ends in anything but a backup error in time, and that what it stores is given back as it was or refused whole.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackupWorld, bytes, MANAGER, MONITOR, row, SEED } from '../../../tests/sim/backup-world.js';
import { MemoryVss, type Stored } from '../../../tests/sim/memory-vss.js';
import { VirtualClock } from '../../../tests/sim/virtual-clock.js';
import { TernError } from '../../wire/errors.js';
import { deriveBackupSecrets, Seal } from './seal.js';
import { VssClient } from './vss.js';

const seal = new Seal(deriveBackupSecrets(SEED).vssSeed);
const KEY = seal.storeKey(MANAGER);

/** The code it ends with; undefined: it went well. What is no TernError, or a defect by its code, is thrown on. */
async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TernError && thrown.code !== 'internal') return thrown.code;
    throw thrown;
  }
}

/** Bytes that are anything, or a true answer with some of it changed. */
function damaged(truth: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(fc.nat(truth.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const changed = edits.map((all) => {
    const copy = truth.slice();
    for (const [at, byte] of all) copy[at] = byte;
    return copy;
  });
  const cut = fc.nat(truth.length).map((length) => truth.slice(0, length));
  const longer = fc.uint8Array({ maxLength: 40 }).map((more) => Uint8Array.of(...truth, ...more));
  return fc.oneof(fc.uint8Array({ maxLength: 200 }), changed, cut, longer);
}

describe('an answer', () => {
  it('of any status, type and body is what was asked for, or a backup error', async () => {
    const truth = new MemoryVss();
    const sealed = seal.seal(KEY, bytes('value'), 0n).bytes;
    const client = (fetch: typeof globalThis.fetch, clock = new VirtualClock()) => ({
      clock,
      client: new VssClient({
        url: 'https://vss.example/vss',
        storeId: 'store',
        auth: { type: 'none' },
        authSecretKey: new Uint8Array(32).fill(3),
        allowInsecure: false,
        clock,
        random: () => 0.5,
        fetch
      })
    });
    await client(truth.fetch).client.put([{ key: KEY, version: 0n, value: sealed }], []);
    const answers = await Promise.all(
      (['get', 'list'] as const).map(async (what) => {
        let body = new Uint8Array();
        const recording = client(async (input, init) => {
          const response = await truth.fetch(input, init);
          body = new Uint8Array(await response.clone().arrayBuffer());
          return response;
        });
        await (what === 'get' ? recording.client.get(KEY) : recording.client.listPage());
        return body;
      })
    );
    const body = fc.oneof(...answers.map(damaged));
    const status = fc.oneof(fc.constant(200), fc.constantFrom(204, 301, 400, 401, 404, 409, 413, 429, 500, 503));
    const type = fc.constantFrom('application/octet-stream', 'text/html', 'application/json', '');
    await fc.assert(
      fc.asyncProperty(status, type, body, async (code, contentType, answer) => {
        const headers = contentType === '' ? undefined : { 'content-type': contentType };
        const empty = code === 204 || code === 301;
        const { client: asked, clock } = client(() =>
          Promise.resolve(new Response(empty ? null : new Uint8Array(answer), { status: code, headers }))
        );
        const asks: (() => Promise<unknown>)[] = [
          () => asked.get(KEY),
          () => asked.listPage(),
          () => asked.put([{ key: KEY, version: 1n, value: sealed }], [])
        ];
        for (const ask of asks) {
          const found = await codeOf(() => clock.during(ask()));
          if (found !== undefined) expect(found).toMatch(/^backup_/);
        }
      }),
      { numRuns: 400 }
    );
  });
});

describe('a sealed value', () => {
  it('that was changed in any way is refused as such', async () => {
    const truth = seal.seal(KEY, bytes('a value of some length'), 7n, 3n).bytes;
    await fc.assert(
      fc.asyncProperty(damaged(truth), async (value) => {
        const code = await codeOf(() =>
          // A field that protobuf does not know is no change.
          expect(new TextDecoder().decode(seal.open(KEY, value).value)).toBe('a value of some length')
        );
        expect([undefined, 'backup_seal_broken']).toContain(code);
      }),
      { numRuns: 2_000 }
    );
  });

  it('is never found under a key that is made up', async () => {
    const name = fc.oneof(
      fc.string(),
      damaged(bytes(KEY)).map((made) => new TextDecoder().decode(made))
    );
    await fc.assert(
      fc.asyncProperty(name, async (storeKey) => {
        const code = await codeOf(() => expect(seal.storeKey(seal.rowOf(storeKey))).toBe(storeKey));
        expect([undefined, 'backup_seal_broken']).toContain(code);
      }),
      { numRuns: 1_000 }
    );
  });
});

describe('a store', () => {
  it('that was tampered with in any way is restored as it was, or refused before a row is used', async () => {
    const world = new BackupWorld();
    const a = await world.started('a');
    await a.writeAcknowledged(
      [MANAGER, 'm1'],
      [MONITOR, 'c1'],
      [row('labels', 'x'), 'one'],
      [row('labels', 'y'), 'two']
    );
    const [old = new Map<string, Stored>()] = world.server.snapshot().values();
    await a.writeAcknowledged([MANAGER, 'm2'], [MONITOR, 'c2'], [row('labels', 'x'), undefined]);
    await world.clock.during(a.backup.release());
    const truth = await a.content();
    const before = world.server.snapshot();
    const keys = [...new Set([...old.keys(), ...world.server.store.keys()])].sort();
    // Four keys differ from the old store: with all of them old it would be one that existed, which an empty device cannot know.
    const lie = fc.record({
      key: fc.constantFrom(...keys),
      other: fc.constantFrom(...keys),
      kind: fc.constantFrom('drop', 'old', 'old value', 'swap', 'version', 'damage'),
      version: fc.bigInt({ min: -2n, max: 2n ** 62n }),
      seed: fc.uint8Array({ minLength: 1, maxLength: 60 })
    });
    await fc.assert(
      fc.asyncProperty(fc.array(lie, { minLength: 1, maxLength: 3 }), async (lies) => {
        world.server.rollBack(new Map([...before].map(([id, store]) => [id, new Map(store)])));
        const { store } = world.server;
        for (const { key, other, kind, version, seed } of lies) {
          const [now, was, stranger] = [store.get(key), old.get(key), store.get(other)];
          if (kind === 'drop') store.delete(key);
          else if (kind === 'old' && was) store.set(key, was);
          else if (kind === 'old value' && now && was) store.set(key, { ...now, value: was.value });
          else if (kind === 'swap' && now && stranger) store.set(key, { ...now, value: stranger.value });
          else if (kind === 'version' && now) store.set(key, { ...now, version });
          else if (kind === 'damage' && now)
            store.set(key, { ...now, value: now.value.map((b, at) => b ^ (seed[at] ?? 0)) });
        }
        const b = world.device('b');
        const code = await codeOf(() => b.start({ choice: 'take_over' }));
        b.kill();
        if (code === undefined) expect(await b.content()).toEqual(truth);
        if (code === undefined) return;
        expect(code).toMatch(/^backup_/);
        expect(await b.disk.isEmpty()).toBe(true);
      }),
      { numRuns: 100 }
    );
  });
});
