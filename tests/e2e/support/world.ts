// Owns what every end-to-end test stands on: one stand of real nodes and one server of the built app for all of them, and one wallet that may be spent from.
import { fileURLToPath } from 'node:url';
import { test as base, type Browser, type BrowserContext } from '@playwright/test';
import { startServer, type RunningServer } from '../../../src/server/server.js';
import type { VssOptions } from '../../../src/server/vss/service.js';
import { startStand, type Stand } from '../../regtest/stand.js';
import { attachEvidence } from './evidence.js';
import { createSpender, type Spender } from './spender.js';

export const builtApp = fileURLToPath(new URL('../../../build', import.meta.url));

interface WorkerFixtures {
  stand: Stand;
  appUrl: string;
  /** In a browser of its own. Shared: a test that uses it leaves it as usable as it was. */
  spender: Spender;
}

/** Serves the built app, or another, as `serve --allow-private` does, on a port of its own or on one given; without VSS, unless it is given one. */
export function serveApp(
  stand: Stand,
  vss?: VssOptions,
  { port = 0, staticDir = builtApp }: { port?: number; staticDir?: string } = {}
): Promise<RunningServer> {
  return startServer({
    host: '127.0.0.1',
    port,
    network: 'regtest',
    esploraUrl: stand.esplora.url,
    staticDir,
    allowInsecure: false,
    bridge: { allowPrivate: true },
    ...(vss && { vss })
  });
}

/** A browser context that knows nothing yet, as a new browser would. */
export function freshContext(browser: Browser, appUrl: string): Promise<BrowserContext> {
  return browser.newContext({ baseURL: appUrl, viewport: { width: 1280, height: 800 } });
}

export const test = base.extend<{ evidence: undefined }, WorkerFixtures>({
  evidence: [
    async ({ browser, stand }, use, testInfo) => {
      await use(undefined);
      await attachEvidence(browser, stand, testInfo);
    },
    { auto: true }
  ],
  stand: [
    async ({ browserName: _ }, use) => {
      const stand = await startStand({ lnd: true, esplora: true });
      await stand.fundLnd(stand.lnd, 50_000_000n);
      await use(stand);
      await stand.stop();
    },
    { scope: 'worker', timeout: 300_000 }
  ],
  appUrl: [
    async ({ stand }, use) => {
      const server = await serveApp(stand);
      await use(server.url);
      await server.close();
    },
    { scope: 'worker' }
  ],
  spender: [
    async ({ browser, stand, appUrl }, use) => {
      const context = await freshContext(browser, appUrl);
      await use(await createSpender(stand, await context.newPage(), 300_000n));
      await context.close();
    },
    { scope: 'worker', timeout: 180_000 }
  ],
  baseURL: async ({ appUrl }, use) => use(appUrl)
});
