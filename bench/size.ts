// Owns the benchmarks of size: what a browser has to fetch, compressed as a server would send it (brotli at its best, 11).
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { chromium } from '@playwright/test';
import { launchOptions } from '../playwright.config.js';
import { ensureApp } from '../scripts/app.js';
import { wasmDirectory } from '../scripts/commands.js';
import { ensureWasm } from '../scripts/wasm.js';
import { startServer } from '../src/server/server.js';
import { TernError } from '../src/wire/errors.js';
import type { Measurement } from './measurement.js';

const compress = promisify(brotliCompress);

export const measurements: Measurement[] = [
  {
    id: 'size.wasm_brotli_mb',
    what: 'the node, brotli 11, in MB',
    target: { atMost: 2.4 },
    measure: measureWasm
  },
  {
    id: 'size.first_screen_brotli_kb',
    what: 'all JavaScript and CSS that the first screen fetches, brotli 11, in kB',
    target: { atMost: 120 },
    measure: measureFirstScreen
  }
];

async function measureWasm(): Promise<number> {
  await ensureWasm();
  const directory = path.join(wasmDirectory, 'pkg');
  const modules = (await readdir(directory)).filter((name) => name.endsWith('.wasm'));
  const [module] = modules;
  if (module === undefined || modules.length > 1) {
    throw new TernError('internal', `wasm/pkg holds ${modules.length} modules, not one`, 'Run `npm run build`.');
  }
  return (await compressedBytes(await readFile(path.join(directory, module)))) / 1e6;
}

/** Loads the app as a new visitor does, in Chromium, and weighs each script and style sheet it asks for, the worker's too. */
async function measureFirstScreen(): Promise<number> {
  const staticDir = await ensureApp();
  // An Esplora that nobody answers for: the welcome screen must not need one.
  const options = { host: '127.0.0.1', port: 0, network: 'regtest', esploraUrl: 'http://127.0.0.1:9' } as const;
  const server = await startServer({ ...options, staticDir, allowInsecure: false });
  const browser = await chromium.launch(launchOptions);
  try {
    // The service worker fetches everything once more, later and in the background.
    const context = await browser.newContext({ serviceWorkers: 'block' });
    const requested = new Set<string>();
    context.on('request', (request) => requested.add(new URL(request.url()).pathname));
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForLoadState('networkidle');
    const files = [...requested].filter((file) => /\.(js|css)$/.test(file));
    if (files.length === 0)
      throw new TernError('internal', 'the first screen asked for no script', 'Open the app by hand and look.');
    const sizes = await Promise.all(
      files.map(async (file) => compressedBytes(await readFile(path.join(staticDir, file))))
    );
    return sizes.reduce((sum, size) => sum + size, 0) / 1000;
  } finally {
    await browser.close();
    await server.close();
  }
}

async function compressedBytes(bytes: Buffer): Promise<number> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return (await compress(bytes, { params })).length;
}
