// Owns the list of what must be on the machine before anything is built: it looks and reports, and changes nothing but this process's PATH.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const GO_TO_INSTALL = '1.26.8';

/**
 * @typedef {{ name: string, found: string, install: string }} Missing a tool that the user installs, with the command that does it
 * @typedef {{ name: string, debianPackage: string, present: () => boolean }} DebianTool
 * @typedef {{ channel: string, targets: string[], components: string[] }} RustToolchain
 */

/** Installers put these on the PATH of the next shell only; a user who just ran one should not have to know. */
export function widenPath() {
  const usual = [path.join(process.env.CARGO_HOME ?? path.join(homedir(), '.cargo'), 'bin'), '/usr/local/go/bin'];
  const present = searchPath();
  const absent = usual.filter((directory) => existsSync(directory) && !present.includes(directory));
  process.env.PATH = [...present, ...absent].join(path.delimiter);
}

/**
 * Node, rustup and Go: what npm and apt cannot bring. All are looked at, so that one run names every one that is missing.
 * @returns {Missing[]}
 */
export function missingPrerequisites() {
  const missing = [];
  const node = process.versions.node;
  if (!isAtLeast(node, [20, 19, 0])) {
    const install =
      'curl -fsSL https://deb.nodesource.com/setup_22.x | sudo -E bash - && sudo apt-get install -y nodejs';
    missing.push({ name: 'Node 20.19 or newer', found: node, install });
  }
  const rustup = outputOf('rustup', ['--version']);
  if (rustup === undefined) {
    const install = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal";
    missing.push({ name: 'rustup', found: 'nothing', install });
  }
  const go = outputOf('go', ['env', 'GOVERSION'])?.replace(/^go/, '');
  if (go === undefined || !isAtLeast(go, [1, 25, 10])) {
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const archive = `https://go.dev/dl/go${GO_TO_INSTALL}.${process.platform}-${architecture}.tar.gz`;
    const install = `curl -fsSL ${archive} | sudo tar -C /usr/local -xz`;
    missing.push({ name: 'Go 1.25.10 or newer', found: go ?? 'nothing', install });
  }
  return missing;
}

/**
 * Tools that come as Debian packages and are not there.
 * @param {'app' | 'test'} profile `test` adds what only the tests need
 * @returns {DebianTool[]}
 */
export function missingDebianTools(profile) {
  /** @type {DebianTool[]} */
  const tools = [
    { name: 'git', debianPackage: 'git', present: () => isOnPath(/^git$/) },
    { name: 'a C compiler', debianPackage: 'build-essential', present: () => isOnPath(/^cc$/) },
    { name: 'clang', debianPackage: 'clang', present: () => isOnPath(/^clang(-\d+)?$/) },
    { name: 'llvm-ar', debianPackage: 'llvm', present: () => isOnPath(/^llvm-ar(-\d+)?$/) }
  ];
  if (profile === 'test') {
    tools.push({ name: 'Chromium', debianPackage: 'chromium', present: hasChromium });
    tools.push({ name: 'PostgreSQL', debianPackage: 'postgresql', present: hasPostgres });
  }
  return tools.filter((tool) => !tool.present());
}

/**
 * What `rust-toolchain.toml` pins. rustup reads that file too; here it only serves to ask whether all of it is installed.
 * @param {string} file
 * @returns {RustToolchain}
 */
export function readRustToolchain(file) {
  const text = readFileSync(file, 'utf8');
  const list = (/** @type {string} */ key) => {
    const found = new RegExp(`^${key}\\s*=\\s*\\[([^\\]]*)\\]`, 'm').exec(text);
    return [...(found?.[1] ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
  };
  const channel = /^channel\s*=\s*"([^"]+)"/m.exec(text)?.[1];
  if (channel === undefined) throw new Error(`${file} names no channel`);
  return { channel, targets: list('targets'), components: list('components') };
}

/**
 * @param {RustToolchain} toolchain
 * @returns {boolean} whether the compiler, every component and every target are there
 */
export function isRustToolchainInstalled(toolchain) {
  const installed = outputOf('rustup', ['component', 'list', '--installed', '--toolchain', toolchain.channel]);
  if (installed === undefined) return false;
  const lines = installed.split('\n').map((line) => line.trim());
  const has = (/** @type {string} */ name) => lines.some((line) => line === name || line.startsWith(`${name}-`));
  return (
    has('rustc') && toolchain.components.every(has) && toolchain.targets.every((target) => has(`rust-std-${target}`))
  );
}

/**
 * @param {RegExp} name the whole name of an executable
 * @returns {boolean}
 */
export function isOnPath(name) {
  return searchPath().some((directory) => {
    try {
      return readdirSync(directory).some((entry) => name.test(entry) && isExecutable(path.join(directory, entry)));
    } catch {
      return false; // a directory on the PATH need not exist
    }
  });
}

function searchPath() {
  return (process.env.PATH ?? '').split(path.delimiter).filter((directory) => directory !== '');
}

function hasChromium() {
  const playwrightCache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? path.join(homedir(), '.cache', 'ms-playwright');
  const itsOwn =
    existsSync(playwrightCache) && readdirSync(playwrightCache).some((name) => name.startsWith('chromium'));
  return itsOwn || isOnPath(/^(chromium|chromium-browser|google-chrome)$/);
}

/** Debian keeps the server of each major version off the PATH. */
function hasPostgres() {
  if (isOnPath(/^postgres$/)) return true;
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return false;
  return readdirSync(root).some((version) => isExecutable(path.join(root, version, 'bin', 'postgres')));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {string | undefined} what it printed; undefined when it is absent or failed
 */
function outputOf(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

/**
 * @param {string} version
 * @param {[number, number, number]} least
 */
export function isAtLeast(version, least) {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  if (major !== least[0]) return major > least[0];
  if (minor !== least[1]) return minor > least[1];
  return patch >= least[2];
}
