// Owns wasm/pkg: it is always what `cargo xtask build` makes of the sources as they stand, and no checkout on this machine builds the same sources twice.
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../tests/regtest/binaries.js';
import { TernError } from '../src/wire/errors.js';
import { formatElapsed, repositoryRoot, runCommand, say, wasmDirectory } from './commands.js';
import { hashSources } from './source-hash.js';

const packageDirectory = path.join(wasmDirectory, 'pkg');
const stampName = '.source-hash';
const generations = 8;

/** What of wasm/ does not change the module: its outputs, and files that only people and editors read. */
function isSource(file: string): boolean {
  return !/(^|\/)(target|pkg|node_modules)$/.test(file) && !/(\.md|~|\.swp)$/.test(file);
}

/** The hash of everything the WASM module is built from: crates, lock file, patches, toolchain, build. */
export function hashWasmSources(): Promise<string> {
  return hashSources(repositoryRoot, ['wasm'], isSource);
}

/**
 * Brings wasm/pkg up to date: from the cache, or by building it. Returns the hash of its sources.
 * @throws TernError `internal` when the build fails
 */
export async function ensureWasm(): Promise<string> {
  const hash = await hashWasmSources();
  if (await isBuiltFrom(packageDirectory, hash)) return hash;
  const cached = path.join(cacheDirectory(), 'wasm', hash);
  if (await isBuiltFrom(cached, hash)) {
    await replaceDirectory(cached, packageDirectory);
    return hash;
  }
  const started = Date.now();
  say('Building the node (Rust to WebAssembly). The first time this takes some minutes.');
  const code = await runCommand(['cargo', 'xtask', 'build'], { cwd: wasmDirectory });
  if (code !== 0)
    throw new TernError(
      'internal',
      'the WASM build failed',
      'Its messages are above: mend what they name, then try again.'
    );
  if ((await hashWasmSources()) !== hash) {
    say('The sources under wasm/ changed during the build: what was built is used now and not kept.');
    return hash;
  }
  await writeFile(path.join(packageDirectory, stampName), await stampOf(packageDirectory, hash));
  await keep(cached);
  say(`Built the node in ${formatElapsed(Date.now() - started)}.`);
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

async function keep(cached: string): Promise<void> {
  await replaceDirectory(packageDirectory, cached);
  const root = path.dirname(cached);
  const kept = await Promise.all(
    (await readdir(root)).map(async (name) => ({ name, changedAtMs: (await stat(path.join(root, name))).mtimeMs }))
  );
  const old = kept.sort((left, right) => right.changedAtMs - left.changedAtMs).slice(generations);
  for (const { name } of old) await rm(path.join(root, name), { recursive: true, force: true });
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
