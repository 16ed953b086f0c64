// Owns how the commands start a world around a wallet: the regtest playground with a companion server, or a server for a public network.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { parseCommand, type Command } from '../src/server/cli.js';
import { startServer, type RunningServer } from '../src/server/server.js';
import { TernError } from '../src/wire/errors.js';
import { repositoryRoot, say } from './commands.js';
import { onShutdown } from './shutdown.js';

/** What tests/regtest/playground.ts exports. */
interface PlaygroundModule {
  startPlayground: (options: PlaygroundOptions) => Promise<Playground>;
}

export interface PlaygroundOptions {
  /** Where chain, faucet and shop keep their state from start to start. */
  dataDir: string;
  /** Told one line at a time what is being done. */
  report: (line: string) => void;
}

/** A running regtest chain with a faucet and a shop. Its URLs stay the same from start to start: wallets remember them. */
export interface Playground {
  esploraUrl: string;
  faucetUrl: string;
  shopUrl: string;
  stop: () => Promise<void>;
}

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

async function startPlayground(dataDir: string): Promise<Playground> {
  const file = path.join(repositoryRoot, 'tests', 'regtest', 'playground.ts');
  if (!existsSync(file)) {
    throw new TernError(
      'internal',
      `${file} is missing`,
      'Restore it, or name a network: npm start -- --network signet'
    );
  }
  const module = (await import(pathToFileURL(file).href)) as PlaygroundModule;
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
