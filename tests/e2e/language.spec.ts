// Owns the proof that Tern speaks the browser's language and the one that its user chooses, on every screen and nothing besides, and that the longer words still fit a small phone.
import { expect, type Page } from '@playwright/test';
import { c } from '../../src/lib/wallet/words/coins.js';
import { catalogue } from '../../src/lib/wallet/words/de.js';
import { w } from '../../src/lib/wallet/words/waiting.js';
import type { Stand } from '../regtest/stand.js';
import { expectGerman, inGerman } from './support/german.js';
import { heldInvoice } from './support/judge.js';
import { cutOff, expectAccessible, smallPhone } from './support/looks.js';
import { expectHome, password, startCreating, submitUnlock, unlock } from './support/onboarding.js';
import { button, field, goTo, heading, link, t, visit } from './support/screen.js';
import { catchUpTimeoutMs, channelRows, confirmPayment, fillChannel } from './support/steps.js';
import { test } from './support/world.js';

const german = catalogue.words;
/** Of payments that the tests find again. */
const notes = { held: 'held in German', paid: 'to begin with' };
/** In whatever language: of languages, of companies, and what people called their payments. */
let names: string[] = ['English', 'Deutsch', 'mempool.space', 'Coinbase', 'CoinGecko', ...Object.values(notes)];

test('a browser that prefers German is greeted in German, to the first home, and every word fits', async ({
  browser,
  appUrl
}) => {
  const context = await browser.newContext({ baseURL: appUrl, locale: 'de-CH', viewport: smallPhone });
  const page = await context.newPage();
  await page.goto('/');
  await expect(heading(page, german['welcome.title'])).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await inGerman(async () => {
    for (const path of ['/welcome', '/create', '/restore']) {
      await visit(page, path);
      await expectSpoken(page, path);
    }
    await startCreating(page);
    await expectSpoken(page, '/words');
    await button(page, 'words.written').click();
    await button(page, 'words.check_submit').click();
    await expect(page.getByRole('alert').first()).toBeVisible();
    await expectSpoken(page, 'the check of the words, with errors');
    await button(page, 'words.show_again').click();
    await link(page, 'words.later').click();
    await expectHome(page);
    for (const path of ['/', '/settings/words', '/settings/coins', '/activity', '/channels', '/receive']) {
      await visit(page, path);
      await expectSpoken(page, `${path} of a new wallet`);
    }
    await button(page, 'nav.lock').click();
    await submitUnlock(page, 'not the password');
    await expect(page.getByRole('alert')).toBeVisible();
    await expectSpoken(page, '/unlock, with an error');
    await expectAccessible(page, '/unlock in German');
  });
  await context.close();
});

test('a language chosen in the settings is spoken at once, on every screen, and is kept', async ({
  spender: { page },
  stand
}) => {
  names = [...names, ...(await shownNames(page))];
  await goTo(page, 'settings');
  await page.getByLabel(t('settings.language'), { exact: true }).selectOption('Deutsch');
  await expect(heading(page, german['settings.title'])).toBeFocused();
  expect(await page.evaluate(() => localStorage.getItem('tern-language'))).toBe('de');

  const viewport = page.viewportSize();
  await page.setViewportSize(smallPhone);
  await inGerman(async () => {
    const settings = ['coins', 'passkey', 'price', 'servers', 'backup', 'logs', 'words', 'wipe'];
    const screens = ['/', '/activity', '/channels', '/channels/open', '/send', '/receive', '/waiting', '/settings'];
    for (const path of [...screens, ...settings.map((name) => `/settings/${name}`)]) {
      await visit(page, path);
      await expectSpoken(page, path);
    }
    await seeWordsAndDescriptors(page);
    await seeChannel(page);
    await seeQuestion(page, stand);
    await seePayment(page, stand);
    await button(page, 'nav.lock').click();
    await expect(heading(page, t('unlock.title'))).toBeVisible();
    await expectSpoken(page, '/unlock');
    await unlock(page);
  });
  if (viewport) await page.setViewportSize(viewport);

  await visit(page, '/settings');
  await page.getByLabel(german['settings.language'], { exact: true }).selectOption('English');
  await expect(heading(page, t('settings.title'))).toBeFocused();
});

async function seeWordsAndDescriptors(page: Page): Promise<void> {
  await visit(page, '/settings/words');
  await field(page, 'password.current').fill(password);
  await button(page, 'words.reveal_submit').click();
  await expect(page.getByRole('list', { name: t('words.list') })).toBeVisible();
  await expectSpoken(page, 'the words once more');
  await visit(page, '/settings/coins');
  await page.getByRole('button', { name: c('watch_show'), exact: true }).click();
  await expect(page.getByText(c('watch_internal'), { exact: true })).toBeVisible();
  await expectSpoken(page, 'the descriptors');
  await expectAccessible(page, 'the coins in German');
}

async function seeChannel(page: Page): Promise<void> {
  await visit(page, '/channels');
  await channelRows(page).getByRole('link').first().click();
  await expectSpoken(page, 'a channel');
  for (const way of ['channel.close', 'channel.force'] as const) {
    await button(page, way).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectSpoken(page, `a channel, at ${way}`);
    if (way === 'channel.force') await expectAccessible(page, 'the closing by force in German');
    await button(page, 'app.cancel').click();
  }
}

/** The question before a channel is opened; the answer is no. */
async function seeQuestion(page: Page, stand: Stand): Promise<void> {
  await fillChannel(page, stand.lnd.nodeUri, 300_000n);
  await button(page, 'open.submit').click();
  await expect(page.getByRole('dialog', { name: t('open.confirm_title') })).toBeVisible();
  await expectSpoken(page, 'the question before a channel is opened');
  await button(page, 'app.cancel').click();
}

/** On its way, then failed; found by its note. */
async function seePayment(page: Page, stand: Stand): Promise<void> {
  const { bolt11, paymentHash } = await heldInvoice(stand, 5_000_000n, notes.held);
  await confirmPayment(page, bolt11, 5_000n);
  await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
  await expectSpoken(page, 'a payment on its way');
  await visit(page, '/waiting');
  await expect(heading(page, w('on_the_way'))).toBeVisible();
  await expectSpoken(page, 'money that waits');
  await expectAccessible(page, 'money that waits in German');
  await stand.lnd.cancelInvoice(paymentHash);
  await expect(heading(page, w('on_the_way'))).toHaveCount(0, { timeout: catchUpTimeoutMs });
  await visit(page, '/activity');
  const rows = page.getByRole('list', { name: t('activity.list') }).getByRole('link');
  for (const note of Object.values(notes)) {
    await rows.filter({ hasText: note }).first().click();
    await expect(page.getByText(note, { exact: true }).first()).toBeVisible();
    await expectSpoken(page, `a payment: ${note}`);
    await visit(page, '/activity');
  }
}

/** All of it is German, nothing is wider than the screen, and no text is wider than its place. */
async function expectSpoken(page: Page, screen: string): Promise<void> {
  await expect(page.getByRole('progressbar')).toHaveCount(0);
  await expectGerman(page, screen, names);
  expect.soft(await cutOff(page), screen).toEqual([]);
}

async function shownNames(page: Page): Promise<string[]> {
  await goTo(page, 'activity');
  const rows = page.getByRole('list', { name: t('activity.list') }).getByRole('link');
  await expect(rows.first()).toBeVisible();
  const ours = (['received', 'sent', 'channel_opened', 'channel_closed'] as const).map((name) => t(`activity.${name}`));
  return (await rows.locator('.name').allInnerTexts()).filter((name) => !ours.includes(name));
}
