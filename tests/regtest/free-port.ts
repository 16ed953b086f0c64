// Owns the choice of TCP ports on loopback: a number given out once is nobody else's while we run, not even between two starts of a node.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { TernError } from '../../src/wire/errors.js';

// Below what Linux (32768) and the IANA's range (49152) give to outgoing connections, which take any number there.
const LOWEST = 10_000;
const COUNT = 22_000;
const ATTEMPTS = 100;

/** A TCP port on loopback on which nobody listens, kept for this process until it ends. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if ((await isReserved(port)) && (await isFree(port))) return port;
  }
  throw new TernError('internal', 'No free TCP port was found on loopback.', 'Look at what listens on this machine.');
}

/** Whether nobody listens on that TCP port of loopback now. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Takes the UDP port of that number as a sign to our other processes; the system takes it back when we end. */
async function isReserved(port: number): Promise<boolean> {
  const sign = createSocket('udp4');
  sign.bind({ port, address: '127.0.0.1', exclusive: true });
  try {
    await once(sign, 'listening');
  } catch {
    return false;
  }
  sign.unref();
  return true;
}
