// Owns build/: the built app, made again exactly when something that goes into it changed.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TernError } from '../src/wire/errors.js';
import { formatElapsed, nodeProgram, repositoryRoot, runCommand, say } from './commands.js';
import { hashSources } from './source-hash.js';
import { ensureWasm } from './wasm.js';

/** Where the built app lies, absolute. */
export const appDirectory = path.join(repositoryRoot, 'build');

const stampFile = path.join(repositoryRoot, '.svelte-kit', 'build-hash');
const inputs = [
  'src',
  'static',
  'messages',
  'project.inlang',
  'vite.config.ts',
  'svelte.config.js',
  'tsconfig.json',
  'package.json',
  'package-lock.json'
];

/**
 * Builds the WASM node and the app unless both are up to date. Returns the directory of the app.
 * @throws TernError `internal` when a build fails
 */
export async function ensureApp(): Promise<string> {
  const wasmHash = await ensureWasm();
  const sources = await hashSources(
    repositoryRoot,
    inputs,
    (file) => file !== 'src/server' && !file.endsWith('.test.ts')
  );
  const hash = `${sources} ${wasmHash}`;
  if (
    (await readFile(stampFile, 'utf8').catch(() => '')) === hash &&
    (await exists(path.join(appDirectory, 'index.html')))
  ) {
    return appDirectory;
  }
  const started = Date.now();
  say('Building the app.');
  const code = await runCommand(nodeProgram('vite/bin/vite.js', 'build', '--logLevel', 'warn'), {
    env: { NODE_ENV: 'production' }
  });
  if (code !== 0)
    throw new TernError(
      'internal',
      'the build of the app failed',
      'Its messages are above: mend what they name, then try again.'
    );
  await mkdir(path.dirname(stampFile), { recursive: true });
  await writeFile(stampFile, hash);
  say(`Built the app in ${formatElapsed(Date.now() - started)}.`);
  return appDirectory;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false
  );
}
