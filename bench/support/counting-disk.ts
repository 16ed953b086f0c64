// Owns counting what a wallet writes: every commit passes on to the disk underneath, and its bytes are added up.
import type { DiskBatch } from '../../src/worker/disk.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import type { DiskContent } from '../../src/worker/disk-content.js';

/** A disk in memory, so that nothing but the wallet itself decides how its writes fall together. */
export class CountingDisk extends MemoryDisk {
  /** Transactions that changed something. */
  commits = 0;
  /** Keys and values of all rows written so far, device-only ones included. */
  writtenBytes = 0;

  constructor(content?: DiskContent) {
    super(content);
  }

  override commit(batch: DiskBatch): Promise<void> {
    const rows = batch.puts.map(
      ({ row, value }) => row.primary.length + row.secondary.length + row.key.length + value.length
    );
    const local = (batch.local ?? []).map(({ name, value }) => name.length + (value?.length ?? 0));
    const isChange = rows.length + batch.removes.length + local.length + (batch.clearOutbox?.length ?? 0) > 0;
    if (isChange) this.commits += 1;
    this.writtenBytes += [...rows, ...local].reduce((sum, bytes) => sum + bytes, 0);
    return super.commit(batch);
  }
}
