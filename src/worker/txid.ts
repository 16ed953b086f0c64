// Owns the id of a raw transaction: the hash of all of it but its witnesses, as explorers write it.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';

const VERSION_BYTES = 4;
const LOCK_TIME_BYTES = 4;
/** BIP144: where a transaction without witnesses counts its inputs stand a zero and a flag. */
const MARKER_BYTES = 2;

export function txidOf(raw: Uint8Array): string {
  return bytesToHex(sha256(sha256(withoutWitnesses(raw))).reverse());
}

function withoutWitnesses(raw: Uint8Array): Uint8Array {
  const hasWitnesses = raw[VERSION_BYTES] === 0 && raw[VERSION_BYTES + 1] === 1;
  if (!hasWitnesses) return raw;
  const body = raw.subarray(VERSION_BYTES + MARKER_BYTES);
  return concatBytes(
    raw.subarray(0, VERSION_BYTES),
    body.subarray(0, lengthOfInputsAndOutputs(body)),
    raw.subarray(-LOCK_TIME_BYTES)
  );
}

function lengthOfInputsAndOutputs(body: Uint8Array): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const compactSize = (): number => {
    const first = view.getUint8(at++);
    if (first < 0xfd) return first;
    const bytes = first === 0xfd ? 2 : 4;
    const size = bytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    at += bytes;
    return size;
  };
  const skip = (bytes: number): void => void (at += bytes);
  for (let inputs = compactSize(); inputs > 0; inputs -= 1) {
    skip(36); // the coin
    skip(compactSize());
    skip(4); // its sequence number
  }
  for (let outputs = compactSize(); outputs > 0; outputs -= 1) {
    skip(8); // the amount
    skip(compactSize());
  }
  return at;
}
