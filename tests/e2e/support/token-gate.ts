// Owns a gate before a VSS server, as operators set them up: whoever brings the token passes, anybody else is refused in the protocol's own terms.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { ErrorCode, ErrorResponseSchema } from '../../../src/wire/gen/vss_pb.js';

export interface TokenGate {
  url: string;
  close(): void;
}

/** Passes requests with `Bearer {token}` on to `vssUrl`, without the token. */
export async function startTokenGate(vssUrl: string, token: string): Promise<TokenGate> {
  const refusal = toBinary(
    ErrorResponseSchema,
    create(ErrorResponseSchema, { errorCode: ErrorCode.AUTH_EXCEPTION, message: 'no token' })
  );
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end(refusal);
      const answer = await fetch(`${vssUrl}${request.url ?? ''}`, { method: 'POST', body });
      response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    }
  };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return new Uint8Array(Buffer.concat(parts));
}
