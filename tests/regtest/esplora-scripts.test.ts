// Owns the proof that histories, mempool and reorganisations are told as one consistent state, and that faults show as faults.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EsploraProbe, newKey, spend, type Key, type TransactionJson } from './esplora-probe.js';

let probe: EsploraProbe;

beforeAll(async () => {
  probe = await EsploraProbe.start();
}, 120_000);
afterAll(() => probe?.stand.stop());
afterEach(() => probe.stand.esplora.setFault());

describe('scripts', () => {
  test('a history is waiting transactions first, then confirmed ones newest first, by hash and by address alike', async () => {
    const key = newKey();
    const first = await probe.stand.chain.fund(key.address, 10_000n);
    await probe.stand.chain.generate(1);
    const second = await probe.stand.chain.fund(key.address, 20_000n);
    await probe.stand.chain.generate(1);
    const third = await probe.stand.chain.fund(key.address, 30_000n);
    const history = await probe.json<TransactionJson[]>(`/scripthash/${key.scriptHash}/txs`);
    expect(history.map(({ txid }) => txid)).toEqual([third, second, first]);
    expect(await probe.json(`/address/${key.address}/txs`)).toEqual(history);
    expect(await probe.json(`/scripthash/${key.scriptHash}/txs/mempool`)).toEqual(history.slice(0, 1));
  });

  test('long histories come in pages of 25 that miss and repeat nothing', async () => {
    const key = newKey();
    const paid: string[] = [];
    for (let i = 0; i < 60; i++) {
      paid.push(await probe.stand.chain.fund(key.address, 1_000n + BigInt(i)));
      if (i % 20 === 19) await probe.stand.chain.generate(1);
    }
    const seen: string[] = [];
    for (
      let path = `/scripthash/${key.scriptHash}/txs`;
      ;
      path = `/scripthash/${key.scriptHash}/txs/chain/${seen.at(-1)}`
    ) {
      const page = await probe.json<TransactionJson[]>(path);
      seen.push(...page.map(({ txid }) => txid));
      if (page.length < 25) break;
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen)).toEqual(new Set(paid));
  });

  test('unspent outputs and sums follow a spend', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await probe.fundedCoin(from, 40_000n);
    await probe.stand.chain.generate(1);
    expect(await probe.json(`/address/${from.address}/utxo`)).toMatchObject([
      { txid: coin.txid, vout: 0, value: 40_000 }
    ]);
    await probe.broadcast(spend(from, coin, to));
    expect(await probe.json(`/address/${from.address}/utxo`)).toEqual([]);
    expect(await probe.json(`/scripthash/${from.scriptHash}`)).toMatchObject({
      chain_stats: { funded_txo_count: 1, funded_txo_sum: 40_000, spent_txo_count: 0, tx_count: 1 },
      mempool_stats: { funded_txo_count: 0, spent_txo_count: 1, spent_txo_sum: 40_000, tx_count: 1 }
    });
  });

  test('an address of another network is refused as bad input', async () => {
    expect((await probe.request('/address/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/txs')).status).toBe(400);
  });
});

describe('mempool', () => {
  test('a chain of waiting transactions is listed parents before children', async () => {
    const keys = Array.from({ length: 8 }, newKey);
    let coin = await probe.fundedCoin(keys[0] as Key);
    const ids: string[] = [];
    for (let i = 0; i + 1 < keys.length; i++) {
      const transaction = spend(keys[i] as Key, coin, keys[i + 1] as Key);
      expect((await probe.broadcast(transaction)).status).toBe(200);
      coin = { txid: transaction.id, vout: 0, amountSat: coin.amountSat - 500n };
      ids.push(transaction.id);
    }
    const listed = await probe.json<string[]>('/mempool/txids');
    expect(new Set(listed)).toEqual(new Set(await probe.stand.chain.mempool()));
    expect(listed.filter((txid) => ids.includes(txid))).toEqual(ids);
    expect(await probe.json('/mempool')).toMatchObject({ count: listed.length });
    await probe.stand.chain.generate(1);
    expect(await probe.json('/mempool/txids')).toEqual([]);
  });

  test('a replaced transaction is gone and its replacement spends the coin', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await probe.fundedCoin(from);
    await probe.stand.chain.generate(1);
    const [original, replacement] = [spend(from, coin, to, 500n), spend(from, coin, to, 5_000n)];
    await probe.broadcast(original);
    expect(await probe.json(`/tx/${coin.txid}/outspend/0`)).toMatchObject({ txid: original.id });
    expect((await probe.broadcast(replacement)).status).toBe(200);
    expect(await probe.json(`/tx/${coin.txid}/outspend/0`)).toMatchObject({ txid: replacement.id });
    expect((await probe.request(`/tx/${original.id}`)).status).toBe(404);
    expect((await probe.json<TransactionJson[]>(`/address/${to.address}/txs`)).map(({ txid }) => txid)).toEqual([
      replacement.id
    ]);
  });

  test('broadcasting again what waits is fine; a double spend and garbage get the node’s reason as 400', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await probe.fundedCoin(from);
    const transaction = spend(from, coin, to);
    await probe.broadcast(transaction);
    expect(await (await probe.broadcast(transaction)).text()).toBe(transaction.id);
    await probe.stand.chain.generate(1);
    const late = await probe.broadcast(spend(from, coin, newKey()));
    expect(late.status).toBe(400);
    expect(await late.text()).toMatch(/^sendrawtransaction RPC error: \{"code":-\d+,"message":".+"\}$/);
    expect((await probe.request('/tx', { method: 'POST', body: 'not hex' })).status).toBe(400);
  });

  test('fee estimates cover every target with the feerate set', async () => {
    probe.stand.esplora.feerateSatPerVb = 7;
    const estimates = await probe.json<Record<string, number>>('/fee-estimates');
    for (const target of [1, 2, 6, 12, 25, 144, 1008]) expect(estimates[target]).toBe(7);
    probe.stand.esplora.feerateSatPerVb = 2;
  });
});

describe('reorganisation', () => {
  test('a stale block leaves the best chain, and its transactions are told where they are now', async () => {
    const key = newKey();
    const txid = await probe.stand.chain.fund(key.address, 12_345n);
    const [stale = ''] = await probe.stand.chain.generate(1);
    expect(await probe.json(`/tx/${txid}/status`)).toMatchObject({ confirmed: true, block_hash: stale });
    const branch = await probe.stand.chain.reorganise(1);
    expect(branch).not.toContain(stale);
    expect(await probe.text('/blocks/tip/hash')).toBe(branch.at(-1));
    expect(await probe.json(`/block/${stale}/status`)).toEqual({ in_best_chain: false });
    expect((await probe.request(`/block/${stale}`)).status).toBe(404);
    const now = await probe.json<TransactionJson['status']>(`/tx/${txid}/status`);
    expect(branch).toContain(now.block_hash);
    expect(await probe.json(`/block/${branch[0]}/status`)).toMatchObject({ in_best_chain: true, next_best: branch[1] });
  });

  test('a transaction whose block is taken away waits again, with parents before children', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await probe.fundedCoin(from);
    const child = spend(from, coin, to);
    await probe.broadcast(child);
    const [block] = await probe.stand.chain.generate(1);
    expect(await probe.json(`/tx/${child.id}/status`)).toMatchObject({ confirmed: true });
    await probe.stand.chain.rpc.call('invalidateblock', block);
    expect(await probe.json(`/tx/${child.id}/status`)).toEqual({ confirmed: false });
    const listed = await probe.json<string[]>('/mempool/txids');
    expect(listed.indexOf(coin.txid)).toBeGreaterThanOrEqual(0);
    expect(listed.indexOf(child.id)).toBeGreaterThan(listed.indexOf(coin.txid));
    await probe.stand.chain.generate(2);
    expect(await probe.json(`/tx/${child.id}/status`)).toMatchObject({ confirmed: true });
  });
});

describe('for browsers and for fault tests', () => {
  test('answers carry CORS headers and a preflight is allowed', async () => {
    expect((await probe.request('/blocks/tip/hash')).headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await probe.request('/tx', { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
  });

  test('each fault shows as what it is, on the paths picked, until it is taken back', async () => {
    probe.stand.esplora.setFault('html');
    expect(await probe.text('/blocks/tip/hash')).toContain('<h1>');
    probe.stand.esplora.setFault('server_error', (path) => path === '/mempool');
    expect((await probe.request('/mempool')).status).toBe(500);
    expect((await probe.request('/blocks/tip/hash')).status).toBe(200);
    probe.stand.esplora.setFault('close');
    await expect(probe.request('/blocks/tip/hash')).rejects.toThrow();
    probe.stand.esplora.setFault('hang');
    await expect(probe.request('/blocks/tip/hash', { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
    probe.stand.esplora.setFault();
    expect(await probe.text('/blocks/tip/hash')).toHaveLength(64);
  });
});
