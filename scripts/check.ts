// Owns `npm run check`: everything that can be said of the sources without running them; all checks run, then the failed ones are named.
import { TernError } from '../src/wire/errors.js';
import { formatElapsed, nodeProgram, runCommand, say, wasmDirectory } from './commands.js';
import { handleSignals } from './shutdown.js';
import { ensureWasm } from './wasm.js';

interface Check {
  name: string;
  command: string[];
  cwd?: string;
}

const checks: Check[] = [
  { name: 'svelte-kit sync', command: nodeProgram('@sveltejs/kit/svelte-kit.js', 'sync') },
  {
    name: 'svelte-check',
    command: nodeProgram('svelte-check/bin/svelte-check', '--fail-on-warnings', '--output', 'human')
  },
  { name: 'eslint', command: nodeProgram('eslint/bin/eslint.js', '.') },
  { name: 'prettier', command: nodeProgram('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.') },
  { name: 'rustfmt and clippy', command: ['cargo', 'xtask', 'check'], cwd: wasmDirectory }
];

/** Runs every check. The WASM node comes first, for its generated types are what the sources are checked against. */
export async function main(): Promise<void> {
  handleSignals();
  await ensureWasm();
  const failed: string[] = [];
  for (const { name, command, cwd } of checks) {
    const began = Date.now();
    const isFine = (await runCommand(command, cwd === undefined ? {} : { cwd })) === 0;
    if (!isFine) failed.push(name);
    say(`${isFine ? 'ok    ' : 'FAILED'} ${name} (${formatElapsed(Date.now() - began)})`);
  }
  if (failed.length === 0) return;
  throw new TernError(
    'internal',
    `checks failed: ${failed.join(', ')}`,
    'Their messages are above. `npx prettier --write .` and `cargo fmt` mend the format.'
  );
}
