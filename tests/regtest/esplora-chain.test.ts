// Owns the proof that blocks, transactions and proofs are told as they are: checked against the node and against own arithmetic.
import { concatBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doubleHash, EsploraProbe, newKey, spend, type TransactionJson } from './esplora-probe.js';

let probe: EsploraProbe;

beforeAll(async () => {
  probe = await EsploraProbe.start();
}, 120_000);
afterAll(() => probe?.stand.stop());

describe('blocks', () => {
  test('the tip is the node’s tip right after mining', async () => {
    const [hash] = await probe.stand.chain.generate(1);
    expect(await probe.text('/blocks/tip/hash')).toBe(hash);
    expect(Number(await probe.text('/blocks/tip/height'))).toBe(await probe.stand.chain.height());
  });

  test('a block’s fields are those of its 80 header bytes', async () => {
    const [hash = ''] = await probe.stand.chain.generate(1);
    const block = await probe.json<Record<string, number | string>>(`/block/${hash}`);
    const header = hex.decode(await probe.text(`/block/${hash}/header`));
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
    const raw = new Uint8Array(await (await probe.request(`/block/${hash}/raw`)).arrayBuffer());
    expect(raw.length).toBe(block.size);
    expect(hex.encode(raw.slice(0, 80))).toBe(hex.encode(header));
  });

  test('/blocks gives the latest ten, /blocks/:height the ten up to it, the first of all without a parent', async () => {
    const latest = await probe.json<{ height: number; id: string; previousblockhash: string }[]>('/blocks');
    const tip = await probe.stand.chain.height();
    expect(latest.map(({ height }) => height)).toEqual(Array.from({ length: 10 }, (_, i) => tip - i));
    expect(latest.slice(1).map(({ id }) => id)).toEqual(latest.slice(0, 9).map((block) => block.previousblockhash));
    const oldest = await probe.json<{ height: number; previousblockhash: string | null }[]>('/blocks/2');
    expect(oldest.map(({ height }) => height)).toEqual([2, 1, 0]);
    expect(oldest[2]?.previousblockhash).toBeNull();
  });

  test('/block-height gives the node’s hash, and 404 above the tip', async () => {
    expect(await probe.text('/block-height/7')).toBe(await probe.stand.chain.rpc.call<string>('getblockhash', 7));
    expect((await probe.request('/block-height/100000')).status).toBe(404);
  });

  test('a block’s transactions come by id, by index and in full', async () => {
    const txid = await probe.stand.chain.fund(newKey().address, 50_000n);
    const [hash = ''] = await probe.stand.chain.generate(1);
    const txids = await probe.json<string[]>(`/block/${hash}/txids`);
    expect(txids).toContain(txid);
    expect(await probe.text(`/block/${hash}/txid/1`)).toBe(txids[1]);
    const full = await probe.json<TransactionJson[]>(`/block/${hash}/txs`);
    expect(full.map((each) => each.txid)).toEqual(txids);
    expect(full[0]?.vin[0]).toMatchObject({ is_coinbase: true, prevout: null, vout: 0xffffffff });
  });
});

describe('transactions', () => {
  test('fee, size, weight and prevouts are what @scure/btc-signer computes', async () => {
    const [from, to] = [newKey(), newKey()];
    const transaction = spend(from, await probe.fundedCoin(from), to, 777n);
    expect(await (await probe.broadcast(transaction)).text()).toBe(transaction.id);
    const told = await probe.json<TransactionJson>(`/tx/${transaction.id}`);
    expect(told).toMatchObject({ fee: 777, size: transaction.toBytes(true, true).length, weight: transaction.weight });
    expect(told.vin[0]?.prevout).toMatchObject({ value: 100_000, scriptpubkey_address: from.address });
    expect(told.vout[0]).toMatchObject({ value: 99_223, scriptpubkey_address: to.address });
    expect(told.status).toEqual({ confirmed: false });
  });

  test('raw and hex are the bytes that were broadcast', async () => {
    const [from, to] = [newKey(), newKey()];
    const transaction = spend(from, await probe.fundedCoin(from), to);
    await probe.broadcast(transaction);
    expect(await probe.text(`/tx/${transaction.id}/hex`)).toBe(transaction.hex);
    const raw = await (await probe.request(`/tx/${transaction.id}/raw`)).arrayBuffer();
    expect(hex.encode(new Uint8Array(raw))).toBe(transaction.hex);
  });

  test('an unknown transaction is 404, its status unconfirmed', async () => {
    const unknown = 'ab'.repeat(32);
    for (const path of ['', '/raw', '/hex', '/merkle-proof', '/merkleblock-proof']) {
      expect((await probe.request(`/tx/${unknown}${path}`)).status).toBe(404);
    }
    expect(await probe.json(`/tx/${unknown}/status`)).toEqual({ confirmed: false });
  });

  test('a merkle proof leads to the header’s root, at every position of blocks with 1 to 6 transactions', async () => {
    await probe.stand.chain.generate(1);
    for (let payments = 0; payments < 6; payments++) {
      for (let i = 0; i < payments; i++) await probe.stand.chain.fund(newKey().address, 20_000n);
      const [hash = ''] = await probe.stand.chain.generate(1);
      const txids = await probe.json<string[]>(`/block/${hash}/txids`);
      expect(txids).toHaveLength(payments + 1);
      const root = hex.encode(
        hex
          .decode(await probe.text(`/block/${hash}/header`))
          .slice(36, 68)
          .reverse()
      );
      for (const [position, txid] of txids.entries()) {
        const proof = await probe.json<{ block_height: number; merkle: string[]; pos: number }>(
          `/tx/${txid}/merkle-proof`
        );
        expect(proof).toMatchObject({ block_height: await probe.stand.chain.height(), pos: position });
        expect(rootOfBranch(txid, proof.merkle, position)).toBe(root);
        expect(matchOfMerkleBlock(hex.decode(await probe.text(`/tx/${txid}/merkleblock-proof`)))).toEqual({
          root,
          txid,
          position
        });
      }
    }
  });

  test('outspend follows an output from unspent over mempool to confirmed, as the node does', async () => {
    const [from, to] = [newKey(), newKey()];
    const coin = await probe.fundedCoin(from);
    const path = `/tx/${coin.txid}/outspend/0`;
    expect(await probe.json(path)).toEqual({ spent: false });
    expect(await probe.stand.chain.isUnspent(coin.txid, 0)).toBe(true);
    const spender = spend(from, coin, to);
    await probe.broadcast(spender);
    expect(await probe.json(path)).toEqual({ spent: true, txid: spender.id, vin: 0, status: { confirmed: false } });
    expect(await probe.stand.chain.isUnspent(coin.txid, 0)).toBe(false);
    const [hash] = await probe.stand.chain.generate(1);
    expect(await probe.json(path)).toMatchObject({ txid: spender.id, status: { confirmed: true, block_hash: hash } });
    expect(await probe.stand.chain.isUnspent(coin.txid, 0)).toBe(false);
    expect((await probe.json<object[]>(`/tx/${coin.txid}/outspends`))[0]).toEqual(await probe.json(path));
  });
});

/** The root that a `/merkle-proof` leads to, by recomputation. */
function rootOfBranch(txid: string, branch: string[], position: number): string {
  let hash: Uint8Array = hex.decode(txid).reverse();
  branch.forEach((sibling, level) => {
    const other = hex.decode(sibling).reverse();
    hash = doubleHash((position >> level) & 1 ? concatBytes(other, hash) : concatBytes(hash, other));
  });
  return hex.encode(hash.slice().reverse());
}

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
