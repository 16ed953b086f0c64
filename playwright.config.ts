// Owns how Playwright runs: one browser, one test at a time, no retries; the system's Chromium when Playwright's own is missing.
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, defineConfig, devices } from '@playwright/test';

const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
];

/** Undefined: Playwright uses its own. */
function systemChromium(): string | undefined {
  if (existsSync(chromium.executablePath())) return undefined;
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const candidates = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((directory) => names.map((name) => path.join(directory, name)));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const executablePath = systemChromium();

/** How to launch Chromium here; tests that need a persistent context launch it themselves with the same options. */
export const launchOptions = {
  // Chromium's sandbox refuses to run as root.
  args: process.getuid?.() === 0 ? [...flags, '--no-sandbox'] : flags,
  ...(executablePath === undefined ? {} : { executablePath })
};

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  // Recording a trace of every test costs as much as the tests; a failed one leaves a picture, the wallet's logs and lnd's view.
  use: { ...devices['Desktop Chrome'], launchOptions, screenshot: 'only-on-failure', trace: 'off' },
  projects: [{ name: 'chromium' }]
});
