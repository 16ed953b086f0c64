// Owns the VSS store's embedded PostgreSQL (PGlite) in a directory. A commit is answered only when it is on the disk, as with any PostgreSQL.
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, types, type Transaction } from '@electric-sql/pglite';
import { EmscriptenBuiltinFilesystem } from '@electric-sql/pglite/basefs';
import { TernError } from '../../wire/errors.js';
import type { Database, Queryable, Row } from './database.js';
import { lockDirectory } from './directory-lock.js';

/**
 * PGlite's own parameters less `-F`, which would turn fsync off, and with the one way to sync the log that reaches `DurableNodeFs`:
 * `fdatasync` does nothing in this build.
 */
const START_PARAMETERS = [
  '--single',
  '-O',
  '-j',
  ...[
    'search_path=public',
    'exit_on_error=false',
    'log_checkpoints=false',
    'max_worker_processes=0',
    'max_parallel_workers=0',
    'max_parallel_workers_per_gather=0',
    'max_parallel_maintenance_workers=0',
    'io_method=sync',
    'fsync=on',
    'wal_sync_method=fsync'
  ].flatMap((setting) => ['-c', setting])
];
/** How PostgreSQL writes `bytea` as text. */
const HEX_MARK = '\\x';
const DATA_MOUNT = '/pglite/data';
/** PGlite has no autovacuum: without one every replaced value would stay on the disk for ever. */
const STATEMENTS_PER_VACUUM = 2_000;

/** Opens or creates the store in `directory`. `storage_unavailable` where another process has it, or it cannot be read. */
export async function openPglite(directory: string): Promise<Database> {
  const database = join(directory, 'pglite');
  await mkdir(database, { recursive: true }).catch((fault: unknown) => {
    throw unavailable(directory, fault);
  });
  const unlock = await lockDirectory(directory);
  let pglite: PGlite;
  try {
    pglite = await PGlite.create({
      fs: new DurableNodeFs(database),
      startParams: START_PARAMETERS,
      parsers: { [types.INT8]: BigInt, [types.BYTEA]: (text) => Buffer.from(text.slice(HEX_MARK.length), 'hex') },
      serializers: { [types.BYTEA]: (bytes: Buffer) => HEX_MARK + bytes.toString('hex') }
    });
  } catch (fault) {
    await unlock();
    throw unavailable(directory, fault);
  }
  return {
    ...withVacuum(queryable(pglite)),
    transaction: (run) => pglite.transaction((transaction) => run(queryable(transaction))),
    close: async () => {
      await pglite.close();
      await unlock();
    }
  };
}

function queryable(connection: PGlite | Transaction): Queryable {
  return {
    query: async (sql, values) => (await connection.query<Row>(sql, values)).rows,
    script: async (sql) => {
      await connection.exec(sql);
    }
  };
}

function withVacuum(connection: Queryable): Queryable {
  let statements = 0;
  return {
    ...connection,
    query: async (sql, values) => {
      const rows = await connection.query(sql, values);
      if (++statements % STATEMENTS_PER_VACUUM === 0) await connection.script('VACUUM (ANALYZE)');
      return rows;
    }
  };
}

type Init = EmscriptenBuiltinFilesystem['init'];

/** What Emscripten keeps of an open file or directory of the real disk. */
interface DiskStream {
  nfd?: number;
  node: unknown;
}
/** The real disk as a filesystem type of Emscripten. */
interface DiskFilesystem {
  realPath(node: unknown): string;
  stream_ops: { fsync?(stream: DiskStream): number };
}
/** The parts of PGlite's module that are used here; its own types leave them open. */
interface DiskModule {
  NODEFS: DiskFilesystem;
  FS: {
    mkdirTree(path: string): void;
    mount(type: DiskFilesystem, options: { root: string }, path: string): void;
    quit(): void;
  };
}

/** A directory of the real disk whose files can be synced, which Emscripten's own mount leaves out. */
class DurableNodeFs extends EmscriptenBuiltinFilesystem {
  constructor(private readonly directory: string) {
    super();
  }

  override init(pg: Parameters<Init>[0], options: Parameters<Init>[1]): ReturnType<Init> {
    this.pg = pg;
    const mount = (module: unknown): void => {
      const { FS, NODEFS } = module as DiskModule;
      addSync(NODEFS);
      FS.mkdirTree(DATA_MOUNT);
      FS.mount(NODEFS, { root: this.directory }, DATA_MOUNT);
    };
    return Promise.resolve({ emscriptenOpts: { ...options, preRun: [...(options.preRun ?? []), mount] } });
  }

  override closeFs(): Promise<void> {
    (this.pg?.Module as DiskModule | undefined)?.FS.quit();
    return Promise.resolve();
  }
}

function addSync(disk: DiskFilesystem): void {
  disk.stream_ops.fsync = (stream) => {
    if (stream.nfd !== undefined) {
      fsyncSync(stream.nfd);
      return 0;
    }
    const directory = openSync(disk.realPath(stream.node), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
    return 0;
  };
}

function unavailable(directory: string, fault: unknown): TernError {
  const why = fault instanceof Error ? fault.message : String(fault);
  return new TernError(
    'storage_unavailable',
    `The VSS store in ${directory} cannot be opened: ${why}.`,
    'Check the directory, or name another with --data.'
  );
}
