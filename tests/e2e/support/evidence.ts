// Owns what a failed test tells whoever looks into it: what each wallet showed and logged, and whom lnd was connected to.
import type { Browser, Page, TestInfo } from '@playwright/test';
import type { Stand } from '../../regtest/stand.js';
import { button, t, visit } from './screen.js';

const logCharacters = 8_000;

/** Attaches it, as text that the report of a run prints, when the test failed. */
export async function attachEvidence(browser: Browser, stand: Stand, testInfo: TestInfo): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus) return;
  const [peers, channels, pending] = [stand.lnd.listPeers(), stand.lnd.listChannels(), stand.lnd.pendingChannels()];
  const lnd = { peers: await peers, channels: await channels, pending: await pending };
  const text = JSON.stringify(lnd, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2);
  await attach('lnd', text, testInfo);
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    // A page that hangs or was killed is what some tests are about.
    const told = await Promise.race([tellOf(page), after(10_000)]).catch((thrown: unknown) => String(thrown));
    await attach(`page ${page.url()}`, told, testInfo);
  }
}

async function tellOf(page: Page): Promise<string> {
  const shown = await page.locator('body').innerText();
  // Only an open wallet has logs to show.
  if ((await button(page, 'nav.lock').count()) === 0) return shown;
  await visit(page, '/settings/logs');
  const lines = (await page.getByRole('region', { name: t('logs.list') }).textContent()) ?? '';
  return `${shown}\n--- its log\n${lines.slice(-logCharacters)}`;
}

async function attach(name: string, body: string, testInfo: TestInfo): Promise<void> {
  await testInfo.attach(name, { body, contentType: 'text/plain' });
}

function after(timeoutMs: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, timeoutMs, 'The page did not answer.'));
}
