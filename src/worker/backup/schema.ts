// Owns the schema row: ldk-node's mark of how a store's keys and values are made. It lies on the server alone.
import type { RowKey } from '../disk.js';
import { tooNew } from './owner.js';

export const SCHEMA_ROW: RowKey = { primary: '', secondary: '', key: 'vss_schema_version' };

/** `VssSchemaVersion::V1` as LDK writes an enum of TLVs: its number, then an empty TLV stream. */
export const SCHEMA_VALUE: Uint8Array = Uint8Array.of(1, 0);

/** True for the row that is on the server, but on no disk. */
export function isSchemaRow(row: RowKey): boolean {
  return row.primary === SCHEMA_ROW.primary && row.secondary === SCHEMA_ROW.secondary && row.key === SCHEMA_ROW.key;
}

/** Throws `backup_schema_too_new` for any version but ours: stores of ours have had no other. */
export function checkSchema(value: Uint8Array): void {
  if (value[0] !== SCHEMA_VALUE[0]) throw tooNew();
}
