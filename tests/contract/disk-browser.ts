// Owns how a browser gets the disk contract: bundled, on an origin of its own, without a server.
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { build } from 'vite';

const ENTRY = fileURLToPath(new URL('./disk-page.ts', import.meta.url));
/** Never resolved: Playwright answers every request to it. */
const ORIGIN = 'http://disk.localhost';

/** The contract and the disk as one script. */
export async function bundleDiskPage(): Promise<string> {
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2023', minify: false, lib: { entry: ENTRY, formats: ['es'] } }
  });
  const chunks = [outputs].flat().flatMap((bundle) => ('output' in bundle ? bundle.output : []));
  const [chunk] = chunks.filter((output) => output.type === 'chunk');
  if (!chunk) throw new Error('the bundle is empty');
  return chunk.code;
}

/** Opens the page; afterwards `diskPage` is there in it. */
export async function openDiskPage(page: Page, script: string): Promise<void> {
  await page.route(`${ORIGIN}/**`, (route) => {
    const isScript = route.request().url().endsWith('/disk.js');
    return route.fulfill(
      isScript
        ? { contentType: 'text/javascript', body: script }
        : {
            contentType: 'text/html',
            body: '<!doctype html><title>disk</title><script type="module" src="/disk.js"></script>'
          }
    );
  });
  await page.goto(`${ORIGIN}/`);
  await page.waitForFunction(() => 'diskPage' in globalThis);
}
