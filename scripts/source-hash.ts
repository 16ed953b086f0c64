// Owns the identity of sources: the same files with the same bytes give the same hash, wherever the checkout lies.
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * SHA-256 over the paths and bytes of all files under `inputs`, in hex. An input that does not exist counts as absent.
 * @param base the directory that `inputs` are relative to
 * @param inputs files and directories
 * @param isIncluded told each path relative to `base`, with `/`; a directory that it refuses is not entered
 */
export async function hashSources(
  base: string,
  inputs: string[],
  isIncluded: (file: string) => boolean
): Promise<string> {
  const hash = createHash('sha256');
  for (const input of [...inputs].sort()) {
    for (const file of await listFiles(base, input, isIncluded)) {
      const bytes = await readFile(path.join(base, file));
      hash.update(`${file}\0${bytes.length}\0`).update(bytes);
    }
  }
  return hash.digest('hex');
}

async function listFiles(base: string, relative: string, isIncluded: (file: string) => boolean): Promise<string[]> {
  if (!isIncluded(relative)) return [];
  const found = await stat(path.join(base, relative)).catch(() => undefined);
  if (!found) return [];
  if (!found.isDirectory()) return [relative];
  const names = await readdir(path.join(base, relative));
  const nested = await Promise.all(
    names.sort().map((name) => listFiles(base, path.posix.join(relative, name), isIncluded))
  );
  return nested.flat();
}
