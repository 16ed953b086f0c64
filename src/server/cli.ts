// Owns the command line of the companion server: every flag is known, every value is checked, and bad ones are refused before anything starts.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { NetworkName } from '../wire/defaults.js';
import { TernError } from '../wire/errors.js';
import type { ServerOptions } from './options.js';
import { VSS_BODY_LIMIT_BYTES, type VssOptions } from './vss/service.js';

export const USAGE = `Usage: serve [flags]

  --host ADDRESS          listen here (default 127.0.0.1)
  --port N                listen on this port, 0 for any free one (default 3000)
  --public-url URL        where browsers find this server, behind a proxy
  --network NAME          bitcoin, testnet4, signet or regtest (default bitcoin)
  --esplora URL           Esplora server that wallets use (default: a public one; needed on regtest)
  --rapid-gossip URL      rapid gossip sync server that wallets use
  --static DIR            the built app (default build)
  --no-static             serve no app
  --allow-insecure        let pages reach http: and ws: beyond loopback
  --no-bridge             no Lightning bridge at /ln
  --allow-private         the bridge dials private addresses too
  --no-vss                no VSS at /vss
  --data DIR              where the embedded VSS store lives (default ~/.local/share/tern)
  --vss-auth NAME         signature or none; none only on loopback (default signature)
  --vss-body-limit BYTES  largest VSS request (default ${VSS_BODY_LIMIT_BYTES})
  --vss-upstream URL      pass VSS requests on to another server
  --log-level NAME        trace, debug, info, warn, error or silent (default info)
  --help                  this text

The VSS store is PostgreSQL where the environment variable DATABASE_URL names one.
`;

const FLAGS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '3000' },
  'public-url': { type: 'string' },
  network: { type: 'string', default: 'bitcoin' },
  esplora: { type: 'string' },
  'rapid-gossip': { type: 'string' },
  static: { type: 'string', default: 'build' },
  'no-static': { type: 'boolean', default: false },
  'allow-insecure': { type: 'boolean', default: false },
  'no-bridge': { type: 'boolean', default: false },
  'allow-private': { type: 'boolean', default: false },
  'no-vss': { type: 'boolean', default: false },
  data: { type: 'string' },
  'vss-auth': { type: 'string', default: 'signature' },
  'vss-body-limit': { type: 'string', default: String(VSS_BODY_LIMIT_BYTES) },
  'vss-upstream': { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', default: false }
} as const satisfies ParseArgsConfig['options'];

const NETWORKS: readonly NetworkName[] = ['bitcoin', 'testnet4', 'signet', 'regtest'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const PUBLIC_ESPLORA: Partial<Record<NetworkName, string>> = {
  bitcoin: 'https://blockstream.info/api',
  testnet4: 'https://mempool.space/testnet4/api',
  signet: 'https://mempool.space/signet/api'
};
const PUBLIC_RAPID_GOSSIP: Partial<Record<NetworkName, string>> = {
  bitcoin: 'https://rapidsync.lightningdevkit.org/snapshot'
};

type Values = ReturnType<typeof parseFlags>;
/** A parsed command line: what to start, or that only the usage is asked for. */
export type Command =
  { type: 'help' } | { type: 'serve'; options: ServerOptions; logLevel: (typeof LOG_LEVELS)[number] };

/** Reads the command line. `invalid_argument`, `invalid_url`: an unknown flag or a bad value, named in the cause. */
export function parseCommand(args: string[], env: NodeJS.ProcessEnv): Command {
  const values = parseFlags(args);
  if (values.help) return { type: 'help' };
  const network = oneOf('network', values.network, NETWORKS);
  const esploraUrl = values.esplora ?? PUBLIC_ESPLORA[network];
  if (esploraUrl === undefined)
    throw bad(`There is no public Esplora server for ${network}`, 'Name one with --esplora URL.');
  const rapidGossipUrl = values['rapid-gossip'] ?? PUBLIC_RAPID_GOSSIP[network];
  const vss = parseVss(values, env);
  const options: ServerOptions = {
    host: values.host,
    port: integer('port', values.port, 0, 65_535),
    network,
    esploraUrl: url('esplora', esploraUrl),
    allowInsecure: values['allow-insecure'],
    ...(rapidGossipUrl !== undefined && { rapidGossipUrl: url('rapid-gossip', rapidGossipUrl) }),
    ...(values['public-url'] !== undefined && { publicUrl: url('public-url', values['public-url']) }),
    ...(!values['no-static'] && { staticDir: resolve(values.static) }),
    ...(!values['no-bridge'] && { bridge: { allowPrivate: values['allow-private'] } }),
    ...(vss && { vss })
  };
  return { type: 'serve', options, logLevel: oneOf('log-level', values['log-level'], LOG_LEVELS) };
}

function parseFlags(args: string[]) {
  try {
    const { values, positionals } = parseArgs({ args, options: FLAGS, allowPositionals: true, strict: true });
    if (positionals.length > 1 || (positionals.length === 1 && positionals[0] !== 'serve')) {
      throw new Error(`Unknown command '${positionals.join(' ')}'`);
    }
    return values;
  } catch (fault) {
    throw bad(
      fault instanceof Error ? (fault.message.split('. ')[0] ?? fault.message) : String(fault),
      'See --help for all flags.'
    );
  }
}

function parseVss(values: Values, env: NodeJS.ProcessEnv): VssOptions | undefined {
  if (values['no-vss']) return undefined;
  const bodyLimitBytes = integer('vss-body-limit', values['vss-body-limit'], 1, 1024 ** 3);
  const upstream = values['vss-upstream'];
  if (upstream !== undefined) return { type: 'upstream', url: url('vss-upstream', upstream), bodyLimitBytes };
  const dataDir = resolve(values.data ?? join(env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'tern'));
  const database = env.DATABASE_URL
    ? ({ type: 'postgres', url: env.DATABASE_URL } as const)
    : ({ type: 'pglite', dir: join(dataDir, 'vss') } as const);
  return {
    type: 'store',
    database,
    auth: oneOf('vss-auth', values['vss-auth'], ['signature', 'none'] as const),
    bodyLimitBytes
  };
}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw bad(
    `--${flag} is ${JSON.stringify(text)}, not a whole number from ${min} to ${max}`,
    `Give --${flag} such a number.`
  );
}

function oneOf<T extends string>(flag: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw bad(`--${flag} is ${JSON.stringify(text)}, not one of ${known.join(', ')}`, `Give --${flag} one of them.`);
}

function url(flag: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new TernError(
    'invalid_url',
    `--${flag} is ${JSON.stringify(text)}, not an http(s) URL.`,
    `Give --${flag} a whole URL, such as https://example.com/api.`
  );
}

function bad(cause: string, next: string): TernError {
  return new TernError('invalid_argument', `${cause}.`, next);
}
