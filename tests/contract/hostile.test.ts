// Proves that no request, however made up, makes the VSS service fail: each is answered in the protocol's terms, and what was stored stays.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ErrorResponseSchema,
  GetObjectRequestSchema,
  GetObjectResponseSchema,
  PutObjectRequestSchema
} from '../../src/wire/gen/vss_pb.js';
import { listen } from '../../src/server/bridge-rig.js';
import { startVss, type VssService } from '../../src/server/vss/service.js';

const METHODS = ['getObject', 'putObjects', 'deleteObject', 'listKeyVersions'];
const PLANTED = { storeId: 'planted', key: 'k' };

let directory: string;
let vss: VssService;
let server: Server;
let base: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tern-hostile-'));
  const options = { type: 'store', database: { type: 'pglite', dir: directory }, auth: 'none' } as const;
  vss = await startVss(options, '127.0.0.1', pino({ level: 'silent' }));
  server = createServer((request, response) => vss.handle(request, response, request.url ?? ''));
  base = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await vss.close();
  await rm(directory, { recursive: true, force: true });
});

async function ask(method: string, body: Uint8Array): Promise<{ status: number; body: Uint8Array }> {
  const response = await fetch(`${base}/${method}`, { method: 'POST', body: new Uint8Array(body) });
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
}

/** Requests that can be parsed, with anything in their fields. */
const key = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', 'k', '\0', 'global_version'));
const version = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(-1n, 0n, 1n));
const item = fc.record({ key, version, value: fc.uint8Array({ maxLength: 30 }) });
const wellFormed = fc
  .record({
    storeId: fc.oneof(fc.string(), fc.constantFrom('', 's', '\0')),
    globalVersion: fc.option(version, { nil: undefined }),
    transactionItems: fc.array(item, { maxLength: 4 }),
    deleteItems: fc.array(item, { maxLength: 4 })
  })
  .map((request) => toBinary(PutObjectRequestSchema, create(PutObjectRequestSchema, request)));

it('answers every call, and no answer says that the server failed', async () => {
  const planted = { ...PLANTED, transactionItems: [{ key: 'k', version: 0n, value: Uint8Array.of(7) }] };
  expect(
    (await ask('putObjects', toBinary(PutObjectRequestSchema, create(PutObjectRequestSchema, planted)))).status
  ).toBe(200);
  const body = fc.oneof(fc.uint8Array({ maxLength: 120 }), wellFormed);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), body, async (method, bytes) => {
      const { status, body: answer } = await ask(method, bytes);
      expect([200, 400, 404, 409]).toContain(status);
      if (status !== 200) expect(fromBinary(ErrorResponseSchema, answer).errorCode).toBeGreaterThan(0);
    }),
    { numRuns: 400 }
  );
  const found = await ask('getObject', toBinary(GetObjectRequestSchema, create(GetObjectRequestSchema, PLANTED)));
  expect(fromBinary(GetObjectResponseSchema, found.body).value?.value).toEqual(Uint8Array.of(7));
});
