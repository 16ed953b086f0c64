// Owns blocks that confirm nothing: a branch of them takes transactions out of the chain, and they wait again until somebody mines.
import { randomBytes } from 'node:crypto';
import { hex } from '@scure/base';
import { RawTx } from '@scure/btc-signer';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Chain } from './chain.js';
import { waitFor } from './wait.js';

interface Parent {
  hash: string;
  height: number;
  timeS: number;
  bits: number;
}

/** BIP9's bits, and nothing signalled. */
const version = 0x20000000;
const anybody = Uint8Array.of(0x51);

/** Replaces the top `depth` blocks by `count` empty ones, one more by default; resolves when the node has taken that branch. The new hashes. */
export async function forkEmpty(chain: Chain, depth: number, count = depth + 1): Promise<string[]> {
  const fork = await chain.rpc.call<string>('getblockhash', (await chain.height()) - depth);
  const { height, time, bits } = await chain.rpc.call<{ height: number; time: number; bits: string }>('getblock', fork);
  let parent: Parent = { hash: fork, height, timeS: time, bits: Number.parseInt(bits, 16) };
  const hashes: string[] = [];
  for (let mined = 0; mined < count; mined += 1) {
    const { block, next } = mineOn(parent);
    await chain.rpc.call('submitblock', hex.encode(block));
    parent = next;
    hashes.push(next.hash);
  }
  await waitFor(async () => (await chain.rpc.call<string>('getbestblockhash')) === parent.hash, {
    what: 'the node to take the other branch'
  });
  return hashes;
}

function mineOn({ hash, height, timeS, bits }: Parent): { block: Uint8Array; next: Parent } {
  const coinbase = coinbaseAt(height + 1);
  const header = new DataView(new ArrayBuffer(80));
  const bytes = new Uint8Array(header.buffer);
  const nextTimeS = Math.max(Math.floor(Date.now() / 1000), timeS + 1);
  header.setInt32(0, version, true);
  bytes.set(hex.decode(hash).reverse(), 4);
  bytes.set(twice(coinbase), 36);
  header.setUint32(68, nextTimeS, true);
  header.setUint32(72, bits, true);
  // Every second hash will do on regtest: the target's highest byte is 7f.
  for (let nonce = 0; (twice(bytes)[31] ?? 0) >= 0x7f; nonce += 1) header.setUint32(76, nonce, true);
  const next = { hash: hex.encode(twice(bytes).reverse()), height: height + 1, timeS: nextTimeS, bits };
  return { block: Uint8Array.of(...bytes, 1, ...coinbase), next };
}

/** BIP34: its height comes first. Random bytes make two of the same height differ. */
function coinbaseAt(height: number): Uint8Array {
  const heightBytes = height < 0x80 ? Uint8Array.of(1, height) : Uint8Array.of(2, height & 0xff, height >> 8);
  const inputs = [
    {
      txid: new Uint8Array(32),
      index: 0xffffffff,
      finalScriptSig: Uint8Array.of(...heightBytes, 8, ...randomBytes(8)),
      sequence: 0xffffffff
    }
  ];
  const outputs = [{ amount: 0n, script: anybody }];
  return RawTx.encode({ version: 2, segwitFlag: false, inputs, outputs, lockTime: 0 });
}

function twice(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}
