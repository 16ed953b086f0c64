// Proves that the native nodes of `wasm/bench` are what the WebAssembly is: their ratio would compare two compilers' settings otherwise.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const read = (file: string): Promise<string> => readFile(new URL(`../wasm/${file}`, import.meta.url), 'utf8');

/** The sections of a manifest that say how a release is compiled, each with its settings. */
function releaseSettings(manifest: string): string[] {
  const sections = manifest.split(/^(?=\[)/m).filter((section) => section.startsWith('[profile.release'));
  return sections.map((section) => section.replaceAll(/^#.*$/gm, '').trim()).sort();
}

/** `name version` of each locked package. */
function lockedVersions(lock: string): Set<string> {
  return new Set(
    [...lock.matchAll(/^name = "(.+)"\nversion = "(.+)"$/gm)].map(([, name, version]) => `${name} ${version}`)
  );
}

const nameOf = (crate: string): string => crate.slice(0, crate.indexOf(' '));

describe('the native nodes that the WebAssembly is compared with', () => {
  it('are compiled with the same settings', async () => {
    const shipped = releaseSettings(await read('Cargo.toml'));
    expect(shipped.length).toBeGreaterThan(1);
    expect(releaseSettings(await read('bench/Cargo.toml'))).toEqual(shipped);
  });

  it('are made of the same versions of every crate that both have', async () => {
    const shipped = lockedVersions(await read('Cargo.lock'));
    const shippedNames = new Set([...shipped].map(nameOf));
    const shared = [...lockedVersions(await read('bench/Cargo.lock'))].filter((crate) =>
      shippedNames.has(nameOf(crate))
    );
    expect(shared.map(nameOf)).toContain('lightning');
    expect(shared.filter((crate) => !shipped.has(crate))).toEqual([]);
  });
});
