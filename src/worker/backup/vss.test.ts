// Proves that the client speaks the stock VSS wire, and that every way a server can fail ends in the right code, in time.
import { describe, expect, it } from 'vitest';
import { MemoryVss, type Fault } from '../../../tests/sim/memory-vss.js';
import { VirtualClock } from '../../../tests/sim/virtual-clock.js';
import { ErrorCode } from '../../wire/gen/vss_pb.js';
import { VssClient, type VssOptions } from './vss.js';

const bytes = (text: string) => new TextEncoder().encode(text);

function world(change: Partial<VssOptions> = {}) {
  const clock = new VirtualClock();
  const server = new MemoryVss();
  const client = new VssClient({
    url: 'https://vss.example/vss/',
    storeId: 'store',
    auth: { type: 'signature' },
    authSecretKey: new Uint8Array(32).fill(3),
    allowInsecure: false,
    clock,
    random: () => 0.5,
    fetch: server.fetch,
    ...change
  });
  return { clock, server, client };
}

describe('requests', () => {
  it('puts, gets, lists and deletes on the stock paths, without the headers of Connect', async () => {
    const { server, client } = world();
    await client.put([{ key: 'a', version: 0n, value: bytes('one') }], []);
    expect(await client.get('a')).toEqual({ key: 'a', version: 1n, value: bytes('one') });
    expect(await client.listPage()).toEqual({ keys: [{ key: 'a', version: 1n }] });
    await client.put([{ key: 'b', version: 0n, value: bytes('two') }], [{ key: 'a', version: 1n }]);
    expect(await client.get('a')).toBeUndefined();
    expect(server.requests.map((request) => request.url)).toEqual(
      ['putObjects', 'getObject', 'listKeyVersions', 'putObjects', 'getObject'].map(
        (name) => `https://vss.example/vss/${name}`
      )
    );
    for (const { headers } of server.requests) {
      expect([...headers.keys()].sort()).toEqual(['authorization', 'content-type']);
      expect(headers.get('authorization')).toMatch(/^[0-9a-f]{194}\d{10}$/);
    }
  });

  it('follows pages to the end', async () => {
    const { client } = world();
    const keys = Array.from({ length: 230 }, (_, index) => `k${index}`);
    await client.put(
      keys.map((key) => ({ key, version: 0n, value: bytes(key) })),
      []
    );
    const found: string[] = [];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await client.listPage(token);
      found.push(...page.keys.map(({ key }) => key));
      token = page.nextToken;
    }
    expect(found.sort()).toEqual(keys.sort());
  });

  it('calls a stale, a future and a repeated version a conflict, and changes nothing', async () => {
    const { client } = world();
    await client.put([{ key: 'a', version: 0n, value: bytes('one') }], []);
    for (const version of [0n, 2n]) {
      const put = client.put(
        [
          { key: 'a', version, value: bytes('x') },
          { key: 'b', version: 0n, value: bytes('x') }
        ],
        []
      );
      await expect(put).rejects.toMatchObject({ code: 'backup_conflict' });
    }
    await expect(client.put([], [{ key: 'missing', version: -1n }])).rejects.toMatchObject({ code: 'backup_conflict' });
    expect((await client.listPage()).keys).toEqual([{ key: 'a', version: 1n }]);
  });
});

describe('the address', () => {
  it.each([
    ['http://vss.example/vss', false, 'insecure_url'],
    ['ftp://vss.example', true, 'invalid_url'],
    ['nonsense', false, 'invalid_url']
  ])('%s (insecure allowed: %s) is refused as %s', (url, allowInsecure, code) => {
    expect(() => world({ url, allowInsecure })).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['http://127.0.0.1:8080/vss', false],
    ['http://localhost/vss', false],
    ['http://vss.example/vss', true]
  ])('%s (insecure allowed: %s) is taken', async (url, allowInsecure) => {
    await expect(world({ url, allowInsecure }).client.get('a')).resolves.toBeUndefined();
  });
});

describe('faults', () => {
  const cases: [string, Fault, string][] = [
    ['a refused connection', { kind: 'refuse' }, 'backup_unavailable'],
    ['an answer lost after the work was done', { kind: 'lose' }, 'backup_unavailable'],
    ['a server that never answers', { kind: 'hang' }, 'backup_deadline'],
    [
      'a 500 in protobuf',
      { kind: 'error', status: 500, code: ErrorCode.INTERNAL_SERVER_EXCEPTION },
      'backup_unavailable'
    ],
    ['a 503 in HTML', { kind: 'answer', status: 503, body: '<html>', contentType: 'text/html' }, 'backup_unavailable'],
    ['a forged conflict', { kind: 'error', status: 409, code: ErrorCode.CONFLICT_EXCEPTION }, 'backup_conflict'],
    ['a 409 without an ErrorResponse', { kind: 'answer', status: 409, body: 'conflict' }, 'backup_bad_answer'],
    ['a refused signature', { kind: 'error', status: 401, code: ErrorCode.AUTH_EXCEPTION }, 'backup_unauthorized'],
    ['a 401 in plain text', { kind: 'answer', status: 401, body: 'no' }, 'backup_unauthorized'],
    [
      'a refused signature of a wrong clock',
      { kind: 'answer', status: 401, body: 'no', date: 'Tue, 14 Nov 2023 10:00:00 GMT' },
      'backup_clock_skew'
    ],
    [
      'an invalid request',
      { kind: 'error', status: 400, code: ErrorCode.INVALID_REQUEST_EXCEPTION },
      'backup_invalid_request'
    ],
    ['a body that is too large', { kind: 'answer', status: 413, body: 'too large' }, 'backup_too_large'],
    [
      'a body that is too large, said in protobuf',
      { kind: 'error', status: 413, code: ErrorCode.INVALID_REQUEST_EXCEPTION },
      'backup_too_large'
    ],
    ['a path that is not there', { kind: 'answer', status: 404, body: 'not found' }, 'backup_bad_answer'],
    [
      'HTML with status 200',
      { kind: 'answer', status: 200, body: '<!doctype html><title>Hi</title>' },
      'backup_bad_answer'
    ],
    [
      'HTML that calls itself HTML',
      { kind: 'answer', status: 200, body: '', contentType: 'text/html' },
      'backup_bad_answer'
    ],
    ['a redirect', { kind: 'answer', status: 302, body: '' }, 'backup_bad_answer']
  ];

  describe.each(cases)('%s', (_, fault, code) => {
    it('has its code for a read', async () => {
      const { clock, server, client } = world();
      server.fault = () => fault;
      await expect(clock.during(client.get('a'), 60_000)).rejects.toMatchObject({ code });
      await expect(clock.during(client.listPage(), 60_000)).rejects.toMatchObject({ code });
    });

    it('has its code for a write', async () => {
      const { clock, server, client } = world();
      server.fault = () => fault;
      const put = client.put([{ key: 'a', version: 0n, value: bytes('one') }], []);
      await expect(clock.during(put, 60_000)).rejects.toMatchObject({ code });
    });
  });

  it('a read whose connection breaks once is done again, a write is not', async () => {
    const { clock, server, client } = world();
    server.fault = ({ number }) => (number % 2 === 1 ? { kind: 'lose' } : undefined);
    await expect(clock.during(client.get('a'))).resolves.toBeUndefined();
    expect(server.requests).toHaveLength(2);
    await expect(client.put([{ key: 'a', version: 0n, value: bytes('one') }], [])).rejects.toMatchObject({
      code: 'backup_unavailable'
    });
    expect(server.requests).toHaveLength(3);
    expect(server.store.get('a')?.version).toBe(1n);
  });

  it('a truncated answer is a bad answer, not a shorter value', async () => {
    const { server, client } = world();
    await client.put([{ key: 'a', version: 0n, value: bytes('one') }], []);
    server.fault = () => ({ kind: 'truncate' });
    await expect(client.get('a')).rejects.toMatchObject({ code: 'backup_bad_answer' });
  });

  it('an answer for another key is a bad answer', async () => {
    const { server, client } = world();
    await client.put([{ key: 'a', version: 0n, value: bytes('one') }], []);
    const other = await server.fetch('https://x/getObject', { method: 'POST', headers: {}, body: new Uint8Array() });
    expect(other.status).toBe(404);
    server.fault = ({ method }) =>
      method === 'getObject' ? { kind: 'answer', status: 200, body: '\x12\x03\n\x01b' } : undefined;
    await expect(client.get('a')).rejects.toMatchObject({ code: 'backup_bad_answer' });
  });

  it('an endless answer is given up at its size limit', async () => {
    const fetch: typeof globalThis.fetch = async () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) }));
    await expect(world({ fetch }).client.get('a')).rejects.toMatchObject({ code: 'backup_bad_answer' });
  });

  it('a slow drip is given up at the deadline', async () => {
    const clock = new VirtualClock();
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const body = new ReadableStream({
        start: (controller) => init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason)),
        pull: async (controller) => {
          await clock.sleep(1_000);
          controller.enqueue(new Uint8Array(1));
        }
      });
      return new Response(body);
    };
    const get = world({ clock, fetch }).client.get('a');
    await expect(clock.during(get, 60_000)).rejects.toMatchObject({ code: 'backup_deadline' });
  });

  it('a large write is given the time that a slow line needs', async () => {
    const { clock, server, client } = world();
    server.fault = () => ({ kind: 'hang' });
    let isOver = false;
    const put = client.put([{ key: 'a', version: 0n, value: new Uint8Array(6_400 * 1024) }], []);
    put.catch(() => (isOver = true));
    await clock.advance(100_000);
    expect(isOver).toBe(false);
    await clock.advance(20_000);
    expect(isOver).toBe(true);
  });

  it('closing ends what is under way', async () => {
    const { server, client } = world();
    server.fault = () => ({ kind: 'hang' });
    const get = client.get('a');
    client.close();
    await expect(get).rejects.toMatchObject({ code: 'backup_unavailable' });
  });
});
