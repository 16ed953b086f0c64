// Owns the durable disk of a node under Node.js: an append-only journal, fsynced before a commit resolves; a torn tail is cut off at open, anything else broken is refused.
import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { DiskBatch } from '../../src/worker/disk.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { assertRowsOnce, isEmptyBatch } from '../../src/worker/rows.js';
import { TernError } from '../../src/wire/errors.js';
import { DiskContent, type ContentSnapshot } from '../../src/worker/disk-content.js';

/** A file: magic with version, then records. A record: payload length, CRC-32 of the payload (both u32 LE), payload (v8 serialization). */
const MAGIC = Buffer.from('TERNJ001');
const HEADER_BYTES = 8;

/** The first record of a file is a snapshot, all others are batches. */
type JournalRecord = { snapshot: ContentSnapshot } | { batch: DiskBatch };

/** A `Disk` in one file, read from memory. One process at a time may open it. */
export class JournalDisk extends MemoryDisk {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** Bytes of the file that are known to be whole and durable. */
  #lengthBytes: number;
  #lastCommit: Promise<void> = Promise.resolve();

  private constructor(path: string, content: DiskContent, lengthBytes: number) {
    super(content);
    this.#path = path;
    this.#lengthBytes = lengthBytes;
  }

  /** Opens or creates a journal and compacts it. Throws `storage_corrupt`, `schema_too_new`, `storage_full`, `storage_unavailable`. */
  static async open(path: string): Promise<JournalDisk> {
    const { content, compactBytes } = await replay(path);
    return new JournalDisk(path, content, compactBytes ?? (await compact(path, content)));
  }

  override async commit(batch: DiskBatch): Promise<void> {
    assertRowsOnce(batch);
    if (isEmptyBatch(batch)) return;
    const record = encode({ batch });
    const committed = this.#lastCommit.then(() => this.#append(record));
    this.#lastCommit = committed.catch(() => undefined);
    return committed;
  }

  override async close(): Promise<void> {
    await this.#lastCommit;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(record: Buffer): Promise<void> {
    try {
      this.#file ??= await openAt(this.#path, this.#lengthBytes);
      await writeAll(this.#file, record, this.#lengthBytes);
      await this.#file.datasync();
    } catch (thrown) {
      // After a failed write or sync nobody knows what the file holds: the next commit opens it anew and cuts it back.
      await this.#file?.close().catch(() => undefined);
      this.#file = undefined;
      throw toDiskError(thrown);
    }
    this.#lengthBytes += record.byteLength;
    // What was written is applied, not what the caller may have changed meanwhile.
    await super.commit(decodeBatch(record));
  }
}

/** `compactBytes`: the length of a file that holds a snapshot and nothing else, absent for any other. */
async function replay(path: string): Promise<{ content: DiskContent; compactBytes?: number }> {
  const bytes = await readFile(path).catch((thrown: unknown) => {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    throw toDiskError(thrown);
  });
  if (!bytes) return { content: new DiskContent() };
  assertMagic(bytes);
  const payloads = readRecords(bytes, MAGIC.byteLength);
  const [first, ...rest] = payloads.map((payload) => deserialize(payload) as JournalRecord);
  if (!first || !('snapshot' in first)) throw corrupt('it does not begin with a snapshot');
  const content = DiskContent.fromSnapshot(first.snapshot);
  for (const record of rest) {
    if (!('batch' in record)) throw corrupt('a snapshot stands where a transaction should');
    content.apply(record.batch);
  }
  const snapshotEnd = MAGIC.byteLength + HEADER_BYTES + (payloads[0]?.byteLength ?? 0);
  return snapshotEnd === bytes.byteLength ? { content, compactBytes: snapshotEnd } : { content };
}

/** The payloads of all whole records. Only the last append can be torn: one that is broken with more behind it is damage, and refused. */
function readRecords(bytes: Buffer, start: number): Buffer[] {
  const payloads: Buffer[] = [];
  for (let offset = start; offset < bytes.byteLength;) {
    const rest = bytes.subarray(offset);
    const end = rest.byteLength < HEADER_BYTES ? Infinity : HEADER_BYTES + rest.readUInt32LE(0);
    const payload = rest.subarray(HEADER_BYTES, end);
    const isWhole = end <= rest.byteLength && end > HEADER_BYTES && crc32(payload) === rest.readUInt32LE(4);
    if (!isWhole) {
      if (end >= rest.byteLength || rest.every((byte) => byte === 0)) break;
      throw corrupt(`the record at byte ${offset} fails its checksum`);
    }
    payloads.push(payload);
    offset += end;
  }
  return payloads;
}

/** Writes a new file with a snapshot alone and puts it in place of the old one. Returns its length in bytes. */
async function compact(path: string, content: DiskContent): Promise<number> {
  const bytes = Buffer.concat([MAGIC, encode({ snapshot: content.toSnapshot() })]);
  const newPath = `${path}.new`;
  try {
    const file = await open(newPath, 'w', 0o600);
    try {
      await writeAll(file, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(newPath, path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    throw toDiskError(thrown);
  }
  return bytes.byteLength;
}

async function openAt(path: string, lengthBytes: number): Promise<FileHandle> {
  const file = await open(path, 'r+');
  await file.truncate(lengthBytes);
  return file;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.byteLength - written, position + written);
    written += bytesWritten;
  }
}

function encode(record: JournalRecord): Buffer {
  const payload = serialize(record);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.byteLength, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

function decodeBatch(record: Buffer): DiskBatch {
  const { batch } = deserialize(record.subarray(HEADER_BYTES)) as { batch: DiskBatch };
  return batch;
}

function assertMagic(bytes: Buffer): void {
  const magic = bytes.subarray(0, MAGIC.byteLength);
  if (magic.equals(MAGIC)) return;
  if (!magic.subarray(0, 5).equals(MAGIC.subarray(0, 5))) throw corrupt('it is not a journal');
  throw new TernError(
    'schema_too_new',
    'The journal was written by another version of Tern.',
    'Use that version. Nothing was changed.'
  );
}

function corrupt(what: string): TernError {
  return new TernError(
    'storage_corrupt',
    `The journal is damaged: ${what}.`,
    'Restore the node from its backup or its words.'
  );
}

function toDiskError(thrown: unknown): TernError {
  if (thrown instanceof TernError) return thrown;
  const code = errorCode(thrown);
  const cause = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new TernError('storage_full', cause, 'Free some disk space.');
  if (code) return new TernError('storage_unavailable', cause, 'Check the disk and the directory.');
  return TernError.from(thrown);
}

function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
