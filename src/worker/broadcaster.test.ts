// Proves that transactions reach a real HTTP server once, are tried again where that helps, and that nothing leaves after the stop.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { idle } from '../../tests/sim/virtual-clock.js';
import { Broadcaster } from './broadcaster.js';
import { systemClock } from './clock.js';
import { Logs } from './logs.js';
import { txidOf } from './txid.js';

const txid = 'ab'.repeat(32);
const transaction = Uint8Array.of(1, 2, 3);

let server: Server | undefined;

/** A server that gives the answers in turn, the last one for ever. Waits between attempts take no time, unless it is said otherwise. */
async function open(
  answers: [number, string][] | (() => [number, string]),
  sleep: () => Promise<void> = () => Promise.resolve()
): Promise<{ broadcaster: Broadcaster; posted: string[]; answers: string[]; unsent: string[][] }> {
  const posted: string[] = [];
  const heard: string[] = [];
  const unsent: string[][] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      posted.push(`${request.method} ${request.url} ${body}`);
      const [status, text] =
        typeof answers === 'function' ? answers() : answers[Math.min(posted.length, answers.length) - 1]!;
      response.writeHead(status).end(text);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = { ...systemClock, sleep };
  const broadcaster = new Broadcaster({
    platform: { clock, fetch, random: () => 0 },
    logs: new Logs(clock),
    esploraUrl: `http://127.0.0.1:${port}`,
    onAnswer: ([first], isAccepted) => heard.push(`${first} ${isAccepted ? 'accepted' : 'refused'}`),
    onUnsent: (txids) => unsent.push(txids)
  });
  return { broadcaster, posted, answers: heard, unsent };
}

const forEver = (_pause: number): Promise<void> => new Promise(() => undefined);
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('Broadcaster', () => {
  it('posts the raw transactions in order', async () => {
    const { broadcaster, posted } = await open([[200, txid]]);
    await broadcaster.broadcast([transaction, Uint8Array.of(4)]);
    expect(posted).toEqual(['POST /tx 010203', 'POST /tx 04']);
  });

  it('posts what waits for its next attempt as soon as it is woken, also while its pauses are long', async () => {
    let pauses = 0;
    const { broadcaster, posted } = await open(
      [
        [503, 'away'],
        [503, 'away'],
        [200, txid]
      ],
      () => forEver((pauses += 1))
    );
    const sending = broadcaster.broadcast([transaction]);
    for (const attempts of [1, 2]) {
      await expect.poll(() => pauses).toBe(attempts);
      expect(posted).toHaveLength(attempts);
      broadcaster.wake();
    }
    await sending;
    expect(posted).toHaveLength(3);
  });

  it('posts once more at once what failed although it was woken while it was being posted, and then waits', async () => {
    let pauses = 0;
    const { broadcaster, posted } = await open(
      () => {
        if (posted.length === 1) broadcaster.wake();
        return [503, 'away'];
      },
      () => forEver((pauses += 1))
    );
    broadcaster.broadcast([transaction]).catch(() => undefined);
    await expect.poll(() => pauses).toBe(2);
    await idle();
    expect(posted).toHaveLength(2);
  });

  it('sends the others though one is refused, and says which', async () => {
    const refusal: [number, string] = [400, 'bad-txns-inputs-missingorspent'];
    const { broadcaster, answers } = await open([refusal, refusal, refusal, [200, txid]]);
    await expect(broadcaster.broadcast([transaction, Uint8Array.of(4)])).rejects.toEqual(code('broadcast_rejected'));
    expect(answers).toEqual(['1 refused', '4 accepted']);
  });

  it('answers nothing for a transaction whose fate is unknown', async () => {
    const { broadcaster, answers } = await open([[503, 'busy']]);
    await expect(broadcaster.broadcast([transaction])).rejects.toEqual(code('chain_unavailable'));
    expect(answers).toEqual([]);
  });

  it('tells of each transaction that no server has taken it, until one has or the network refuses it, and never afterwards', async () => {
    const [other, third] = [Uint8Array.of(4), Uint8Array.of(5)];
    const refusal: [number, string] = [400, 'min relay fee not met'];
    const { broadcaster, unsent } = await open([[200, txid], refusal, refusal, refusal, [503, 'away']]);
    const refused = broadcaster.broadcast([transaction, other]);
    await expect(refused).rejects.toEqual(code('broadcast_rejected'));
    expect(unsent).toEqual([[txidOf(transaction), txidOf(other)], [txidOf(other)], []]);
    await expect(broadcaster.broadcast([third])).rejects.toEqual(code('chain_unavailable'));
    expect(unsent.slice(3)).toEqual([[txidOf(third)]]);
    await broadcaster.broadcast([transaction]);
    expect(unsent.slice(4)).toEqual([]);
  });

  it('posts one transaction once, though it is asked several times', async () => {
    const { broadcaster, posted } = await open([[200, txid]]);
    await Promise.all([broadcaster.broadcast([transaction]), broadcaster.broadcast([transaction])]);
    await broadcaster.broadcast([transaction]);
    expect(posted).toHaveLength(1);
  });

  it.each([
    'sendrawtransaction RPC error: {"code":-27,"message":"Transaction already in block chain"}',
    'sendrawtransaction RPC error: {"code":-27,"message":"Transaction outputs already in utxo set"}',
    'sendrawtransaction RPC error -26: txn-already-in-mempool',
    'sendrawtransaction RPC error -26: txn-already-known',
    '-25: already have transaction in mempool abab',
    'transaction already exists in blockchain'
  ])('takes "%s" for success', async (answer) => {
    const { broadcaster, posted } = await open([[400, answer]]);
    await broadcaster.broadcast([transaction]);
    expect(posted).toHaveLength(1);
  });

  it('tries again after a failing server, and after a page of HTML', async () => {
    const { broadcaster, posted } = await open([
      [503, 'busy'],
      [200, '<html>welcome</html>'],
      [200, txid]
    ]);
    await broadcaster.broadcast([transaction]);
    expect(posted).toHaveLength(3);
  });

  it('gives up a refused transaction after three attempts, with the reason', async () => {
    const { broadcaster, posted } = await open([[400, 'min relay fee not met']]);
    await expect(broadcaster.broadcast([transaction])).rejects.toMatchObject({
      code: 'broadcast_rejected',
      cause: expect.stringContaining('min relay fee') as unknown
    });
    expect(posted).toHaveLength(3);
  });

  it('gives up a server that never gets well, with its code', async () => {
    const { broadcaster, posted } = await open([[500, 'down']]);
    await expect(broadcaster.broadcast([transaction])).rejects.toEqual(code('chain_unavailable'));
    expect(posted).toHaveLength(10);
  });

  it('sends nothing after the stop', async () => {
    const { broadcaster, posted } = await open([[200, txid]]);
    broadcaster.stop();
    await expect(broadcaster.broadcast([transaction])).rejects.toEqual(code('node_halted'));
    expect(posted).toEqual([]);
  });
});
