// Owns the proof of how the built app is served: the security headers on every file, a policy that bites in page and worker, and a start without the server.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { collectComplaints } from './support/complaints.js';
import { createWallet, unlock } from './support/onboarding.js';
import { heading, t } from './support/screen.js';
import { totalSat } from './support/steps.js';
import { freshContext, serveApp, test } from './support/world.js';

const builtApp = fileURLToPath(new URL('../../build', import.meta.url));

test('every file, every screen and every error carries the security headers', async ({ request }) => {
  const files = (await readdir(builtApp, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `/${path.relative(builtApp, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')}`);
  const endings = new Set(files.map((file) => path.extname(file)));
  expect([...endings]).toEqual(
    expect.arrayContaining(['.html', '.js', '.css', '.wasm', '.webmanifest', '.svg', '.png'])
  );
  for (const url of [...files, '/', '/receive', '/tern.json', '/healthz', '/missing.js']) {
    const headers = (await request.get(url)).headers();
    expect.soft(headers, url).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin'
    });
    const policy = headers['content-security-policy'] ?? '';
    for (const directive of [
      "default-src 'none'",
      "connect-src 'self' https: wss:",
      "worker-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "object-src 'none'",
      "require-trusted-types-for 'script'"
    ]) {
      expect.soft(policy, url).toContain(directive);
    }
    expect.soft(policy, url).not.toContain("'unsafe-inline'");
    expect.soft(policy, url).not.toContain("'unsafe-eval'");
    expect.soft(headers['permissions-policy'], url).toContain('camera=(self)');
  }
});

test('the policy bites in the page and in the worker, and a breach is heard', async ({ browser, appUrl }) => {
  const context = await freshContext(browser, appUrl);
  const complaints = await collectComplaints(context);
  const page = await context.newPage();
  await page.goto('/');
  await expect(heading(page, t('welcome.title'))).toBeVisible();
  expect(complaints).toEqual([]);

  await page.evaluate(() => {
    const script = document.createElement('img');
    script.src = 'http://elsewhere.test/pixel.png';
    document.body.append(script);
  });
  await expect.poll(() => complaints.filter((each) => each.startsWith('page: img-src'))).toHaveLength(1);
  const [worker] = page.workers();
  const outcome = await worker?.evaluate(() =>
    fetch('http://elsewhere.test/').then(
      () => 'let through',
      () => 'refused'
    )
  );
  expect(outcome).toBe('refused');
  await expect.poll(() => complaints.some((each) => each.includes('connect-src'))).toBe(true);
  const html = await page.evaluate(() => {
    try {
      document.createElement('div').innerHTML = '<b>bold</b>';
      return 'let through';
    } catch {
      return 'refused';
    }
  });
  expect(html).toBe('refused');
  await context.close();
});

test('the app starts without its server, and opens the wallet', async ({ browser, stand }) => {
  const server = await serveApp(stand);
  const context = await freshContext(browser, server.url);
  const page = await context.newPage();
  await createWallet(page);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await server.close();
  await page.goto('/');
  await expect(heading(page, t('unlock.title'))).toBeVisible();
  expect(await page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated');
  await unlock(page);
  expect(await totalSat(page)).toBe(0n);
  await context.close();
});
