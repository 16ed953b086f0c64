// Owns directories that are built from sources: one that bears the stamp of its sources is whole, and no checkout on this machine builds the same sources twice.
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hashSources } from './source-hash.js';

const stampName = '.source-hash';
const generations = 8;

export interface BuiltDirectory {
  /** Where the result is wanted; its parent must be on one file system with it. */
  target: string;
  /** Where results are kept, one directory a hash; the last eight stay. */
  cache: string;
  /** The hash of the sources, asked again after the build: sources that changed meanwhile leave no stamp. */
  hashOfSources: () => Promise<string>;
  /** Fills `target`, or rejects. */
  build: () => Promise<void>;
}

/** Brings `target` up to date: it is so already, or the cache has it, or it is built. Returns the hash of the sources. */
export async function buildOnce({ target, cache, hashOfSources, build }: BuiltDirectory): Promise<string> {
  const hash = await hashOfSources();
  if (await isBuiltFrom(target, hash)) return hash;
  const cached = path.join(cache, hash);
  if (await isBuiltFrom(cached, hash)) {
    await replaceDirectory(cached, target);
    return hash;
  }
  await rm(path.join(target, stampName), { force: true });
  await build();
  if ((await hashOfSources()) !== hash) return hash;
  await writeFile(path.join(target, stampName), await stampOf(target, hash));
  await replaceDirectory(target, cached);
  await forgetOld(cache);
  return hash;
}

/** The stamp also covers the files themselves: a build by hand replaces them and leaves the stamp. */
async function isBuiltFrom(directory: string, hash: string): Promise<boolean> {
  const stamp = await readFile(path.join(directory, stampName), 'utf8').catch(() => undefined);
  return stamp !== undefined && stamp === (await stampOf(directory, hash));
}

async function stampOf(directory: string, hash: string): Promise<string> {
  return `${hash} ${await hashSources(directory, ['.'], (file) => file !== stampName)}\n`;
}

/** A reader sees the old directory, none for a moment, or the whole new one; never half a copy. */
async function replaceDirectory(source: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const scratch = await mkdtemp(path.join(path.dirname(target), '.copying-'));
  try {
    await cp(source, path.join(scratch, 'new'), { recursive: true });
    await rename(target, path.join(scratch, 'old')).catch(() => undefined);
    await rename(path.join(scratch, 'new'), target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function forgetOld(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => !name.startsWith('.'));
  const kept = await Promise.all(
    names.map(async (name) => ({ name, changedAtMs: (await stat(path.join(cache, name))).mtimeMs }))
  );
  const old = kept.sort((left, right) => right.changedAtMs - left.changedAtMs).slice(generations);
  for (const { name } of old) await rm(path.join(cache, name), { recursive: true, force: true });
}
