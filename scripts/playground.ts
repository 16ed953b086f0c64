// Owns how the commands start a world around a wallet: the regtest playground with a companion server, or a server for a public network.
import { homedir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { parseCommand, type Command } from '../src/server/cli.js';
import { startServer, type RunningServer } from '../src/server/server.js';
import { TernError } from '../src/wire/errors.js';
import { say } from './commands.js';
import type { Playground } from '../tests/regtest/playground.js';
import { onShutdown } from './shutdown.js';

/**
 * Starts the server with the flags of `npm run serve`; without `--network` the playground goes with it. All of it stops at shutdown.
 * @throws TernError `invalid_argument`, `invalid_url` for a bad command line, before anything is started
 */
export async function startWorld(args: string[]): Promise<RunningServer> {
  if (args.some((arg) => /^--network(=|$)/.test(arg))) return serve(parseFlags(args));
  const dataDir = path.join(
    process.env['XDG_DATA_HOME'] ?? path.join(homedir(), '.local', 'share'),
    'tern',
    'playground'
  );
  const withPlayground = (esploraUrl: string) => {
    const flags = ['--network', 'regtest', '--esplora', esploraUrl, '--allow-private', '--data', dataDir];
    return parseFlags([...flags, '--log-level', 'warn', ...args]);
  };
  withPlayground('http://127.0.0.1');
  const { esploraUrl, faucetUrl, shopUrl } = await startPlayground(dataDir);
  const { options, logLevel } = withPlayground(esploraUrl);
  say(`The shop is at ${shopUrl}`);
  return serve({ options: { ...options, playground: { faucetUrl, shopUrl } }, logLevel });
}

type ServeCommand = Extract<Command, { type: 'serve' }>;

function parseFlags(args: string[]): Pick<ServeCommand, 'options' | 'logLevel'> {
  const command = parseCommand(args, process.env);
  if (command.type === 'serve') return command;
  throw new TernError(
    'invalid_argument',
    'this command has no --help of its own',
    'Its flags are those of: npm run serve -- --help'
  );
}

/** Loaded only when it is wanted: it brings the whole node into this process, for the shop. */
async function startPlayground(dataDir: string): Promise<Playground> {
  const module = await import('../tests/regtest/playground.js');
  const playground = await module.startPlayground({ dataDir, report: say });
  onShutdown(() => playground.stop());
  return playground;
}

async function serve({ options, logLevel }: Pick<ServeCommand, 'options' | 'logLevel'>): Promise<RunningServer> {
  const log = pino({ level: logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
  const server = await startServer({ ...options, log });
  onShutdown(() => server.close());
  return server;
}
