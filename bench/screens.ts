// Owns the times that a user waits at a start, in Chromium: from navigation to the unlock screen, and from the password to the wallet. Only reported: they are of this machine.
import { ensureApp } from '../scripts/app.js';
import { ensureWasm } from '../scripts/wasm.js';
import { startServer } from '../src/server/server.js';
import { createWallet, password, submitUnlock } from '../tests/e2e/support/onboarding.js';
import { Profile } from '../tests/e2e/support/profile.js';
import { button, heading, t } from '../tests/e2e/support/screen.js';
import type { Measurement } from './measurement.js';
import { median, timeMs } from './support/numbers.js';

const ROUNDS = 5;

/** What one start takes, in ms. */
interface Start {
  toUnlockMs: number;
  toReadyMs: number;
}

type Warmth = 'cold' | 'warm';
type Starts = Record<Warmth, Start[]>;

export const measurements: Measurement[] = (
  [
    ['cold', 'a new browser that has to fetch everything'],
    ['warm', 'a page loaded again, by its service worker']
  ] as const
).flatMap(([warmth, where]) => [
  {
    id: `screens.to_unlock_${warmth}_ms`,
    what: `navigation to the unlock screen: ${where}`,
    measure: async () => median((await starts())[warmth].map(({ toUnlockMs }) => toUnlockMs))
  },
  {
    id: `screens.to_ready_${warmth}_ms`,
    what: `password to wallet, Argon2 included: ${where}`,
    measure: async () => median((await starts())[warmth].map(({ toReadyMs }) => toReadyMs))
  }
]);

let taken: Promise<Starts> | undefined;

function starts(): Promise<Starts> {
  taken ??= take();
  return taken;
}

async function take(): Promise<Starts> {
  await ensureWasm();
  // Nobody answers there: a wallet is ready before it has looked at the chain.
  const options = { host: '127.0.0.1', port: 0, network: 'regtest', esploraUrl: 'http://127.0.0.1:9' } as const;
  const server = await startServer({ ...options, staticDir: await ensureApp(), allowInsecure: false });
  const profile = await Profile.create(server.url);
  try {
    await createWallet(await profile.launch());
    await profile.close();
    const all: Starts = { cold: [], warm: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      const { cold, warm } = await bothStarts(profile, server.url);
      all.cold.push(cold);
      all.warm.push(warm);
    }
    return all;
  } finally {
    await profile.remove();
    await server.close();
  }
}

/** A browser that kept the wallet and nothing of the app, and then the same page once more. */
async function bothStarts(profile: Profile, origin: string): Promise<Record<Warmth, Start>> {
  const page = await profile.launch();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.clearBrowserCache');
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'service_workers,cache_storage' });
  const start = async (navigate: () => Promise<unknown>): Promise<Start> => ({
    toUnlockMs: await timeMs(async () => {
      await navigate();
      await heading(page, t('unlock.title')).waitFor();
    }),
    toReadyMs: await timeMs(async () => {
      await submitUnlock(page, password);
      await button(page, 'nav.lock').waitFor();
    })
  });
  const cold = await start(() => page.goto('/'));
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const warm = await start(() => page.reload());
  await profile.close();
  return { cold, warm };
}
