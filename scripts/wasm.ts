// Owns wasm/pkg: it is always what `cargo xtask build` makes of the sources as they stand.
import path from 'node:path';
import { TernError } from '../src/wire/errors.js';
import { cacheDirectory } from '../tests/regtest/binaries.js';
import { buildOnce } from './built-once.js';
import { formatElapsed, repositoryRoot, runCommand, say, wasmDirectory } from './commands.js';
import { hashSources } from './source-hash.js';

/** What of wasm/ does not change the module: outputs, tests, benchmarks, and files that only people and editors read. */
function isSource(file: string): boolean {
  return !/(^|\/)(target|pkg|tests|vectors|fuzz|bench|node_modules)$/.test(file) && !/(\.md|~|\.swp)$/.test(file);
}

/**
 * Brings wasm/pkg up to date, from the cache or by building it. Returns the hash of what it is built from: crates, lock files, patches,
 * toolchain, build.
 * @throws TernError `internal` when the build fails
 */
export function ensureWasm(): Promise<string> {
  return buildOnce({
    target: path.join(wasmDirectory, 'pkg'),
    cache: path.join(cacheDirectory(), 'wasm'),
    hashOfSources: () => hashSources(repositoryRoot, ['wasm'], isSource),
    build
  });
}

async function build(): Promise<void> {
  const startedAtMs = Date.now();
  say('Building the node (Rust to WebAssembly). The first time this takes some minutes.');
  const code = await runCommand(['cargo', 'xtask', 'build'], { cwd: wasmDirectory });
  if (code === 0) return say(`Built the node in ${formatElapsed(Date.now() - startedAtMs)}.`);
  throw new TernError(
    'internal',
    'the WASM build failed',
    'Its messages are above: mend what they name, then try again.'
  );
}
