// Owns a price source on this machine: it says what a test tells it to, and remembers who asked for what.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers any request with `status` and `body`. */
export interface PriceSource {
  url: string;
  status: number;
  body: string;
  /** Paths, in the order in which they were asked. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startPriceSource(): Promise<PriceSource> {
  const server = createServer((request, response) => {
    source.asked.push(request.url ?? '');
    response.writeHead(source.status, { 'access-control-allow-origin': '*', 'content-type': 'application/json' });
    response.end(source.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const source: PriceSource = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    status: 200,
    body: '',
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
  };
  return source;
}
