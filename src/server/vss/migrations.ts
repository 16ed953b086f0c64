// Owns the schema of the VSS store. The list is append-only: what has been applied anywhere is never edited.
import { TernError } from '../../wire/errors.js';
import type { Database, Queryable } from './database.js';

/** SQLSTATE that `vss_put` raises, undoing all it did, when an expected version does not match. */
export const CONFLICT_STATE = 'VS409';

/**
 * Objects are ordered by `sort_order`, the time of their creation: the sequence counts requests, the lower ten bits the items of one. It
 * and the versions lie outside all indexes that a new version would have to touch. Values are sealed, so compressing them is in vain.
 *
 * `vss_put` applies one request. Its items have distinct keys and come sorted; all existing rows are locked in that order before anything
 * is written. Each statement names the keys twice, so that no plan reads the whole store to find a few. `expected`: a version, 0 for a missing object, -1 for any state, -2 for any existing object. `resulting`: the new version,
 * 0 to delete. `starts` (from 1) and `lengths` cut the values out of `bytes`.
 */
const CREATE_OBJECTS = `
CREATE TABLE vss_object (
  user_token text COLLATE "C" NOT NULL,
  store_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  sort_order bigint NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (user_token, store_id, key)
) WITH (fillfactor = 80);
ALTER TABLE vss_object ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX vss_object_by_creation ON vss_object (user_token, store_id, sort_order DESC);
CREATE SEQUENCE vss_creation;

CREATE FUNCTION vss_put(
  of_user text, of_store text, keys text[], expected bigint[], resulting bigint[], ordinals int[], starts int[], lengths int[], bytes bytea
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  mismatches bigint;
  inserts bigint;
  written bigint;
  creation bigint;
BEGIN
  WITH locked AS MATERIALIZED (
    SELECT o.key, o.version FROM vss_object o
    WHERE o.user_token = of_user AND o.store_id = of_store AND o.key = ANY (keys)
    ORDER BY o.key FOR UPDATE
  )
  SELECT count(*) FILTER (WHERE CASE item.expected
      WHEN -1 THEN false
      WHEN 0 THEN locked.key IS NOT NULL
      WHEN -2 THEN locked.key IS NULL
      ELSE locked.version IS DISTINCT FROM item.expected
    END),
    count(*) FILTER (WHERE item.expected = 0 AND item.resulting > 0)
  INTO mismatches, inserts
  FROM unnest(keys, expected, resulting) AS item (key, expected, resulting) LEFT JOIN locked ON locked.key = item.key;
  IF mismatches > 0 THEN
    RAISE EXCEPTION 'expected version does not match' USING ERRCODE = 'VS409';
  END IF;

  IF inserts < cardinality(keys) THEN
    UPDATE vss_object o SET version = item.resulting, value = substring(bytes FROM item.start FOR item.length)
    FROM unnest(keys, expected, resulting, starts, lengths) AS item (key, expected, resulting, start, length)
    WHERE o.user_token = of_user AND o.store_id = of_store AND o.key = ANY (keys)
      AND o.key = item.key AND item.expected > 0 AND item.resulting > 0;
  END IF;

  IF inserts > 0 OR -1 = ANY (expected) THEN
    creation := nextval('vss_creation') * 1024;
  END IF;

  IF inserts > 0 THEN
    INSERT INTO vss_object (user_token, store_id, key, version, sort_order, value)
    SELECT of_user, of_store, item.key, item.resulting, creation + item.ordinal,
      substring(bytes FROM item.start FOR item.length)
    FROM unnest(keys, expected, resulting, ordinals, starts, lengths) AS item (key, expected, resulting, ordinal, start, length)
    WHERE item.expected = 0 AND item.resulting > 0
    ORDER BY item.key
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < inserts THEN
      RAISE EXCEPTION 'object exists' USING ERRCODE = 'VS409';
    END IF;
  END IF;

  IF -1 = ANY (expected) THEN
    INSERT INTO vss_object (user_token, store_id, key, version, sort_order, value)
    SELECT of_user, of_store, item.key, item.resulting, creation + item.ordinal,
      substring(bytes FROM item.start FOR item.length)
    FROM unnest(keys, expected, resulting, ordinals, starts, lengths) AS item (key, expected, resulting, ordinal, start, length)
    WHERE item.expected = -1 AND item.resulting > 0
    ORDER BY item.key
    ON CONFLICT (user_token, store_id, key) DO UPDATE SET version = EXCLUDED.version, value = EXCLUDED.value;
  END IF;

  IF 0 = ANY (resulting) THEN
    DELETE FROM vss_object o
    USING unnest(keys, resulting) AS item (key, resulting)
    WHERE o.user_token = of_user AND o.store_id = of_store AND o.key = ANY (keys) AND o.key = item.key AND item.resulting = 0;
  END IF;
END
$$;
`;

const MIGRATIONS: readonly string[] = [CREATE_OBJECTS];
/** Any number will do that nobody else uses in the same database: "tern" in ASCII. */
const MIGRATION_LOCK = 0x7465726e;

/**
 * Brings the schema up to date. Of many servers that start at once over one database, one does it and the others wait. `schema_too_new`:
 * a newer Tern has been here.
 */
export async function migrate(database: Database, migrations: readonly string[] = MIGRATIONS): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await transaction.script('CREATE TABLE IF NOT EXISTS vss_schema (version int NOT NULL)');
    const applied = await appliedVersion(transaction);
    if (applied > migrations.length) throw tooNew(applied, migrations.length);
    if (applied === migrations.length) return;
    for (const migration of migrations.slice(applied)) await transaction.script(migration);
    await transaction.script(`DELETE FROM vss_schema; INSERT INTO vss_schema VALUES (${migrations.length})`);
  });
}

async function appliedVersion(transaction: Queryable): Promise<number> {
  const [row] = await transaction.query('SELECT version FROM vss_schema', []);
  return row === undefined ? 0 : Number(row.version);
}

function tooNew(applied: number, known: number): TernError {
  return new TernError(
    'schema_too_new',
    `The VSS store has schema ${applied}; this server knows only up to ${known}.`,
    'Start the newer version of Tern that made it.'
  );
}
