// Owns the list of test suites: what each needs, how it runs, how its result is read. A new directory of tests/ is a suite by itself.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JSONReport } from '@playwright/test/reporter';
import { nodeProgram, repositoryRoot, runCommand, wasmDirectory } from './commands.js';
import { readCargoOutput, readUnnamed } from './testing/cargo.js';
import type { CaseOutcome } from './testing/outcome.js';
import { readPlaywrightReport } from './testing/playwright.js';

/** What must be made before a suite can run: patched Rust sources, the WASM node, the built app, btcd and lnd. */
export type Need = 'rust' | 'wasm' | 'app' | 'nodes';

export interface SuiteRun {
  cases: CaseOutcome[];
  exitCode: number;
}

export interface Suite {
  name: string;
  needs: Need[];
  /** Runs it to its end; every line its runner prints goes to `onLine`. */
  run: (onLine: (line: string) => void) => Promise<SuiteRun>;
}

/** Suites that must exist: were one moved or emptied, the run fails. */
const drawnInTheHouse = ['contract', 'regtest', 'sim'];

/** Runners write into a pipe here: no colours. */
const plain = { NO_COLOR: '1', FORCE_COLOR: '0' };

/** The suites of vitest that lie in directories of tests/. */
export function testDirectories(): string[] {
  const tests = path.join(repositoryRoot, 'tests');
  const present = readdirSync(tests, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'e2e'
  );
  const withTests = present.filter(({ name }) =>
    readdirSync(path.join(tests, name), { recursive: true }).some((file) => String(file).endsWith('.test.ts'))
  );
  return [...new Set([...drawnInTheHouse, ...withTests.map(({ name }) => name)])].sort();
}

/** Every suite, cheapest first, so that a plain mistake shows early. */
export function allSuites(): Suite[] {
  return [
    { name: 'unit', needs: ['wasm'], run: (onLine) => runVitest('unit', onLine) },
    { name: 'cargo', needs: ['rust'], run: (onLine) => runCargo(['test', '--workspace', '--no-fail-fast'], onLine) },
    { name: 'wasm', needs: ['rust'], run: (onLine) => runCargo(['xtask', 'test-wasm'], onLine) },
    ...testDirectories().map((name): Suite => ({
      name,
      needs: ['wasm', 'nodes'],
      run: (onLine) => runVitest(name, onLine)
    })),
    { name: 'e2e', needs: ['app', 'nodes'], run: runPlaywright }
  ];
}

async function runCargo(args: string[], onLine: (line: string) => void): Promise<SuiteRun> {
  const lines: string[] = [];
  const exitCode = await runCommand(['cargo', ...args], {
    cwd: wasmDirectory,
    onLine: (line) => {
      lines.push(line);
      onLine(line);
    }
  });
  const cases = readCargoOutput(lines);
  return { cases: [...cases, ...readUnnamed(lines, cases)], exitCode };
}

async function runVitest(project: string, onLine: (line: string) => void): Promise<SuiteRun> {
  return withReportFile(async (report) => {
    const reporters = ['--reporter=default', '--reporter=./scripts/testing/vitest-reporter.ts'];
    const command = nodeProgram('vitest/vitest.mjs', 'run', '--project', project, '--allowOnly=false', ...reporters);
    const exitCode = await runCommand(command, { onLine, env: { ...plain, TERN_TEST_REPORT: report } });
    const lines = (await readFile(report, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    return { cases: lines.map((line) => JSON.parse(line) as CaseOutcome), exitCode };
  });
}

async function runPlaywright(onLine: (line: string) => void): Promise<SuiteRun> {
  return withReportFile(async (report) => {
    const command = nodeProgram('@playwright/test/cli.js', 'test', '--forbid-only', '--reporter=list,json');
    const exitCode = await runCommand(command, { onLine, env: { ...plain, PLAYWRIGHT_JSON_OUTPUT_FILE: report } });
    const text = await readFile(report, 'utf8').catch(() => undefined);
    return { cases: text === undefined ? [] : readPlaywrightReport(JSON.parse(text) as JSONReport), exitCode };
  });
}

async function withReportFile<T>(use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tern-test-'));
  try {
    return await use(path.join(directory, 'report'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The text of the list of tests that may be skipped. */
export function skipsText(): string {
  return readFileSync(path.join(repositoryRoot, 'tests', 'skips.json'), 'utf8');
}
