// Owns the proof that nobody is asked for a price unless the user wants one, that amounts then show what they are worth, and that no wrong worth is ever shown.
import { expect, type Page } from '@playwright/test';
import { p } from '../../src/lib/wallet/words/price.js';
import { press, tabTo, type } from './support/keyboard.js';
import { expectAccessible } from './support/looks.js';
import { createWallet, unlock } from './support/onboarding.js';
import { startPriceSource, type PriceSource } from './support/price-source.js';
import { button, expectError, field, goTo, heading, satText, t, visit } from './support/screen.js';
import { enterPayment, fundWallet } from './support/steps.js';
import { freshContext, test as base } from './support/world.js';

const test = base.extend<{ source: PriceSource }>({
  source: async ({ browserName: _ }, use) => {
    const source = await startPriceSource();
    await use(source);
    await source.close();
  }
});

test('prices are off until they are wanted; then every amount shows its worth, and switched off nobody is asked', async ({
  browser,
  appUrl,
  stand,
  source
}) => {
  const page = await (await freshContext(browser, appUrl)).newPage();
  const hosts = new Set<string>();
  page.context().on('request', (request) => hosts.add(new URL(request.url()).host));
  await createWallet(page);
  await fundWallet(stand, page, 2_000_000n);
  await lookAround(page);
  expect([...hosts].sort()).toEqual([new URL(appUrl).host, new URL(stand.esplora.url).host].sort());
  await expect(worth(page)).toHaveCount(0);

  source.body = '{"rates":{"EUR":"58123.45"}}';
  await fillCustom(page, `${source.url}/{currency}.json`, 'rates.{CURRENCY}');
  expect(source.asked).toEqual([]);
  await press(page, named(page, 'switch_on'));
  await expect(page.getByTestId('price')).toHaveText('≈ €58,123.45');
  expect(source.asked).toEqual(['/eur.json']);

  await goTo(page, 'home');
  await expect(worth(page)).toHaveText('≈ €1,162.47');
  await enterPayment(page, await stand.lnd.newAddress());
  await field(page, 'send.amount').fill('500,000');
  await expect(worth(page)).toHaveText('≈ €290.62');
  await field(page, 'send.amount').fill('500,00');
  await expect(worth(page)).toHaveText('');
  await field(page, 'send.amount').fill('500000');
  await button(page, 'app.continue').click();
  await expect(heading(page, t('send.review_title'))).toBeVisible();
  await expect(worth(page).first()).toHaveText('≈ €290.62');
  await visit(page, '/receive');
  await page.getByText(t('receive.edit'), { exact: true }).click();
  await field(page, 'receive.amount').fill('10000');
  await button(page, 'receive.update').click();
  await expect(page.getByText(t('receive.asking', { amount: satText(10_000n) }), { exact: true })).toBeVisible();
  await expect(worth(page).first()).toHaveText('≈ €5.81');
  // All these screens have lived on one answer.
  expect(source.asked).toHaveLength(1);

  // The choice outlives a reload and the lock, and nobody is asked while it is locked.
  await page.goto('/');
  await expect(heading(page, t('unlock.title'))).toBeVisible();
  expect(source.asked).toHaveLength(1);
  await unlock(page);
  await expect(worth(page)).toHaveText('≈ €1,162.47');
  expect(source.asked).toHaveLength(2);

  await visit(page, '/settings/price');
  await press(page, named(page, 'switch_off'));
  await expect(named(page, 'switch_on')).toBeVisible();
  await lookAround(page);
  await expect(worth(page)).toHaveCount(0);
  await page.reload();
  await unlock(page);
  await lookAround(page);
  expect(source.asked).toHaveLength(2);
  await page.context().close();
});

test('a source that is away or answers nonsense is named with its error, and no worth is shown', async ({
  spender: { page },
  source
}) => {
  source.body = '{"price":58123.45}';
  await fillCustom(page, source.url, 'price');
  await named(page, 'switch_on').click();
  await expect(page.getByTestId('price')).toHaveText('≈ €58,123.45');

  source.status = 500;
  await named(page, 'ask_again').click();
  await expectError(page, 'price_unavailable');
  // What is known still holds for a while, and says from when it is.
  await expect(page.getByTestId('price')).toHaveText('≈ €58,123.45');
  await expectAccessible(page, 'a price whose source is away');

  source.status = 200;
  for (const body of ['<html>', '{"price":-1}', '{"price":"NaN"}', '{"price":1e99}', '{"data":58123.45}']) {
    source.body = body;
    await named(page, 'save').click();
    await expectError(page, 'price_invalid_answer');
    await expect(page.getByTestId('price')).toHaveCount(0);
  }
  await goTo(page, 'home');
  await expect(worth(page)).toHaveText('');

  await visit(page, '/settings/price');
  const askedBefore = source.asked.length;
  await labelled(page, 'url').fill('http://rates.example');
  await named(page, 'save').click();
  await expectError(page, 'insecure_url');
  await labelled(page, 'url').fill('no address');
  await named(page, 'save').click();
  await expectError(page, 'invalid_url');
  expect(source.asked).toHaveLength(askedBefore);
  await named(page, 'switch_off').click();
});

test('the keyboard alone is enough to choose currency and source, and to switch prices on and off', async ({
  spender: { page },
  source
}) => {
  source.body = '9500000';
  await visit(page, '/settings');
  await press(page, page.getByRole('link', { name: p('title') }));
  await expect(heading(page, p('title'))).toBeFocused();
  await tabTo(page, labelled(page, 'currency'));
  await page.keyboard.type('JPY');
  await tabTo(page, labelled(page, 'source'));
  await page.keyboard.type(p('source_custom').slice(0, 3));
  await labelled(page, 'url').clear();
  await labelled(page, 'path').clear();
  await type(page, labelled(page, 'url'), source.url);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('price')).toHaveText('≈ ¥9,500,000');
  await press(page, named(page, 'switch_off'));
  await expect(named(page, 'switch_on')).toBeVisible();
});

/** Goes where amounts are shown and typed. */
async function lookAround(page: Page): Promise<void> {
  for (const path of ['/', '/receive', '/channels/open', '/settings', '/settings/price', '/']) {
    await visit(page, path);
    await expect(page.getByRole('progressbar')).toHaveCount(0);
    await page.waitForLoadState('networkidle');
  }
}

async function fillCustom(page: Page, url: string, path: string): Promise<void> {
  await visit(page, '/settings/price');
  await labelled(page, 'currency').selectOption('EUR');
  await labelled(page, 'source').selectOption(p('source_custom'));
  await labelled(page, 'url').fill(url);
  await labelled(page, 'path').fill(path);
}

function worth(page: Page) {
  return page.getByTestId('worth');
}

function named(page: Page, key: 'switch_on' | 'switch_off' | 'save' | 'ask_again') {
  return page.getByRole('button', { name: p(key), exact: true });
}

function labelled(page: Page, key: 'currency' | 'source' | 'url' | 'path') {
  return page.getByLabel(p(key), { exact: true });
}
