// Owns what the VSS store asks of a database: PostgreSQL over the network and PostgreSQL inside this process answer alike.

/** One row, by column name. `bigint` columns are bigint, `bytea` columns bytes. */
export type Row = Record<string, unknown>;

/** Where statements run: the database itself, or one transaction of it. */
export interface Queryable {
  /** Runs one statement with values for `$1`, `$2`, …; alone it is a transaction of its own. */
  query(sql: string, values: unknown[]): Promise<Row[]>;
  /** Runs several statements without values. */
  script(sql: string): Promise<void>;
}

/** A PostgreSQL database. A fault of the database carries its SQLSTATE in `code`. */
export interface Database extends Queryable {
  /** Runs all or nothing. */
  transaction<T>(run: (transaction: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The SQLSTATE of a fault that came from the database. */
export function sqlState(fault: unknown): string | undefined {
  if (!(fault instanceof Error) || !('code' in fault) || typeof fault.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(fault.code) ? fault.code : undefined;
}
