// Owns the proof that stands leave nothing behind, keep what they were told to keep, and hand out coins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStand, type Stand } from './stand.js';
import { waitFor } from './wait.js';

const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

describe('faucet', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await startStand({ esplora: true, faucet: true });
  }, 120_000);
  afterAll(() => stand?.stop());

  function post(route: string, body: unknown): Promise<Response> {
    return fetch(stand.faucet.url + route, { method: 'POST', body: JSON.stringify(body) });
  }

  test('pays exactly what was asked for, confirmed by the next block it mines', async () => {
    const { txid } = (await (await post('/faucet', { address, amountSat: 123_456 })).json()) as { txid: string };
    const { blockHashes } = (await (await post('/mine', { blocks: 1 })).json()) as { blockHashes: string[] };
    const transaction = (await (await fetch(`${stand.esplora.url}/tx/${txid}`)).json()) as {
      vout: { value: number; scriptpubkey_address: string }[];
      status: { block_hash: string };
    };
    expect(transaction.vout).toContainEqual(expect.objectContaining({ value: 123_456, scriptpubkey_address: address }));
    expect(transaction.status.block_hash).toBe(blockHashes[0]);
  });

  test('many payments at once never spend the same coin twice', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => post('/faucet', { address, amountSat: 50_000 }))
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    const before = await stand.chain.mempool();
    expect(before).toHaveLength(12);
    await stand.chain.generate(1);
    expect(await stand.chain.mempool()).toEqual([]);
  });

  test('refuses bad input with a code and spends nothing', async () => {
    const bad: [string, unknown, string][] = [
      ['/faucet', { address: 'nonsense', amountSat: 1_000 }, 'invalid_address'],
      ['/faucet', { address, amountSat: -5 }, 'invalid_argument'],
      ['/faucet', { address, amountSat: 1.5 }, 'invalid_argument'],
      ['/faucet', { address, amountSat: 100 }, 'amount_below_dust'],
      ['/faucet', 'no object', 'invalid_argument'],
      ['/mine', { blocks: 0 }, 'invalid_argument']
    ];
    for (const [route, body, code] of bad) {
      const answer = await post(route, body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code });
    }
    expect(await stand.chain.mempool()).toEqual([]);
  });
});

test('a kept directory brings the same chain back, and its coins can be spent', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tern-kept-'));
  try {
    const first = await startStand({ directory });
    await first.chain.generate(5);
    const height = await first.chain.height();
    const tip = await first.chain.rpc.call<string>('getbestblockhash');
    await first.stop();
    const second = await startStand({ directory });
    expect(await second.chain.rpc.call<string>('getblockhash', height)).toBe(tip);
    expect(await second.chain.fund(address, 10_000n)).toHaveLength(64);
    await second.stop();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('a process that is killed leaves neither nodes nor directories', { timeout: 120_000 }, async () => {
  const script = `
    import { NodeProcess, openDirectory } from './node-process.ts';
    const directory = await openDirectory('orphan');
    const child = NodeProcess.start('sleeper', 'sh', ['-c', 'echo $$ && exec sleep 600'], directory);
    const { readFile } = await import('node:fs/promises');
    const { waitFor } = await import('./wait.ts');
    const pid = await waitFor(() => readFile(directory.path + '/sleeper.out', 'utf8'), { what: 'its pid' });
    console.log(JSON.stringify({ pid: Number(pid), directory: directory.path }));
    await child.exited;
  `;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: path.dirname(fileURLToPath(import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit']
  });
  const [line = '{}'] = await new Promise<string[]>((resolve) => {
    createInterface(parent.stdout).once('line', (first) => resolve([first]));
  });
  const { pid, directory } = JSON.parse(line) as { pid: number; directory: string };
  expect(isAlive(pid)).toBe(true);
  expect(existsSync(directory)).toBe(true);
  parent.kill('SIGKILL');
  await waitFor(() => !isAlive(pid) && !existsSync(directory), { what: 'process and directory to go' });
});

test('a node that cannot start says why', async () => {
  const { NodeProcess, openDirectory, closeDirectory } = await import('./node-process.js');
  const directory = await openDirectory('broken');
  const broken = NodeProcess.start('broken', 'sh', ['-c', 'echo the disk is on fire; exit 1'], directory);
  await expect(broken.orExit(new Promise(() => undefined))).rejects.toThrow(
    /broken ended unexpectedly.*disk is on fire/s
  );
  const absent = NodeProcess.start('absent', 'no-such-command', [], directory);
  await expect(absent.orExit(new Promise(() => undefined))).rejects.toThrow(/no-such-command/);
  await closeDirectory(directory);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
