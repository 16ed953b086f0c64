// Proves that the hash of sources changes with every change that matters, and with no other.
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashSources } from './source-hash.js';

let base: string;
const hash = () =>
  hashSources(base, ['src', 'lock', 'absent'], (file) => !file.endsWith('.test.ts') && file !== 'src/out');

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'tern-hash-'));
  await mkdir(path.join(base, 'src', 'out'), { recursive: true });
  await writeFile(path.join(base, 'src', 'a.ts'), 'a');
  await writeFile(path.join(base, 'lock'), '1');
});

afterEach(() => rm(base, { recursive: true, force: true }));

describe('the hash of sources', () => {
  it('changes with the bytes, the name and the number of files', async () => {
    const seen = [await hash()];
    await writeFile(path.join(base, 'src', 'a.ts'), 'b');
    seen.push(await hash());
    await rename(path.join(base, 'src', 'a.ts'), path.join(base, 'src', 'b.ts'));
    seen.push(await hash());
    await writeFile(path.join(base, 'src', 'c.ts'), '');
    seen.push(await hash());
    await writeFile(path.join(base, 'lock'), '2');
    seen.push(await hash());
    expect(new Set(seen).size).toBe(5);
  });

  it('does not change with times, or with what is left out', async () => {
    const before = await hash();
    await utimes(path.join(base, 'src', 'a.ts'), 1, 1);
    await writeFile(path.join(base, 'src', 'a.test.ts'), 'test');
    await writeFile(path.join(base, 'src', 'out', 'x'), 'built');
    expect(await hash()).toBe(before);
  });
});
