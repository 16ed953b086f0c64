// Owns the rows, bytes and asserts of the disk contract; they need no test runner, so that a page can load them.
import type { DiskBatch, RowKey } from '../../src/worker/disk.js';

export const MIB = 1 << 20;

/** A row by its three names. */
export function row(primary: string, secondary: string, key: string): RowKey {
  return { primary, secondary, key };
}

/** A row of the namespace that most cases use; it has an order of creation. */
export function at(key: string): RowKey {
  return row('payments', '', key);
}

/** A batch that only writes. */
export function puts(...rows: [RowKey, Uint8Array][]): DiskBatch {
  return { puts: rows.map(([key, value]) => ({ row: key, value })), removes: [] };
}

/** A batch that only removes. */
export function removes(...rows: RowKey[]): DiskBatch {
  return { puts: [], removes: rows };
}

/** Bytes by their values. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** Bytes that differ from chunk to chunk. */
export function pattern(length: number): Uint8Array {
  const value = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) value[index] = index * 31 + (index >> 20) * 7;
  return value;
}

/** Throws unless both have the same form and content. */
export function equal(actual: unknown, expected: unknown): void {
  const [found, wanted] = [textOf(actual), textOf(expected)];
  if (found !== wanted) throw new Error(`found ${found.slice(0, 500)}, wanted ${wanted.slice(0, 500)}`);
}

/** Throws unless the promise rejects with this code. */
export async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    (thrown: { code?: string }) => thrown.code
  );
  equal(outcome, code);
}

/** Equal values give equal text; long bytes are told by length and checksum. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === undefined) return '(undefined)';
    if (!(part instanceof Uint8Array)) return part;
    let sum = 0;
    for (const byte of part) sum = (Math.imul(sum, 31) + byte) | 0;
    return `${part.byteLength} bytes, sum ${sum}, ${Array.from(part.subarray(0, 8)).join(' ')}`;
  });
}
