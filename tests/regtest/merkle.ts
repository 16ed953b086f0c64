// Owns merkle trees of blocks: branches and partial trees (BIP37) that anyone can recompute to the header's root.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { CompactSize } from '@scure/btc-signer';

/** The root over `txids`, all in the reversed hex people read. */
export function merkleRoot(txids: string[]): string {
  return toReadable(levelsOf(txids).at(-1)?.[0] ?? new Uint8Array(32));
}

/** The hashes that `txids[position]` is paired with, deepest first. */
export function merkleBranch(txids: string[], position: number): string[] {
  const branch: string[] = [];
  for (const level of levelsOf(txids).slice(0, -1)) {
    const index = position >> branch.length;
    branch.push(toReadable(level[index ^ 1] ?? at(level, index)));
  }
  return branch;
}

/** A serialized `merkleblock` message that proves `txids[position]`, as Core's `gettxoutproof` gives it. */
export function merkleBlock(header: Uint8Array, txids: string[], position: number): Uint8Array {
  const levels = levelsOf(txids);
  const hashes: Uint8Array[] = [];
  const bits: boolean[] = [];
  const visit = (height: number, index: number): void => {
    const holdsMatch = position >> height === index;
    bits.push(holdsMatch);
    if (height === 0 || !holdsMatch) {
      hashes.push(at(at(levels, height), index));
      return;
    }
    visit(height - 1, index * 2);
    if (index * 2 + 1 < at(levels, height - 1).length) visit(height - 1, index * 2 + 1);
  };
  visit(levels.length - 1, 0);
  const flags = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (flags[i >> 3] = (flags[i >> 3] ?? 0) | (bit ? 1 << (i & 7) : 0)));
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, txids.length, true);
  const sized = (length: number): Uint8Array => CompactSize.encode(BigInt(length));
  return concatBytes(header, count, sized(hashes.length), ...hashes, sized(flags.length), flags);
}

/** The leaves first, the root last; an odd level pairs its last hash with itself. */
function levelsOf(txids: string[]): Uint8Array[][] {
  const levels = [txids.map((txid) => hex.decode(txid).reverse())];
  for (let level = at(levels, 0); level.length > 1; level = at(levels, levels.length - 1)) {
    const parents: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      parents.push(sha256(sha256(concatBytes(at(level, i), level[i + 1] ?? at(level, i)))));
    }
    levels.push(parents);
  }
  return levels;
}

function at<T>(items: T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${items.length}`);
  return item;
}

function toReadable(hash: Uint8Array): string {
  return hex.encode(hash.slice().reverse());
}
