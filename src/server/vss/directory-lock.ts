// Owns the right to a data directory: one process at a time, as two servers over the same files would destroy them.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TernError } from '../../wire/errors.js';

const LOCK_FILE = 'lock';
const held = new Set<string>();

/**
 * Takes the lock and returns how to give it back. A lock whose process is gone is taken over. `storage_unavailable`: the directory is in
 * use.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = resolve(directory, LOCK_FILE);
  if (held.has(file)) throw inUse(directory, process.pid);
  held.add(file);
  try {
    await takeFile(directory, file);
  } catch (fault) {
    held.delete(file);
    throw fault;
  }
  return async () => {
    await rm(file, { force: true });
    held.delete(file);
  };
}

async function takeFile(directory: string, file: string): Promise<void> {
  const content = `${process.pid}\n`;
  try {
    return await writeFile(file, content, { flag: 'wx' });
  } catch (fault) {
    if (!(fault instanceof Error && 'code' in fault && fault.code === 'EEXIST')) throw notWritable(directory, fault);
  }
  const holder = Number.parseInt(await readFile(file, 'utf8'), 10);
  // Our own id is left over from before a restart: process ids repeat in containers.
  if (holder !== process.pid && isRunning(holder)) throw inUse(directory, holder);
  await rm(file, { force: true });
  await writeFile(file, content, { flag: 'wx' }).catch(() => {
    throw inUse(directory, holder);
  });
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (fault) {
    return fault instanceof Error && 'code' in fault && fault.code === 'EPERM';
  }
}

function inUse(directory: string, pid: number): TernError {
  return new TernError(
    'storage_unavailable',
    `${directory} is in use by process ${pid}.`,
    `Stop that process, or name another directory with --data. If it is no server of Tern, delete ${join(directory, LOCK_FILE)}.`
  );
}

function notWritable(directory: string, fault: unknown): TernError {
  const why = fault instanceof Error ? fault.message : String(fault);
  return new TernError(
    'storage_unavailable',
    `${directory} cannot be written: ${why}.`,
    'Check its permissions, or name another with --data.'
  );
}
