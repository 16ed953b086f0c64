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
const VERDICTS = { kept: 'every promise kept', hung: 'no end', unable: 'did not run' };

/** What came of the runs: the first broken promise they told, or none. A program that fails without telling one proves nothing. */
type Outcome = { kind: 'kept' | 'hung' | 'unable' } | { kind: 'broken'; promise: string };

/**
 * Tries every mutation, or those whose description holds the text given. Before them the product as it is must pass the same runs, or what
 * they notice proves nothing. Exits non-zero when a control fails or a mutation goes unnoticed.
 */
export async function tryMutations(text = ''): Promise<void> {
  const mutations = MUTATIONS.filter(({ breaks }) => breaks.includes(text));
  const copy = await mkdtemp(path.join(tmpdir(), 'tern-mutation-'));
  let failed = 0;
  try {
    for (const name of COPIED) await cp(path.join(REPOSITORY, name), path.join(copy, name), { recursive: true });
    for (const name of LINKED) await symlink(path.join(REPOSITORY, name), path.join(copy, name));
    for (const args of new Set(mutations.map(({ caughtBy }) => caughtBy))) {
      if (!(await tell(`the product as it is: ${args.join(' ')}`, 'kept', () => run(copy, args)))) failed += 1;
    }
    for (const mutation of mutations) {
      if (!(await tell(mutation.breaks, 'broken', () => runMutated(copy, mutation)))) failed += 1;
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  process.exit(failed === 0 ? 0 : 1);
}

/** Prints what came of it. True: it was as expected. */
async function tell(what: string, expected: Outcome['kind'], find: () => Promise<Outcome>): Promise<boolean> {
  const beganMs = performance.now();
  const outcome = await find();
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  const verdict = outcome.kind === 'broken' ? `noticed: ${outcome.promise}` : VERDICTS[outcome.kind];
  process.stdout.write(`${outcome.kind === expected ? 'ok ' : 'BAD'} ${what} (${seconds} s): ${verdict}\n`);
  return outcome.kind === expected;
}

async function runMutated(copy: string, { file, find, replace, caughtBy }: Mutation): Promise<Outcome> {
  const place = path.join(copy, file);
  const source = await readFile(place, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`);
  const mutated = source.replace(find, () => replace);
  await writeFile(place, mutated);
  try {
    return await run(copy, caughtBy);
  } finally {
    await writeFile(place, source);
  }
}

function run(directory: string, args: readonly string[]): Promise<Outcome> {
  const program = `import('./tests/sim/cli.ts').then(({ main }) => main(${JSON.stringify(args)}))`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore']
  });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  return new Promise((resolve) => {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, MOST_MS);
    child.on('close', (code) => {
      clearTimeout(late);
      const promise = /FAILED: (?:Violation: |Error: )?(.*)/.exec(told)?.[1];
      if (promise !== undefined) resolve({ kind: 'broken', promise });
      else resolve({ kind: isLate ? 'hung' : code === 0 ? 'kept' : 'unable' });
    });
  });
}
