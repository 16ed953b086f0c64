// Proves that the published VSS clients work with our server as they are: their own Rust tests run against each of its stores.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, wasmDirectory } from '../../scripts/commands.js';
import { readCargoOutput } from '../../scripts/testing/cargo.js';
import { targets } from '../contract/targets.js';
import { cacheDirectory } from '../regtest/binaries.js';

const BUILD_TIMEOUT_MS = 900_000;
const START_TIMEOUT_MS = 180_000;
const RUN_TIMEOUT_MS = 120_000;
const CLIENTS = ['v0_6', 'v0_4'] as const;

/** Builds and runs in the Rust workspace's directory: its pinned compiler is used. Nothing of the build lies in the tree. */
async function cargo(args: string[], env: Record<string, string> = {}): Promise<{ exitCode: number; lines: string[] }> {
  const lines: string[] = [];
  const manifest = path.join(import.meta.dirname, 'Cargo.toml');
  const command = ['cargo', 'test', '--locked', '--manifest-path', manifest, ...args];
  const exitCode = await runCommand(command, {
    cwd: wasmDirectory,
    env: { CARGO_TARGET_DIR: path.join(cacheDirectory(), 'vss-client'), ...env },
    onLine: (line) => lines.push(line)
  });
  return { exitCode, lines };
}

beforeAll(async () => {
  const { exitCode, lines } = await cargo(['--no-run']);
  expect(exitCode, lines.slice(-30).join('\n')).toBe(0);
}, BUILD_TIMEOUT_MS);

describe.each(targets)('$name', (target) => {
  let running: { url: string; stop(): Promise<void> } | undefined;
  beforeAll(async () => {
    running = await target.start();
  }, START_TIMEOUT_MS);
  afterAll(() => running?.stop(), START_TIMEOUT_MS);

  it.each(CLIENTS)(
    'serves vss-client-ng %s',
    async (client) => {
      const { exitCode, lines } = await cargo(['--', `${client}::`], { TERN_VSS_URL: running?.url ?? '' });
      const cases = readCargoOutput(lines);
      const failed = cases.filter(({ status }) => status !== 'passed').map(({ name }) => name);
      expect(failed, lines.join('\n')).toEqual([]);
      expect([exitCode, cases.length], lines.join('\n')).toEqual([0, 7]);
    },
    RUN_TIMEOUT_MS
  );
});
