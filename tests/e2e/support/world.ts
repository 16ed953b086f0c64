// Owns what every end-to-end test stands on: one stand of real nodes and one server of the built app for all of them, and one wallet that may be spent from.
import { fileURLToPath } from 'node:url';
import { test as base, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { startServer, type RunningServer } from '../../../src/server/server.js';
import type { VssOptions } from '../../../src/server/vss/service.js';
import { startStand, type Stand } from '../../regtest/stand.js';
import { attachEvidence } from './evidence.js';
import { createWallet } from './onboarding.js';
import { fundWallet, openChannel, payInvoice, walletNodeId } from './steps.js';

export const builtApp = fileURLToPath(new URL('../../../build', import.meta.url));

/** A wallet in a browser of its own, with coins on chain and a channel to lnd that can send and receive. */
export interface Spender {
  page: Page;
  nodeId: string;
  words: string[];
}

interface WorkerFixtures {
  stand: Stand;
  appUrl: string;
  /** Shared: a test that uses it leaves it as usable as it was. */
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
      const page = await context.newPage();
      const words = await createWallet(page);
      await fundWallet(stand, page, 2_000_000n);
      const nodeId = await walletNodeId(page);
      await openChannel(stand, page, 1_000_000n);
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 300_000_000n, memo: 'to begin with' });
      await payInvoice(page, bolt11, 300_000n);
      await stand.lnd.awaitInvoice(paymentHash, 'SETTLED');
      await use({ page, nodeId, words });
      await context.close();
    },
    { scope: 'worker', timeout: 180_000 }
  ],
  baseURL: async ({ appUrl }, use) => use(appUrl)
});
