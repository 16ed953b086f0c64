// Owns the VSS store's way to PostgreSQL over the network: a pool of connections and prepared statements.
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { Pool, types, type ClientBase, type CustomTypesConfig } from 'pg';
import { TernError } from '../../wire/errors.js';
import { sqlState, type Database, type Queryable, type Row } from './database.js';

const MAX_CONNECTIONS = 20;
const CONNECT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** Connects to `DATABASE_URL`. `storage_unavailable` where nothing answers there. */
export async function openPostgres(url: string, log: Logger): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'tern'
  });
  pool.on('error', (fault) => log.warn({ fault: fault.message }, 'an idle database connection broke'));
  try {
    await pool.query('SELECT 1');
  } catch (fault) {
    await pool.end();
    throw unavailable(fault);
  }
  return {
    ...queryable(pool),
    transaction: (run) => inTransaction(pool, run),
    close: () => pool.end()
  };
}

function queryable(connection: Pool | ClientBase): Queryable {
  return {
    query: async (text, values) => {
      const statement = { name: statementName(text), text, values, types: parsers };
      try {
        return (await connection.query<Row>(statement)).rows;
      } catch (fault) {
        throw isOutage(fault) ? unavailable(fault) : fault;
      }
    },
    script: async (sql) => {
      await connection.query(sql);
    }
  };
}

async function inTransaction<T>(pool: Pool, run: (transaction: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await run(queryable(client));
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (fault) {
    // Closing the connection rolls back, also where it is the connection that failed.
    client.release(true);
    throw fault;
  }
}

/** No answer at all, or one that tells of the server and not of the statement: connections refused or ended, shutdown, crash. */
function isOutage(fault: unknown): boolean {
  const state = sqlState(fault);
  return state === undefined || /^(08|53|57P)/.test(state);
}

function unavailable(fault: unknown): TernError {
  const why = fault instanceof Error ? fault.message || String('code' in fault && fault.code) : String(fault);
  return new TernError(
    'storage_unavailable',
    `PostgreSQL cannot be reached: ${why}.`,
    'Check DATABASE_URL and that PostgreSQL runs.'
  );
}

const statementNames = new Map<string, string>();

function statementName(text: string): string {
  const known = statementNames.get(text);
  if (known !== undefined) return known;
  const name = `tern_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  statementNames.set(text, name);
  return name;
}

/** As usual, but `bigint` without loss. */
const parsers: CustomTypesConfig = {
  getTypeParser: ((oid, format): unknown =>
    oid === types.builtins.INT8 ? BigInt : types.getTypeParser(oid, format)) as typeof types.getTypeParser
};
