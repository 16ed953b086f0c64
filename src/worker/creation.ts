// Owns which namespaces have an order of creation: to keep it costs a write for every new row, so only those have it that are read in it.
import { TernError } from '../wire/errors.js';
import type { RowKey } from './disk.js';

/** One more needs a migration too: the rows that a disk has by then have no order. */
const ORDERED: readonly Omit<RowKey, 'key'>[] = [{ primary: 'payments', secondary: '' }];

/** True when `Disk.listPage` can page this namespace. */
export function hasCreationOrder({ primary, secondary }: Omit<RowKey, 'key'>): boolean {
  return ORDERED.some((namespace) => namespace.primary === primary && namespace.secondary === secondary);
}

/** Refuses to page a namespace whose order nobody keeps. Throws `internal`. */
export function assertCreationOrder(primary: string, secondary: string): void {
  if (hasCreationOrder({ primary, secondary })) return;
  throw new TernError(
    'internal',
    `The namespace ${JSON.stringify([primary, secondary])} has no order of creation.`,
    'Reload the wallet. Nothing was changed.'
  );
}
