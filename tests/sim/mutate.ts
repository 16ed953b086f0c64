// Owns the trial of the simulated world: each mutation is made in a copy of the product, and the runs named with it must fail there. The checkout is not touched.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS, type Mutation } from './mutations.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['src', 'tests', 'wasm/pkg', 'package.json', 'tsconfig.json'];
const LINKED = ['node_modules', '.svelte-kit'];
/** A run that hangs has noticed nothing. */
const MOST_MS = 600_000;

/** Tries every mutation, or those whose description holds the text given. Exits non-zero when one goes unnoticed. */
export async function tryMutations(text = ''): Promise<void> {
  let unnoticed = 0;
  for (const mutation of MUTATIONS.filter(({ breaks }) => breaks.includes(text))) {
    const beganMs = performance.now();
    const isCaught = await isNoticed(mutation);
    if (!isCaught) unnoticed += 1;
    const seconds = Math.round((performance.now() - beganMs) / 1000);
    process.stdout.write(`${isCaught ? 'caught   ' : 'UNNOTICED'} ${mutation.breaks} (${seconds} s)\n`);
  }
  process.exit(unnoticed === 0 ? 0 : 1);
}

async function isNoticed(mutation: Mutation): Promise<boolean> {
  const copy = await mkdtemp(path.join(tmpdir(), 'tern-mutation-'));
  try {
    for (const name of COPIED) await cp(path.join(REPOSITORY, name), path.join(copy, name), { recursive: true });
    for (const name of LINKED) await symlink(path.join(REPOSITORY, name), path.join(copy, name));
    await mutate(path.join(copy, mutation.file), mutation);
    return (await run(copy, mutation.caughtBy)) === 'failed';
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function mutate(file: string, { find, replace }: Mutation): Promise<void> {
  const source = await readFile(file, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`);
  await writeFile(
    file,
    source.replace(find, () => replace)
  );
}

function run(directory: string, args: readonly string[]): Promise<'passed' | 'failed' | 'hung'> {
  const program = `import('./tests/sim/cli.ts').then(({ main }) => main(${JSON.stringify(args)}))`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: directory,
    stdio: 'ignore'
  });
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      resolve('hung');
    }, MOST_MS);
    child.on('exit', (code) => {
      clearTimeout(late);
      resolve(code === 0 ? 'passed' : 'failed');
    });
  });
}
