// Owns Chromium for the benchmarks: a profile on a real disk, and a server on loopback that gives it the page, the worker and the module.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import { wasmDirectory } from '../../scripts/commands.js';
import { TernError } from '../../src/wire/errors.js';
import { Profile } from '../../tests/e2e/support/profile.js';
import type { ContentSnapshot } from '../../src/worker/disk-content.js';
import type { RunInWorker } from './browser-page.js';
import type { BrowserBench, OfferedContent } from './browser-worker.js';

declare const runInWorker: RunInWorker;

interface ServedFile {
  contentType: string;
  body: string | Buffer;
}

/** A browser that is measured in. */
export class BenchBrowser {
  readonly #page: Page;
  readonly #files: Map<string, ServedFile>;

  constructor(page: Page, files: Map<string, ServedFile>) {
    this.#page = page;
    this.#files = files;
  }

  /** Calls a method of `BrowserBench` in a worker of its own. */
  async run<Name extends keyof BrowserBench>(
    name: Name,
    ...args: Parameters<BrowserBench[Name]>
  ): Promise<Awaited<ReturnType<BrowserBench[Name]>>> {
    const call = { name, args: args as unknown[] };
    const answer = await this.#page.evaluate((asked) => runInWorker(asked.name, asked.args), call);
    return answer as Awaited<ReturnType<BrowserBench[Name]>>;
  }

  /** Lets the worker fetch a disk's content under this name. */
  offer(name: string, { rows, local }: ContentSnapshot): void {
    const content: OfferedContent = {
      rows: rows.map(({ row, value }) => ({ row, value: base64(value) })),
      local: local.map(([key, value]) => [key, base64(value)])
    };
    this.#files.set(`/offered/${name}`, { contentType: 'application/json', body: JSON.stringify(content) });
  }
}

/** Starts a browser, and ends it and all it left when `use` is done. */
export async function withBrowser<T>(use: (browser: BenchBrowser) => Promise<T>): Promise<T> {
  const files = await bundle();
  const server = await serve(files);
  const profile = await Profile.create();
  try {
    const page = await profile.launch();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'runInWorker' in globalThis);
    return await use(new BenchBrowser(page, files));
  } finally {
    await profile.remove();
    server.closeAllConnections();
    server.close();
  }
}

async function bundle(): Promise<Map<string, ServedFile>> {
  const html = '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>';
  return new Map<string, ServedFile>([
    ['/', { contentType: 'text/html', body: html }],
    ...(await bundleScript('./browser-page.ts', '/page.js')),
    ...(await bundleScript('./browser-worker.ts', '/worker.js')),
    [
      '/node.wasm',
      { contentType: 'application/wasm', body: await readFile(path.join(wasmDirectory, 'pkg/tern_bg.wasm')) }
    ]
  ]);
}

/** The entry under this name, and what it loads later. */
async function bundleScript(entry: string, name: string): Promise<[string, ServedFile][]> {
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    // The module comes from the server, not out of the bundle.
    build: {
      write: false,
      target: 'es2023',
      assetsInlineLimit: 0,
      lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ['es'] }
    }
  });
  const chunks = [outputs].flat().flatMap((output) => ('output' in output ? output.output : []));
  const scripts = chunks.filter((output) => output.type === 'chunk');
  if (!scripts.some(({ isEntry }) => isEntry))
    throw new TernError('internal', `${entry} makes an empty bundle`, 'Look at what it imports.');
  return scripts.map(({ isEntry, fileName, code }) => [
    isEntry ? name : `/${fileName}`,
    { contentType: 'text/javascript', body: code }
  ]);
}

/** Nothing may be cached: neither file nor compiled code. */
function serve(files: Map<string, ServedFile>): Promise<Server> {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.setHeader('cache-control', 'no-store');
    if (!file) return void response.writeHead(404).end();
    response.setHeader('content-type', file.contentType);
    response.end(file.body);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
