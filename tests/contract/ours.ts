// Owns where our server must be better than the reference: it fails in the protocol's own terms, and browsers can use it.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/wire/gen/vss_pb.js';
import { describeAnswer, expectFailure, signature, VssClient, type Answer } from './client.js';
import { BODY_LIMIT_BYTES } from './targets.js';

const DAY_SECONDS = 24 * 60 * 60;
const invalid = '400 INVALID_REQUEST_EXCEPTION';

/** Declares the suite; `client` gives a fresh store. */
export function describeOurs(client: () => VssClient): void {
  describe('limits', () => {
    it('takes keys of 600 characters and store ids of 120, however many bytes they are, and refuses longer ones', async () => {
      const store = client();
      await store.put([{ key: '🔑'.repeat(600) }, { key: '' }]);
      expect((await store.get('🔑'.repeat(600))).version).toBe(1n);
      expect(describeAnswer(await store.tryPut([{ key: '🔑'.repeat(601) }]))).toBe(invalid);
      expect(describeAnswer(await store.tryGet('k'.repeat(601)))).toBe(invalid);
      expect(describeAnswer(await store.tryDelete({ key: 'k'.repeat(601) }))).toBe(invalid);
      expect(describeAnswer(await store.tryPut([], { deletes: [{ key: 'k'.repeat(601) }] }))).toBe(invalid);
      const longest = new VssClient(store.baseUrl, store.secretKey, 'é'.repeat(120));
      await longest.put([{ key: 'k' }]);
      const tooLong = new VssClient(store.baseUrl, store.secretKey, 's'.repeat(121));
      for (const answer of [
        await tooLong.tryGet('k'),
        await tooLong.tryPut([{ key: 'k' }]),
        await tooLong.tryList(),
        await tooLong.tryDelete({ key: 'k' })
      ]) {
        expect(describeAnswer(answer)).toBe(invalid);
      }
    });

    it('refuses NUL in keys, prefixes and store ids', async () => {
      const store = client();
      const nul = new VssClient(store.baseUrl, store.secretKey, 's\0');
      const answers = [
        await store.tryPut([{ key: 'a\0b' }]),
        await store.tryGet('\0'),
        await store.tryList({ keyPrefix: '\0' }),
        await nul.tryList()
      ];
      expect(answers.map(describeAnswer)).toEqual(Array(4).fill(invalid));
    });

    it('refuses a negative page size', async () => {
      expect(describeAnswer(await client().tryList({ pageSize: -1 }))).toBe(invalid);
    });

    it('matches prefixes literally', async () => {
      const store = client();
      await store.put(['a_b', 'axb', 'a%c', 'a\\d', 'A_b'].map((key) => ({ key })));
      for (const [keyPrefix, keys] of [
        ['a_', ['a_b']],
        ['a%', ['a%c']],
        ['a\\', ['a\\d']],
        ['%', []],
        ['', ['A_b', 'a\\d', 'a%c', 'axb', 'a_b']]
      ] as const) {
        expect((await store.listAll({ keyPrefix })).keys, keyPrefix).toEqual(keys);
      }
    });

    it('stays within 64 bits at the greatest version', async () => {
      const store = client();
      const greatest = 2n ** 63n - 1n;
      expect(describeAnswer(await store.tryPut([{ key: 'k', version: greatest }]))).toBe('409 CONFLICT_EXCEPTION');
      expect(describeAnswer(await store.tryPut([{ key: 'k', version: -(2n ** 63n) }]))).toBe('409 CONFLICT_EXCEPTION');
      await store.delete('k', greatest);
      expect((await store.list({ pageToken: String(greatest) })).keyVersions).toEqual([]);
    });
  });

  describe('failures', () => {
    it('are an ErrorResponse also for what is no message', async () => {
      const store = client();
      for (const path of ['/getObject', '/putObjects', '/deleteObject', '/listKeyVersions']) {
        expectFailure(
          await store.sendBytes(path, Buffer.from('not protobuf')),
          400,
          ErrorCode.INVALID_REQUEST_EXCEPTION
        );
        expectFailure(await store.sendBytes(path, Buffer.from([0x0a, 200])), 400, ErrorCode.INVALID_REQUEST_EXCEPTION);
      }
      expectFailure(
        await store.sendBytes('/getObject', Buffer.from([0x12, 2, 0xc3, 0x28])),
        400,
        ErrorCode.INVALID_REQUEST_EXCEPTION
      );
    });

    it('are an ErrorResponse also for an unknown path and another method', async () => {
      const store = client();
      expectFailure(await store.sendBytes('/nothing', Buffer.alloc(0)), 400, ErrorCode.INVALID_REQUEST_EXCEPTION);
      const answer = await fetch(`${store.baseUrl}/getObject`);
      expectFailure(await whole(answer), 405, ErrorCode.INVALID_REQUEST_EXCEPTION);
      expect(answer.headers.get('allow')).toContain('POST');
    });

    it('are an ErrorResponse also for a body over the limit, announced or not', async () => {
      const store = client();
      const over = Buffer.alloc(BODY_LIMIT_BYTES + 1);
      expectFailure(await store.sendBytes('/putObjects', over), 413, ErrorCode.INVALID_REQUEST_EXCEPTION);
      const stream = new ReadableStream({
        start: (controller) => (controller.enqueue(new Uint8Array(over)), controller.close())
      });
      const chunked = { body: stream, duplex: 'half' } as RequestInit;
      expectFailure(await store.sendBytes('/putObjects', over, chunked), 413, ErrorCode.INVALID_REQUEST_EXCEPTION);
      const largest = randomBytes(BODY_LIMIT_BYTES - 1024)
        .toString('latin1')
        .replace(/[^\0-\x7f]/g, 'x');
      await store.put([{ key: 'k', value: largest }]);
      expect((await store.get('k')).value === largest).toBe(true);
    });

    it('carry the protocol version and let pages of any origin read them', async () => {
      const store = client();
      const answers = [
        await store.tryList(),
        await store.tryGet('missing'),
        await store.sendBytes('/nothing', Buffer.alloc(0)),
        await anonymous(store)
      ];
      for (const { headers } of answers) {
        expect(headers.get('vss-protocol-version')).toBe('0');
        expect(headers.get('access-control-allow-origin')).toBe('*');
        expect(headers.get('access-control-expose-headers')).toContain('vss-protocol-version');
      }
    });

    it('do not keep a page from asking first', async () => {
      const preflight = await fetch(`${client().baseUrl}/putObjects`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://wallet.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type'
        }
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
      expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
      expect(preflight.headers.get('vss-protocol-version')).toBe('0');
    });
  });
}

/** Declares what holds of a server that checks signatures itself. */
export function describeSignature(client: () => VssClient): void {
  describe('a signature', () => {
    const now = (): number => Math.floor(Date.now() / 1000);

    it('of a time within 24 hours is taken, and outside of them not', async () => {
      const store = client();
      for (const seconds of [now() - DAY_SECONDS + 60, now() + DAY_SECONDS - 60]) {
        expect(describeAnswer(await signed(store, signature(store.secretKey, seconds)))).toBe('200');
      }
      for (const seconds of [now() - DAY_SECONDS - 60, now() + DAY_SECONDS + 60, 0]) {
        expectFailure(await signed(store, signature(store.secretKey, seconds)), 401, ErrorCode.AUTH_EXCEPTION);
      }
    });

    it('that is missing, broken or of another key is refused', async () => {
      const store = client();
      const good = signature(store.secretKey);
      const other = signature(secp256k1.utils.randomSecretKey());
      const broken = [
        '',
        'Bearer x',
        good.slice(0, 194),
        `${good} `,
        `zz${good.slice(2)}`,
        `05${good.slice(2)}`,
        good.replace(/\d$/, (d) => `${(Number(d) + 1) % 10}`)
      ];
      for (const header of [
        ...broken,
        other.slice(0, 66) + good.slice(66),
        `${good.slice(0, 66)}${'0'.repeat(128)}${good.slice(194)}`
      ]) {
        // A header loses the space at its end on the way.
        expect(describeAnswer(await signed(store, header)), header).toBe(
          header.trim() === good ? '200' : '401 AUTH_EXCEPTION'
        );
      }
      expectFailure(await anonymous(store), 401, ErrorCode.AUTH_EXCEPTION);
    });

    it('in upper case is the same user', async () => {
      const store = client();
      await store.put([{ key: 'k', value: 'mine' }]);
      const answer = await signed(store, signature(store.secretKey).toUpperCase());
      expect(Buffer.from(answer.body).toString()).toContain('k');
    });

    it('separates users that name the same store', async () => {
      const store = client();
      const stranger = new VssClient(store.baseUrl, secp256k1.utils.randomSecretKey(), store.storeId);
      await store.put([{ key: 'k', value: 'mine' }], { globalVersion: 0n });
      expectFailure(await stranger.tryGet('k'), 404, ErrorCode.NO_SUCH_KEY_EXCEPTION);
      await stranger.put([{ key: 'k', value: 'theirs' }], { globalVersion: 0n });
      await stranger.delete('k', -1n);
      expect((await store.get('k')).value).toBe('mine');
    });

    it('is checked before the body, and who sends much without one still reads the refusal', async () => {
      const store = client();
      const answer = await store.sendBytes('/putObjects', Buffer.alloc(BODY_LIMIT_BYTES), {
        headers: { authorization: 'none' }
      });
      expectFailure(answer, 401, ErrorCode.AUTH_EXCEPTION);
      expect(await answerToHead(store)).toContain('401');
    });
  });
}

/** Lists with this proof, by a request whose body names the store. */
function signed(store: VssClient, authorization: string): Promise<Answer> {
  const body = Buffer.concat([Buffer.from([0x0a, store.storeId.length]), Buffer.from(store.storeId)]);
  return store.sendBytes('/listKeyVersions', body, { headers: { authorization } });
}

async function anonymous(store: VssClient): Promise<Answer> {
  return whole(await fetch(`${store.baseUrl}/listKeyVersions`, { method: 'POST', body: new Uint8Array() }));
}

async function whole(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
}

/** The status line that a request gets which announces a body and never sends it. */
function answerToHead(store: VssClient): Promise<string> {
  const url = new URL(`${store.baseUrl}/putObjects`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(`POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-length: 1000\r\n\r\n`);
    });
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString().split('\r\n')[0] ?? '');
    });
    socket.once('error', reject);
  });
}
