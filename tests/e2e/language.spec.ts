// Owns the proof that Tern speaks the browser's language and the one that its user chooses, and that the longer words still fit a small phone.
import { expect, type Page } from '@playwright/test';
import { catalogue } from '../../src/lib/wallet/words/de.js';
import { goTo, heading, t, visit } from './support/screen.js';
import { test } from './support/world.js';

const german = catalogue.words;
const smallPhone = { width: 360, height: 740 };

test('a browser that prefers German is greeted in German, and every word fits', async ({ browser, appUrl }) => {
  const context = await browser.newContext({ baseURL: appUrl, locale: 'de-CH', viewport: smallPhone });
  const page = await context.newPage();
  await page.goto('/');
  await expect(heading(page, german['welcome.title'])).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  for (const path of ['/welcome', '/create', '/restore']) {
    await visit(page, path);
    await expectNothingCutOff(page, path);
  }
  await context.close();
});

test('a language chosen in the settings is spoken at once, on every screen, and is kept', async ({
  spender: { page }
}) => {
  await goTo(page, 'settings');
  await page.getByLabel(t('settings.language'), { exact: true }).selectOption('Deutsch');
  await expect(heading(page, german['settings.title'])).toBeFocused();
  expect(await page.evaluate(() => localStorage.getItem('tern-language'))).toBe('de');

  const viewport = page.viewportSize();
  await page.setViewportSize(smallPhone);
  const settings = [
    '/settings',
    '/settings/passkey',
    '/settings/price',
    '/settings/servers',
    '/settings/backup',
    '/settings/logs',
    '/settings/wipe'
  ];
  for (const path of ['/', '/activity', '/channels', '/channels/open', '/send', '/receive', '/waiting', ...settings]) {
    await visit(page, path);
    await expect(page.getByRole('progressbar')).toHaveCount(0);
    await expectNothingCutOff(page, path);
  }
  if (viewport) await page.setViewportSize(viewport);

  await visit(page, '/settings');
  await page.getByLabel(german['settings.language'], { exact: true }).selectOption('English');
  await expect(heading(page, t('settings.title'))).toBeFocused();
});

/** Nothing is wider than the screen, and no button's or heading's text is wider than its place. */
async function expectNothingCutOff(page: Page, where: string): Promise<void> {
  const tooWide = await page.evaluate(() => {
    const isWide = (element: Element): boolean => element.scrollWidth > element.clientWidth + 1;
    const suspects = [
      document.documentElement,
      ...document.querySelectorAll('main button, main a, main h1, main h2, nav a')
    ];
    return suspects
      .filter(
        (element) => isWide(element) && getComputedStyle(element).textOverflow !== 'ellipsis' && element.clientWidth > 0
      )
      .map((element) => `${element.tagName} ${element.textContent?.trim().slice(0, 60)}`);
  });
  expect(tooWide, where).toEqual([]);
}
