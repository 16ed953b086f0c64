// Owns the door of every npm command: what a command needs is set up before its TypeScript is loaded, in this same process.
import { SetupError, setUp } from './setup.mjs';

/** @type {Record<string, { profile: 'app' | 'test', script: string }>} */
const commands = {
  start: { profile: 'app', script: './start.ts' },
  dev: { profile: 'app', script: './dev.ts' },
  build: { profile: 'app', script: './build.ts' },
  serve: { profile: 'app', script: './serve.ts' },
  check: { profile: 'app', script: './check.ts' },
  test: { profile: 'test', script: './test.ts' },
  bench: { profile: 'test', script: '../bench/run.ts' },
  'vss-load': { profile: 'app', script: './vss-load.ts' },
  sim: { profile: 'test', script: '../tests/sim/cli.ts' }
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
try {
  if (command === undefined)
    throw new SetupError(`There is no command ${name}. There are: ${Object.keys(commands).join(', ')}.`);
  setUp(command.profile);
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import(command.script);
  await main(args);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

/**
 * A failure with a next step is for the user; anything else is a defect, and its stack is what helps.
 * @param {unknown} error
 */
function explain(error) {
  if (error instanceof SetupError) return `\n${error.message}`;
  if (error instanceof Error && 'code' in error && 'next' in error) return `\n${error.message}\n${error.next}`;
  return error instanceof Error ? error.stack : String(error);
}
