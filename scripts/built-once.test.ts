// Proves that nothing is built twice, and that nothing old, foreign or half built passes for the result.
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildOnce } from './built-once.js';

let root: string;
let builds: number;
let source: string;

const checkout = (name: string) => path.join(root, name, 'pkg');
const cache = () => path.join(root, 'cache');

function bringUpToDate(name: string, build?: () => Promise<void>): Promise<string> {
  const target = checkout(name);
  const copySource = async () => {
    builds += 1;
    await mkdir(target, { recursive: true });
    await writeFile(path.join(target, 'module'), `made of ${source}`);
  };
  return buildOnce({
    target,
    cache: cache(),
    hashOfSources: () => Promise.resolve(source),
    build: build ?? copySource
  });
}

const moduleOf = (name: string) => readFile(path.join(checkout(name), 'module'), 'utf8');

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'tern-built-'));
  builds = 0;
  source = 'a1';
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe('what is built once', () => {
  it('is built the first time, and not again', async () => {
    await bringUpToDate('one');
    await bringUpToDate('one');
    expect(builds).toBe(1);
    expect(await moduleOf('one')).toBe('made of a1');
  });

  it('comes from the cache in another checkout, and when the sources are what they once were', async () => {
    await bringUpToDate('one');
    await bringUpToDate('two');
    source = 'b2';
    await bringUpToDate('two');
    source = 'a1';
    await bringUpToDate('two');
    expect(builds).toBe(2);
    expect(await moduleOf('two')).toBe('made of a1');
  });

  it('is not taken for itself after somebody built by hand', async () => {
    await bringUpToDate('one');
    await writeFile(path.join(checkout('one'), 'module'), 'made by hand');
    await bringUpToDate('one');
    expect(await moduleOf('one')).toBe('made of a1');
  });

  it('is not kept when the sources changed during the build', async () => {
    await bringUpToDate('one', async () => {
      await mkdir(checkout('one'), { recursive: true });
      await writeFile(path.join(checkout('one'), 'module'), 'made of both');
      source = 'b2';
    });
    await bringUpToDate('one');
    expect(builds).toBe(1);
    expect(await moduleOf('one')).toBe('made of b2');
    expect(await readdir(cache())).toEqual(['b2']);
  });

  it('is built again after a build that failed half way, and a spoiled copy in the cache is not used', async () => {
    await bringUpToDate('one');
    await writeFile(path.join(cache(), 'a1', 'module'), 'spoiled');
    await cp(checkout('one'), checkout('two'), { recursive: true });
    await rm(path.join(checkout('two'), 'module'));
    await expect(bringUpToDate('two', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    await bringUpToDate('two');
    expect(builds).toBe(2);
    expect(await moduleOf('two')).toBe('made of a1');
  });

  it('keeps the last eight results', async () => {
    for (let version = 0; version < 10; version += 1) {
      source = `v${version}`;
      await bringUpToDate('one');
    }
    const kept = await readdir(cache());
    expect(kept).toHaveLength(8);
    expect(kept).toContain('v9');
  });
});
