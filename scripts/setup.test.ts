// Proves that the set-up names everything that is missing, all at once, each with the command that installs it.
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot, runCommand } from './commands.js';
import { isAtLeast, isRustToolchainInstalled, readRustToolchain } from './prerequisites.mjs';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tern-setup-'));
  await symlink(process.execPath, path.join(directory, 'node'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function runOnBareMachine(go: string): Promise<{ exitCode: number; output: string }> {
  await writeFile(path.join(directory, 'go'), `#!/bin/sh\necho ${go}\n`, { mode: 0o755 });
  const lines: string[] = [];
  const env = { PATH: directory, HOME: directory, CARGO_HOME: directory, PLAYWRIGHT_BROWSERS_PATH: directory };
  const command = [process.execPath, path.join(repositoryRoot, 'scripts', 'run.mjs'), 'test', 'unit'];
  const exitCode = await runCommand(command, { env, onLine: (line) => lines.push(line) });
  return { exitCode, output: lines.join('\n') };
}

describe('the set-up on a bare machine', () => {
  it('names rustup, an old Go and the Debian packages in one go, and touches nothing', async () => {
    const { exitCode, output } = await runOnBareMachine('go1.24.9');
    expect(exitCode).toBe(1);
    expect(output).toContain('sh.rustup.rs | sh');
    expect(output).toMatch(/Go 1\.25\.10 or newer \(found 1\.24\.9\):\n\s+curl .*go\.dev\/dl\/go1/);
    expect(output).toMatch(/sudo apt-get install -y --no-install-recommends git build-essential clang llvm chromium/);
    expect(output).not.toContain('Node 20.19');
  });

  it('does not name what is there', async () => {
    const { exitCode, output } = await runOnBareMachine('go1.25.10');
    expect(exitCode).toBe(1);
    expect(output).toContain('rustup');
    expect(output).not.toContain('go.dev');
  });
});

describe('versions', () => {
  it.each([
    ['20.19.0', true],
    ['20.18.9', false],
    ['22.0.0', true],
    ['18.20.0', false],
    ['20.20.2', true]
  ])('%s reaches 20.19: %s', (version, expected) => {
    expect(isAtLeast(version, [20, 19, 0])).toBe(expected);
  });

  it('understands release candidates of Go', () => {
    expect(isAtLeast('1.26rc1', [1, 25, 10])).toBe(true);
  });
});

describe('the Rust toolchain', () => {
  it('is read from the file that rustup reads', () => {
    const toolchain = readRustToolchain(path.join(repositoryRoot, 'wasm', 'rust-toolchain.toml'));
    expect(toolchain.channel).toMatch(/^\d+\.\d+/);
    expect(toolchain.targets).toContain('wasm32-unknown-unknown');
    expect(toolchain.components).toEqual(expect.arrayContaining(['rustfmt', 'clippy']));
  });

  it('counts as missing when a target of it is missing', () => {
    const toolchain = readRustToolchain(path.join(repositoryRoot, 'wasm', 'rust-toolchain.toml'));
    expect(isRustToolchainInstalled(toolchain)).toBe(true);
    expect(isRustToolchainInstalled({ ...toolchain, targets: ['mips-unknown-none'] })).toBe(false);
    expect(isRustToolchainInstalled({ ...toolchain, channel: '1.0.0' })).toBe(false);
  });
});
