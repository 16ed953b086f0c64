// Owns which rows the backup replicates: everything but what can be rebuilt (graph, scorer) and what belongs to this device alone.
import type { RowKey } from './disk.js';

/** Namespace of rows that stay on this device. */
const DEVICE_NAMESPACE = 'local';
/** Keys under LDK's empty namespaces that any device can rebuild. */
const REBUILDABLE_KEYS = new Set(['network_graph', 'scorer']);

/** True when a write of this row must be marked in the outbox. */
export function isReplicated(row: RowKey): boolean {
  if (row.primary === DEVICE_NAMESPACE) return false;
  return row.primary !== '' || row.secondary !== '' || !REBUILDABLE_KEYS.has(row.key);
}
