// Proves that the command line gives what it says and that what it does not know is refused with a code.
import { describe, expect, it } from 'vitest';
import { parseCommand } from './cli.js';
import type { ServerOptions } from './options.js';

function parse(args: string, env: NodeJS.ProcessEnv = {}): ServerOptions {
  const command = parseCommand(
    args.split(' ').filter((arg) => arg !== ''),
    env
  );
  if (command.type !== 'serve') throw new Error('not a command to serve');
  return command.options;
}

describe('the command line', () => {
  it('listens on loopback and closes private networks unless told otherwise', () => {
    const options = parse('');
    expect(options).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      network: 'bitcoin',
      allowInsecure: false,
      bridge: { allowPrivate: false }
    });
    expect(options.vss).toMatchObject({ type: 'store', auth: 'signature', database: { type: 'pglite' } });
  });

  it('takes every flag', () => {
    const options = parse(
      'serve --host :: --port 0 --network regtest --esplora http://127.0.0.1:3002/ --rapid-gossip https://g.example --static /app --allow-private --allow-insecure --data /data --vss-auth none --vss-body-limit 1000 --public-url https://w.example/'
    );
    expect(options).toEqual({
      host: '::',
      port: 0,
      network: 'regtest',
      esploraUrl: 'http://127.0.0.1:3002',
      rapidGossipUrl: 'https://g.example',
      publicUrl: 'https://w.example',
      staticDir: '/app',
      allowInsecure: true,
      bridge: { allowPrivate: true },
      vss: { type: 'store', auth: 'none', bodyLimitBytes: 1000, database: { type: 'pglite', dir: '/data/vss' } }
    });
  });

  it('turns services off, and VSS over to PostgreSQL or another server', () => {
    const off = parse('--no-static --no-bridge --no-vss');
    expect([off.staticDir, off.bridge, off.vss]).toEqual([undefined, undefined, undefined]);
    expect(parse('', { DATABASE_URL: 'postgresql://db/x' }).vss).toMatchObject({
      database: { type: 'postgres', url: 'postgresql://db/x' }
    });
    expect(parse('--vss-upstream https://v.example/vss/').vss).toMatchObject({
      type: 'upstream',
      url: 'https://v.example/vss'
    });
  });

  it.each([
    ['--prot 1', 'invalid_argument'],
    ['run', 'invalid_argument'],
    ['serve twice', 'invalid_argument'],
    ['--port', 'invalid_argument'],
    ['--port 65536', 'invalid_argument'],
    ['--port -1', 'invalid_argument'],
    ['--port 1e3', 'invalid_argument'],
    ['--network mainnet', 'invalid_argument'],
    ['--network regtest', 'invalid_argument'],
    ['--vss-auth jwt', 'invalid_argument'],
    ['--vss-body-limit 0', 'invalid_argument'],
    ['--log-level loud', 'invalid_argument'],
    ['--no-vss=false', 'invalid_argument'],
    ['--esplora example.com', 'invalid_url'],
    ['--vss-upstream ftp://x', 'invalid_url']
  ])('refuses %s', (args, code) => {
    expect(() => parse(args)).toThrow(expect.objectContaining({ code }));
  });

  it('knows help', () => {
    expect(parseCommand(['--help'], {})).toEqual({ type: 'help' });
  });
});
