// Owns the proof that the Esplora server tells the truth: what it says is checked against the node and against own arithmetic.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { p2wpkh, Transaction } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Chain } from './chain.js';
import type { Esplora } from './esplora.js';
import { regtestNetwork } from './script-forms.js';
import { startStand, type Stand } from './stand.js';

interface TransactionJson {
  txid: string;
  vin: {
    txid: string;
    vout: number;
    is_coinbase: boolean;
    prevout: { value: number; scriptpubkey_address?: string } | null;
  }[];
  vout: { value: number; scriptpubkey: string; scriptpubkey_address?: string }[];
  size: number;
  weight: number;
  fee: number;
  status: { confirmed: boolean; block_height?: number; block_hash?: string };
}

let stand: Stand;
let chain: Chain;
let esplora: Esplora;
let keysMade = 0;

beforeAll(async () => {
  stand = await startStand({ esplora: true });
  ({ chain, esplora } = stand);
}, 120_000);
afterAll(() => stand?.stop());
afterEach(() => esplora.setFault());

/** A key of a test's own, so that no test sees another's coins. */
function newKey() {
  const privateKey = sha256(new TextEncoder().encode(`esplora test key ${++keysMade}`));
  const payment = p2wpkh(pubECDSA(privateKey), regtestNetwork);
  return {
    privateKey,
    address: payment.address ?? '',
    script: payment.script,
    scriptHash: hex.encode(sha256(payment.script))
  };
}

type Key = ReturnType<typeof newKey>;

/** Spends an output of `from` to `to`, leaving `feeSat`. */
function spend(
  from: Key,
  coin: { txid: string; vout: number; amountSat: bigint },
  to: Key,
  feeSat = 500n
): Transaction {
  const transaction = new Transaction();
  transaction.addInput({
    txid: coin.txid,
    index: coin.vout,
    sequence: 0xfffffffd,
    witnessUtxo: { script: from.script, amount: coin.amountSat }
  });
  transaction.addOutput({ script: to.script, amount: coin.amountSat - feeSat });
  transaction.sign(from.privateKey);
  transaction.finalize();
  return transaction;
}

async function fundedCoin(key: Key, amountSat = 100_000n) {
  const txid = await chain.fund(key.address, amountSat);
  return { txid, vout: 0, amountSat };
}

function request(path: string, init?: RequestInit): Promise<Response> {
  return fetch(esplora.url + path, init);
}

async function text(path: string): Promise<string> {
  const response = await request(path);
  expect(response.status, path).toBe(200);
  return response.text();
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await text(path)) as T;
}

function broadcast(transaction: Transaction): Promise<Response> {
  return request('/tx', { method: 'POST', body: transaction.hex });
}

function doubleHash(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

/** The root that a `/merkle-proof` leads to, by recomputation. */
function rootOfBranch(txid: string, branch: string[], position: number): string {
  let hash: Uint8Array = hex.decode(txid).reverse();
  branch.forEach((sibling, level) => {
    const other = hex.decode(sibling).reverse();
    hash = doubleHash((position >> level) & 1 ? concatBytes(other, hash) : concatBytes(hash, other));
  });
  return hex.encode(hash.slice().reverse());
}

describe('blocks', () => {
  test('the tip is the node’s tip right after mining', async () => {
    const [hash] = await chain.generate(1);
    expect(await text('/blocks/tip/hash')).toBe(hash);
    expect(Number(await text('/blocks/tip/height'))).toBe(await chain.height());
  });

  test('a block’s fields are those of its 80 header bytes', async () => {
    const [hash = ''] = await chain.generate(1);
    const block = await json<Record<string, number | string>>(`/block/${hash}`);
    const header = hex.decode(await text(`/block/${hash}/header`));
    const view = new DataView(header.buffer, header.byteOffset);
    expect(hex.encode(doubleHash(header).reverse())).toBe(hash);
    expect(block).toMatchObject({
      id: hash,
      version: view.getInt32(0, true),
      previousblockhash: hex.encode(header.slice(4, 36).reverse()),
      merkle_root: hex.encode(header.slice(36, 68).reverse()),
      timestamp: view.getUint32(68, true),
      bits: view.getUint32(72, true),
      nonce: view.getUint32(76, true),
      tx_count: 1
    });
    const raw = new Uint8Array(await (await request(`/block/${hash}/raw`)).arrayBuffer());
    expect(raw.length).toBe(block.size);
    expect(hex.encode(raw.slice(0, 80))).toBe(hex.encode(header));
  });

  test('/blocks gives the latest ten, /blocks/:height the ten up to it, the first of all without a parent', async () => {
    const latest = await json<{ height: number; id: string; previousblockhash: string }[]>('/blocks');
    const tip = await chain.height();
    expect(latest.map(({ height }) => height)).toEqual(Array.from({ length: 10 }, (_, i) => tip - i));
    expect(latest.slice(1).map(({ id }) => id)).toEqual(latest.slice(0, 9).map((block) => block.previousblockhash));
    const oldest = await json<{ height: number; previousblockhash: string | null }[]>('/blocks/2');
    expect(oldest.map(({ height }) => height)).toEqual([2, 1, 0]);
    expect(oldest[2]?.previousblockhash).toBeNull();
  });

  test('/block-height gives the node’s hash, and 404 above the tip', async () => {
    expect(await text('/block-height/7')).toBe(await chain.rpc.call<string>('getblockhash', 7));
    expect((await request('/block-height/100000')).status).toBe(404);
  });

  test('a block’s transactions come by id, by index and in full', async () => {
    const txid = await chain.fund(newKey().address, 50_000n);
    const [hash = ''] = await chain.generate(1);
    const txids = await json<string[]>(`/block/${hash}/txids`);
    expect(txids).toContain(txid);
    expect(await text(`/block/${hash}/txid/1`)).toBe(txids[1]);
    const full = await json<TransactionJson[]>(`/block/${hash}/txs`);
    expect(full.map((each) => each.txid)).toEqual(txids);
    expect(full[0]?.vin[0]).toMatchObject({ is_coinbase: true, prevout: null, vout: 0xffffffff });
  });
});

describe('transactions', () => {
  test('fee, size, weight and prevouts are what @scure/btc-signer computes', async () => {
    const [from, to] = [newKey(), newKey()];
    const transaction = spend(from, await fundedCoin(from), to, 777n);
    expect(await (await broadcast(transaction)).text()).toBe(transaction.id);
    const told = await json<TransactionJson>(`/tx/${transaction.id}`);
    expect(told).toMatchObject({ fee: 777, size: transaction.toBytes(true, true).length, weight: transaction.weight });
    expect(told.vin[0]?.prevout).toMatchObject({ value: 100_000, scriptpubkey_address: from.address });
    expect(told.vout[0]).toMatchObject({ value: 99_223, scriptpubkey_address: to.address });
    expect(told.status).toEqual({ confirmed: false });
  });

  test('raw and hex are the bytes that were broadcast', async () => {
    const [from, to] = [newKey(), newKey()];
    const transaction = spend(from, await fundedCoin(from), to);
    await broadcast(transaction);
    expect(await text(`/tx/${transaction.id}/hex`)).toBe(transaction.hex);
    const raw = await (await request(`/tx/${transaction.id}/raw`)).arrayBuffer();
    expect(hex.encode(new Uint8Array(raw))).toBe(transaction.hex);
  });

  test('an unknown transaction is 404, its status unconfirmed', async () => {
    const unknown = 'ab'.repeat(32);
    for (const path of ['', '/raw', '/hex', '/merkle-proof', '/merkleblock-proof']) {
      expect((await request(`/tx/${unknown}${path}`)).status).toBe(404);
    }
    expect(await json(`/tx/${unknown}/status`)).toEqual({ confirmed: false });
  });

  test('a merkle proof leads to the header’s root, at every position of blocks with 1 to 6 transactions', async () => {
    await chain.generate(1);
    for (let payments = 0; payments < 6; payments++) {
      for (let i = 0; i < payments; i++) await chain.fund(newKey().address, 20_000n);
      const [hash = ''] = await chain.generate(1);
      const txids = await json<string[]>(`/block/${hash}/txids`);
      expect(txids).toHaveLength(payments + 1);
      const root = hex.encode(
        hex
          .decode(await text(`/block/${hash}/header`))
          .slice(36, 68)
          .reverse()
      );
      for (const [position, txid] of txids.entries()) {
        const proof = await json<{ block_height: number; merkle: string[]; pos: number }>(`/tx/${txid}/merkle-proof`);
        expect(proof).toMatchObject({ block_height: await chain.height(), pos: position });
        expect(rootOfBranch(txid, proof.merkle, position)).toBe(root);
        expect(matchOfMerkleBlock(hex.decode(await text(`/tx/${txid}/merkleblock-proof`)))).toEqual({
          root,
          txid,
          position
        });
      }
    }
  });

  test('outspend follows an output from unspent over mempool to confirmed, as the node does', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await fundedCoin(from);
    const path = `/tx/${coin.txid}/outspend/0`;
    expect(await json(path)).toEqual({ spent: false });
    expect(await chain.isUnspent(coin.txid, 0)).toBe(true);
    const spender = spend(from, coin, to);
    await broadcast(spender);
    expect(await json(path)).toEqual({ spent: true, txid: spender.id, vin: 0, status: { confirmed: false } });
    expect(await chain.isUnspent(coin.txid, 0)).toBe(false);
    const [hash] = await chain.generate(1);
    expect(await json(path)).toMatchObject({ txid: spender.id, status: { confirmed: true, block_hash: hash } });
    expect(await chain.isUnspent(coin.txid, 0)).toBe(false);
    expect((await json<object[]>(`/tx/${coin.txid}/outspends`))[0]).toEqual(await json(path));
  });
});

/** Reads a BIP37 merkle block back: the root it proves, and the one transaction it proves it for. */
function matchOfMerkleBlock(bytes: Uint8Array): { root: string; txid?: string; position?: number } {
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(80, true);
  const hashCount = bytes[84] ?? 0;
  const hashes = Array.from({ length: hashCount }, (_, i) => bytes.slice(85 + 32 * i, 117 + 32 * i));
  const flags = bytes.slice(86 + 32 * hashCount);
  const widthAt = (height: number): number => (count + (1 << height) - 1) >> height;
  const found: { txid?: string; position?: number } = {};
  let [bitsUsed, hashesUsed, height] = [0, 0, 0];
  while (widthAt(height) > 1) height++;
  const walk = (level: number, position: number): Uint8Array => {
    const bit = ((flags[bitsUsed >> 3] ?? 0) >> (bitsUsed++ & 7)) & 1;
    if (level === 0 || !bit) {
      const hash = hashes[hashesUsed++] ?? new Uint8Array(32);
      if (level === 0 && bit) Object.assign(found, { txid: hex.encode(hash.slice().reverse()), position });
      return hash;
    }
    const left = walk(level - 1, position * 2);
    return doubleHash(
      concatBytes(left, position * 2 + 1 < widthAt(level - 1) ? walk(level - 1, position * 2 + 1) : left)
    );
  };
  const root = hex.encode(walk(height, 0).slice().reverse());
  expect(hashesUsed).toBe(hashCount);
  return { root, ...found };
}

describe('scripts', () => {
  test('a history is waiting transactions first, then confirmed ones newest first, by hash and by address alike', async () => {
    const key = newKey();
    const first = await chain.fund(key.address, 10_000n);
    await chain.generate(1);
    const second = await chain.fund(key.address, 20_000n);
    await chain.generate(1);
    const third = await chain.fund(key.address, 30_000n);
    const history = await json<TransactionJson[]>(`/scripthash/${key.scriptHash}/txs`);
    expect(history.map(({ txid }) => txid)).toEqual([third, second, first]);
    expect(await json(`/address/${key.address}/txs`)).toEqual(history);
    expect(await json(`/scripthash/${key.scriptHash}/txs/mempool`)).toEqual(history.slice(0, 1));
  });

  test('long histories come in pages of 25 that miss and repeat nothing', async () => {
    const key = newKey();
    const paid: string[] = [];
    for (let i = 0; i < 60; i++) {
      paid.push(await chain.fund(key.address, 1_000n + BigInt(i)));
      if (i % 20 === 19) await chain.generate(1);
    }
    const seen: string[] = [];
    for (
      let path = `/scripthash/${key.scriptHash}/txs`;
      ;
      path = `/scripthash/${key.scriptHash}/txs/chain/${seen.at(-1)}`
    ) {
      const page = await json<TransactionJson[]>(path);
      seen.push(...page.map(({ txid }) => txid));
      if (page.length < 25) break;
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen)).toEqual(new Set(paid));
  });

  test('unspent outputs and sums follow a spend', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await fundedCoin(from, 40_000n);
    await chain.generate(1);
    expect(await json(`/address/${from.address}/utxo`)).toMatchObject([{ txid: coin.txid, vout: 0, value: 40_000 }]);
    await broadcast(spend(from, coin, to));
    expect(await json(`/address/${from.address}/utxo`)).toEqual([]);
    expect(await json(`/scripthash/${from.scriptHash}`)).toMatchObject({
      chain_stats: { funded_txo_count: 1, funded_txo_sum: 40_000, spent_txo_count: 0, tx_count: 1 },
      mempool_stats: { funded_txo_count: 0, spent_txo_count: 1, spent_txo_sum: 40_000, tx_count: 1 }
    });
  });

  test('an address of another network is refused as bad input', async () => {
    expect((await request('/address/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/txs')).status).toBe(400);
  });
});

describe('mempool', () => {
  test('a chain of waiting transactions is listed parents before children', async () => {
    const keys = Array.from({ length: 8 }, newKey);
    let coin = await fundedCoin(keys[0] as Key);
    const ids: string[] = [];
    for (let i = 0; i + 1 < keys.length; i++) {
      const transaction = spend(keys[i] as Key, coin, keys[i + 1] as Key);
      expect((await broadcast(transaction)).status).toBe(200);
      coin = { txid: transaction.id, vout: 0, amountSat: coin.amountSat - 500n };
      ids.push(transaction.id);
    }
    const listed = await json<string[]>('/mempool/txids');
    expect(new Set(listed)).toEqual(new Set(await chain.mempool()));
    expect(listed.filter((txid) => ids.includes(txid))).toEqual(ids);
    expect(await json('/mempool')).toMatchObject({ count: listed.length });
    await chain.generate(1);
    expect(await json('/mempool/txids')).toEqual([]);
  });

  test('a replaced transaction is gone and its replacement spends the coin', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await fundedCoin(from);
    await chain.generate(1);
    const [original, replacement] = [spend(from, coin, to, 500n), spend(from, coin, to, 5_000n)];
    await broadcast(original);
    expect(await json(`/tx/${coin.txid}/outspend/0`)).toMatchObject({ txid: original.id });
    expect((await broadcast(replacement)).status).toBe(200);
    expect(await json(`/tx/${coin.txid}/outspend/0`)).toMatchObject({ txid: replacement.id });
    expect((await request(`/tx/${original.id}`)).status).toBe(404);
    expect((await json<TransactionJson[]>(`/address/${to.address}/txs`)).map(({ txid }) => txid)).toEqual([
      replacement.id
    ]);
  });

  test('broadcasting again what waits is fine; a double spend and garbage get the node’s reason as 400', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await fundedCoin(from);
    const transaction = spend(from, coin, to);
    await broadcast(transaction);
    expect(await (await broadcast(transaction)).text()).toBe(transaction.id);
    await chain.generate(1);
    const late = await broadcast(spend(from, coin, newKey()));
    expect(late.status).toBe(400);
    expect(await late.text()).toMatch(/^sendrawtransaction RPC error: \{"code":-\d+,"message":".+"\}$/);
    expect((await request('/tx', { method: 'POST', body: 'not hex' })).status).toBe(400);
  });

  test('fee estimates cover every target with the feerate set', async () => {
    esplora.feerateSatPerVb = 7;
    const estimates = await json<Record<string, number>>('/fee-estimates');
    for (const target of [1, 2, 6, 12, 25, 144, 1008]) expect(estimates[target]).toBe(7);
    esplora.feerateSatPerVb = 2;
  });
});

describe('reorganisation', () => {
  test('a stale block leaves the best chain, and its transactions are told where they are now', async () => {
    const key = newKey();
    const txid = await chain.fund(key.address, 12_345n);
    const [stale = ''] = await chain.generate(1);
    expect(await json(`/tx/${txid}/status`)).toMatchObject({ confirmed: true, block_hash: stale });
    const branch = await chain.reorganise(1);
    expect(branch).not.toContain(stale);
    expect(await text('/blocks/tip/hash')).toBe(branch.at(-1));
    expect(await json(`/block/${stale}/status`)).toEqual({ in_best_chain: false });
    expect((await request(`/block/${stale}`)).status).toBe(404);
    const now = await json<TransactionJson['status']>(`/tx/${txid}/status`);
    expect(branch).toContain(now.block_hash);
    expect(await json(`/block/${branch[0]}/status`)).toMatchObject({ in_best_chain: true, next_best: branch[1] });
  });

  test('a transaction whose block is taken away waits again, with parents before children', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await fundedCoin(from);
    const child = spend(from, coin, to);
    await broadcast(child);
    const [block] = await chain.generate(1);
    expect(await json(`/tx/${child.id}/status`)).toMatchObject({ confirmed: true });
    await chain.rpc.call('invalidateblock', block);
    expect(await json(`/tx/${child.id}/status`)).toEqual({ confirmed: false });
    const listed = await json<string[]>('/mempool/txids');
    expect(listed.indexOf(coin.txid)).toBeGreaterThanOrEqual(0);
    expect(listed.indexOf(child.id)).toBeGreaterThan(listed.indexOf(coin.txid));
    await chain.generate(2);
    expect(await json(`/tx/${child.id}/status`)).toMatchObject({ confirmed: true });
  });
});

describe('for browsers and for fault tests', () => {
  test('answers carry CORS headers and a preflight is allowed', async () => {
    expect((await request('/blocks/tip/hash')).headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await request('/tx', { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
  });

  test('each fault shows as what it is, on the paths picked, until it is taken back', async () => {
    esplora.setFault('html');
    expect(await text('/blocks/tip/hash')).toContain('<h1>');
    esplora.setFault('server_error', (path) => path === '/mempool');
    expect((await request('/mempool')).status).toBe(500);
    expect((await request('/blocks/tip/hash')).status).toBe(200);
    esplora.setFault('close');
    await expect(request('/blocks/tip/hash')).rejects.toThrow();
    esplora.setFault('hang');
    await expect(request('/blocks/tip/hash', { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
    esplora.setFault();
    expect(await text('/blocks/tip/hash')).toHaveLength(64);
  });
});
