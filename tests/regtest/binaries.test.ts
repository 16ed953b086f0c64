// Owns the proof that the cache of binaries is filled once and never half.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cacheDirectory, obtainBtcd } from './binaries.js';

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'tern-cache-'));
  vi.stubEnv('TERN_CACHE', cache);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

test('two who want btcd at once build it once and get the same, and it runs', { timeout: 300_000 }, async () => {
  const lines: string[] = [];
  const report = (line: string): void => void lines.push(line);
  const [first, second] = await Promise.all([obtainBtcd(report), obtainBtcd(report)]);
  expect(second).toEqual(first);
  expect(lines.filter((line) => line.includes('built in'))).toHaveLength(1);
  expect(execFileSync(first.btcd, ['--version'], { encoding: 'utf8' })).toContain('btcd version 0.26');
  expect(await readdir(cache)).toEqual([path.basename(path.dirname(first.btcd))]);
});

test('a lock left behind by a dead process holds nobody up', { timeout: 300_000 }, async () => {
  const { btcd } = await obtainBtcd(() => undefined);
  const directory = path.dirname(btcd);
  await rm(directory, { recursive: true });
  const deadPid = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
  await writeFile(`${directory}.lock`, String(deadPid));
  expect(await obtainBtcd(() => undefined)).toMatchObject({ btcd });
});

test('the cache is where TERN_CACHE says, else where XDG_CACHE_HOME says', () => {
  expect(cacheDirectory()).toBe(cache);
  vi.stubEnv('TERN_CACHE', '');
  vi.stubEnv('XDG_CACHE_HOME', '/somewhere');
  expect(cacheDirectory()).toBe('/somewhere/tern');
});
