// Owns the schema of the VSS store. The list is append-only: what has been applied anywhere is never edited.
import { TernError } from '../../wire/errors.js';
import type { Database, Queryable } from './database.js';

/** SQLSTATE that `vss_put` raises, undoing all it did, when an expected version does not match. */
export const CONFLICT_STATE = 'VS409';

/**
 * Objects are ordered by `sort_order`, the time of their creation: the sequence counts requests, the lower ten bits the items of one. It
 * and the versions lie outside all indexes that a new version would have to touch. Values are sealed, so compressing them is in vain.
 * Stores have numbers, as the planner guesses the size of a store far too low where two columns name it.
 *
 * `vss_put` applies one request. Its items have distinct keys and come sorted; all existing rows are locked in that order before anything
 * is written. `expected`: a version, 0 for a missing object, -1 for any state, -2 for any existing object. `resulting`: the new version,
 * 0 to delete. `starts` (from 1) and `lengths` cut the values out of `bytes`. Every row is found by its primary key: a join of another
 * kind would read the whole store to find a few.
 */
const CREATE_OBJECTS = `
CREATE TABLE vss_store (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_token text COLLATE "C" NOT NULL,
  store_id text COLLATE "C" NOT NULL,
  UNIQUE (user_token, store_id)
);
CREATE TABLE vss_object (
  store bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  sort_order bigint NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (store, key)
) WITH (fillfactor = 80);
ALTER TABLE vss_object ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX vss_object_by_creation ON vss_object (store, sort_order DESC);
CREATE SEQUENCE vss_creation;

CREATE FUNCTION vss_store_number(of_user text, of_store text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  found_number bigint;
BEGIN
  SELECT number INTO found_number FROM vss_store WHERE user_token = of_user AND store_id = of_store;
  IF found_number IS NULL THEN
    INSERT INTO vss_store (user_token, store_id) VALUES (of_user, of_store) ON CONFLICT DO NOTHING;
    SELECT number INTO found_number FROM vss_store WHERE user_token = of_user AND store_id = of_store;
  END IF;
  RETURN found_number;
END
$$;

CREATE FUNCTION vss_put(
  of_user text, of_store text, keys text[], expected bigint[], resulting bigint[], ordinals int[], starts int[], lengths int[], bytes bytea
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of_number bigint := vss_store_number(of_user, of_store);
  mismatches bigint;
  creations bigint;
  overwrites bigint;
  deletions bigint;
  written bigint;
  creation bigint;
BEGIN
  SELECT
    count(*) FILTER (WHERE CASE item.expected
      WHEN -1 THEN false
      WHEN 0 THEN locked.version IS NOT NULL
      WHEN -2 THEN locked.version IS NULL
      ELSE locked.version IS DISTINCT FROM item.expected
    END),
    count(*) FILTER (WHERE item.resulting > 0 AND item.expected = 0),
    count(*) FILTER (WHERE item.resulting > 0 AND item.expected <> 0),
    count(*) FILTER (WHERE item.resulting = 0)
  INTO mismatches, creations, overwrites, deletions
  FROM unnest(keys, expected, resulting) AS item (key, expected, resulting)
  LEFT JOIN LATERAL (
    SELECT o.version FROM vss_object o WHERE o.store = of_number AND o.key = item.key FOR UPDATE
  ) AS locked ON true;
  IF mismatches > 0 THEN
    RAISE EXCEPTION 'expected version does not match' USING ERRCODE = 'VS409';
  END IF;

  IF creations > 0 OR -1 = ANY (expected) THEN
    creation := nextval('vss_creation') * 1024;
  END IF;

  IF creations > 0 THEN
    INSERT INTO vss_object (store, key, version, sort_order, value)
    SELECT of_number, item.key, item.resulting, creation + item.ordinal, substring(bytes FROM item.start FOR item.length)
    FROM unnest(keys, expected, resulting, ordinals, starts, lengths) AS item (key, expected, resulting, ordinal, start, length)
    WHERE item.resulting > 0 AND item.expected = 0
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < creations THEN
      RAISE EXCEPTION 'object exists' USING ERRCODE = 'VS409';
    END IF;
  END IF;

  IF overwrites > 0 THEN
    INSERT INTO vss_object (store, key, version, sort_order, value)
    SELECT of_number, item.key, item.resulting, coalesce(creation, 0) + item.ordinal, substring(bytes FROM item.start FOR item.length)
    FROM unnest(keys, expected, resulting, ordinals, starts, lengths) AS item (key, expected, resulting, ordinal, start, length)
    WHERE item.resulting > 0 AND item.expected <> 0
    ON CONFLICT (store, key) DO UPDATE SET version = EXCLUDED.version, value = EXCLUDED.value;
  END IF;

  IF deletions > 0 THEN
    DELETE FROM vss_object o USING unnest(keys, resulting) AS item (key, resulting)
    WHERE item.resulting = 0 AND o.store = of_number AND o.key = item.key;
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
