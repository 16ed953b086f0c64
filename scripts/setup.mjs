// Owns the set-up of a machine: afterwards everything a profile needs is installed, or the exact commands that install the rest were printed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isOnPath,
  isRustToolchainInstalled,
  missingDebianTools,
  missingPrerequisites,
  readRustToolchain,
  widenPath
} from './prerequisites.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What the user has to do first. Its message is all there is to print. */
export class SetupError extends Error {}

/**
 * Installs what may be installed and is missing. Does nothing, in a fraction of a second, when all is there. Prints to standard error only.
 * @param {'app' | 'test'} profile what `npm start` needs, or also what the tests need
 */
export function setUp(profile) {
  process.chdir(root);
  widenPath();
  const toDo = missingPrerequisites().map((one) => `  ${one.name} (found ${one.found}):\n    ${one.install}`);
  const packages = missingDebianTools(profile).map((tool) => tool.debianPackage);
  const apt = aptGet();
  if (packages.length > 0 && apt === undefined) toDo.push(`  Debian packages:\n    ${aptLine(packages)}`);
  if (toDo.length > 0)
    throw new SetupError(`Tern needs these first. Install them, then run the command again:\n\n${toDo.join('\n\n')}\n`);
  if (packages.length > 0 && apt !== undefined) installDebianPackages(apt, packages, profile);
  installRustToolchain();
  installNpmPackages();
  generateKitTypes();
}

/** @returns {string[] | undefined} how to call apt-get without being asked for a password; undefined when it cannot be */
function aptGet() {
  if (!isOnPath(/^apt-get$/)) return undefined;
  if (process.getuid?.() === 0) return ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  const allowed = isOnPath(/^sudo$/) && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'] : undefined;
}

/** @param {string[]} packages */
function aptLine(packages) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * @param {string[]} apt
 * @param {string[]} packages
 * @param {'app' | 'test'} profile
 */
function installDebianPackages(apt, packages, profile) {
  const install = ['-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...packages];
  say(`installing ${packages.join(', ')}`);
  // The package lists may be absent or old: they are fetched only when the first try fails.
  if (!run([...apt, ...install])) {
    run([...apt, 'update']);
    run([...apt, ...install]);
  }
  const stillMissing = missingDebianTools(profile).map((tool) => tool.debianPackage);
  if (stillMissing.length > 0)
    throw new SetupError(`apt-get could not install them. Try it by hand:\n    ${aptLine(stillMissing)}`);
}

function installRustToolchain() {
  const toolchain = readRustToolchain(path.join(root, 'wasm', 'rust-toolchain.toml'));
  if (isRustToolchainInstalled(toolchain)) return;
  say(`installing Rust ${toolchain.channel} for ${toolchain.targets.join(', ')}`);
  const command = ['rustup', 'toolchain', 'install', toolchain.channel, '--profile', 'minimal', '--no-self-update'];
  for (const component of toolchain.components) command.push('--component', component);
  for (const target of toolchain.targets) command.push('--target', target);
  if (!run(command))
    throw new SetupError(`rustup could not install the toolchain. Try it by hand:\n    ${command.join(' ')}`);
}

function installNpmPackages() {
  if (areNpmPackagesCurrent()) return;
  say('installing npm packages');
  const npm = process.env.npm_execpath;
  const command = npm === undefined ? ['npm', 'ci'] : [process.execPath, npm, 'ci'];
  if (!run([...command, '--no-audit', '--no-fund']))
    throw new SetupError('npm could not install the packages. Try it by hand:\n    npm ci');
}

/** npm writes what it installed beside it: compared by content, for a checkout gives files new times. */
function areNpmPackagesCurrent() {
  const installedFile = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([name, entry]) => name === '' || entry.optional || installed[name]?.version === entry.version
  );
}

/** `tsconfig.json` extends a file that kit generates. */
function generateKitTypes() {
  if (existsSync(path.join(root, '.svelte-kit', 'tsconfig.json'))) return;
  if (!run([process.execPath, path.join('node_modules', '@sveltejs', 'kit', 'svelte-kit.js'), 'sync'])) {
    throw new SetupError('svelte-kit could not generate its types. Its message is above.');
  }
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/**
 * @param {string[]} command
 * @returns {boolean} whether it succeeded
 */
function run(command) {
  const [program = '', ...args] = command;
  return spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}
