// Proves that the VSS server of the simulated world behaves as the reference does: the contract, over HTTP.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import { VssClient } from '../contract/client.js';
import { describeReference } from '../contract/reference.js';
import { MemoryVss } from './memory-vss.js';

describe('MemoryVss', () => {
  const vss = new MemoryVss();
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const headers = { authorization: request.headers.authorization ?? '' };
      void vss
        .fetch(`http://vss${request.url}`, { method: 'POST', headers, body: Buffer.concat(parts) })
        .then(async (answer) => {
          response.writeHead(answer.status);
          response.end(Buffer.from(await answer.arrayBuffer()));
        });
    });
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
  describeReference(() => new VssClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
});
