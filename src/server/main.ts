// Owns the process of `npm run serve`: exit code 2 for a bad command line, 1 for a failed start, 0 after a graceful stop.
import { pino } from 'pino';
import { TernError } from '../wire/errors.js';
import { parseCommand, USAGE, type Command } from './cli.js';
import { startServer } from './server.js';

const STDERR = 2;

async function main(): Promise<void> {
  const command = readCommand();
  if (command.type === 'help') return void process.stdout.write(USAGE);
  const log = pino({ level: command.logLevel, base: null }, pino.destination({ dest: STDERR, sync: true }));
  const server = await startServer({ ...command.options, log });
  process.stdout.write(`Tern is served at ${server.url}\n`);
  const signal = await stopSignal();
  log.info({ signal }, 'stopping');
  await server.close();
}

function readCommand(): Command {
  try {
    return parseCommand(process.argv.slice(2), process.env);
  } catch (fault) {
    return fail(fault, 2);
  }
}

/** The first signal to stop. A second one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
  });
}

function fail(fault: unknown, exitCode: number): never {
  const error = TernError.from(fault);
  process.stderr.write(`${error.code}: ${error.cause}\n${error.next}\n`);
  process.exit(exitCode);
}

main().catch((fault: unknown) => fail(fault, 1));
