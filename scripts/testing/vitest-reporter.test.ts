// Proves, with a real vitest run over a throw-away project, that no test gets past the reporter unseen.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeProgram, repositoryRoot, runCommand } from '../commands.js';
import type { CaseOutcome } from './outcome.js';

const tests = `
import { beforeAll, describe, expect, it } from 'vitest';
let tries = 0;
it('passes', () => expect(1).toBe(1));
it('fails', () => expect(1).toBe(2));
it.skip('is skipped', () => undefined);
it.todo('is to do');
it.fails('fails as expected', () => expect(1).toBe(2));
it('wavers', { retry: 1 }, () => expect(tries++).toBe(1));
describe('a broken hook', () => {
  beforeAll(() => { throw new Error('no ground'); });
  it('stands on it', () => undefined);
});
`;

let directory: string;
let outcomes: CaseOutcome[];

beforeAll(async () => {
  // Inside the checkout, for vitest itself must be found from there.
  directory = await mkdtemp(path.join(repositoryRoot, 'node_modules', '.tern-reporter-'));
  await writeFile(path.join(directory, 'vitest.config.mjs'), 'export default { test: { include: ["*.case.mjs"] } };');
  await writeFile(path.join(directory, 'all.case.mjs'), tests);
  await writeFile(path.join(directory, 'broken.case.mjs'), 'import "./missing.js";');
  const report = path.join(directory, 'report');
  const reporter = path.join(repositoryRoot, 'scripts', 'testing', 'vitest-reporter.ts');
  const command = nodeProgram('vitest/vitest.mjs', 'run', '--root', directory, `--reporter=${reporter}`);
  await runCommand(command, { cwd: directory, env: { TERN_TEST_REPORT: report }, onLine: () => undefined });
  outcomes = (await readFile(report, 'utf8')).split('\n').map((line) => JSON.parse(line) as CaseOutcome);
}, 60_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the reporter', () => {
  it.each([
    ['passes', 'passed'],
    ['fails', 'failed'],
    ['is skipped', 'skipped'],
    ['is to do', 'skipped'],
    ['fails as expected', 'skipped'],
    ['wavers', 'flaky'],
    ['a broken hook > stands on it', 'skipped']
  ])('says of a test that %s: %s', (name, status) => {
    expect(outcomes.find((one) => one.name === `all.case.mjs > ${name}`)?.status).toBe(status);
  });

  it('reports a hook that throws and a file that does not load as failures', () => {
    const failed = outcomes.filter((one) => one.status === 'failed').map((one) => one.name);
    expect(failed).toContain('all.case.mjs > (the file)');
    expect(failed).toContain('broken.case.mjs > (the file)');
  });
});
