// Owns the proof that every screen can be used by everyone: axe finds nothing to object to, in light and dark, on a phone, a tablet and a desktop; and the keyboard is enough.
import { expect } from '@playwright/test';
import { c } from '../../src/lib/wallet/words/coins.js';
import { press, tabTo, type } from './support/keyboard.js';
import { askedWords, expectHome, password, shownWords, submitUnlock, unlock } from './support/onboarding.js';
import { expectAccessible } from './support/looks.js';
import { button, field, heading, link, t, visit } from './support/screen.js';
import { channelRows, enterPayment, fillChannel, requestPayment } from './support/steps.js';
import { freshContext, test } from './support/world.js';

test('axe finds no violation on the screens before there is a wallet', async ({ browser, appUrl, spender }) => {
  const page = await (await freshContext(browser, appUrl)).newPage();
  await page.goto('/');
  await expect(heading(page, t('welcome.title'))).toBeVisible();
  await expectAccessible(page, 'welcome');

  await link(page, 'welcome.create').click();
  await button(page, 'create.submit').click();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await expectAccessible(page, 'create, with an error');

  await visit(page, '/restore');
  await page.getByText(t('passphrase.summary'), { exact: true }).click();
  await field(page, 'restore.words').fill('these are no words ');
  await button(page, 'restore.submit').click();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await expectAccessible(page, 'restore, with an error');

  await visit(page, '/create');
  await field(page, 'password.new').fill(password);
  await field(page, 'password.repeat').fill(password);
  await button(page, 'create.submit').click();
  await shownWords(page);
  await expectAccessible(page, 'words');
  await button(page, 'words.written').click();
  await button(page, 'words.check_submit').click();
  await expectAccessible(page, 'check of the words, with errors');
  expect(spender.words).not.toHaveLength(0);
  await page.context().close();
});

test('axe finds no violation on the screens of an open wallet', async ({ spender: { page }, stand }) => {
  // Some thirty screens, six looks at each.
  test.slow();
  const paths = [
    '/',
    '/activity',
    '/channels',
    '/waiting',
    '/settings',
    '/settings/coins',
    '/settings/passkey',
    '/settings/price',
    '/settings/servers',
    '/settings/backup',
    '/settings/logs',
    '/settings/wipe'
  ];
  for (const path of [...paths, '/settings/words', '/send', '/receive', '/channels/open']) {
    await visit(page, path);
    await expect(page.getByRole('progressbar')).toHaveCount(0);
    await expectAccessible(page, path);
  }
  await visit(page, '/settings/coins');
  await page.getByRole('button', { name: c('watch_show'), exact: true }).click();
  await expect(page.getByText(c('watch_internal'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'the descriptors');
  await visit(page, '/settings/words');
  await field(page, 'password.current').fill(password);
  await button(page, 'words.reveal_submit').click();
  await expect(page.getByRole('list', { name: t('words.list') })).toBeVisible();
  await expectAccessible(page, 'the words once more');

  await visit(page, '/activity');
  await page
    .getByRole('list', { name: t('activity.list') })
    .getByRole('link')
    .first()
    .click();
  await expect(page.getByText(t('payment.hash'), { exact: true })).toBeVisible();
  await expectAccessible(page, 'a payment');

  await visit(page, '/channels');
  await channelRows(page).getByRole('link').first().click();
  await button(page, 'channel.close').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page, 'a channel, with the question whether to close it');
  await button(page, 'app.cancel').click();
  await expectAccessible(page, 'a channel');
  await button(page, 'channel.force').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page, 'a channel, with the question whether to force its closing');
  await page.getByText(t('channel.force_understood'), { exact: true }).click();
  await expectAccessible(page, 'the same question, understood');
  await button(page, 'app.cancel').click();

  await fillChannel(page, 'nobody', 100_000n);
  await button(page, 'open.submit').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page, 'the question before a channel is opened');
  await page.getByRole('dialog').getByRole('button').last().click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'a channel that could not be opened');

  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n, memo: 'tea' });
  await enterPayment(page, bolt11);
  await expect(heading(page, t('send.review_title'))).toBeVisible();
  await expectAccessible(page, 'review of a Lightning payment');
  await enterPayment(page, await stand.lnd.newAddress());
  await expect(field(page, 'send.amount')).toBeVisible();
  await expectAccessible(page, 'amount of a payment');
  await field(page, 'send.amount').fill('50000');
  await button(page, 'app.continue').click();
  await expect(heading(page, t('send.review_title'))).toBeVisible();
  await expectAccessible(page, 'review of an on-chain payment');

  const ours = await requestPayment(page, 1_000n, 'cake');
  await expectAccessible(page, 'a request for an amount');
  await stand.lnd.payInvoice({ bolt11: ours });
  await expect(button(page, 'receive.again')).toBeVisible();
  await expectAccessible(page, 'a request that was paid');
});

test('axe finds no violation on the screens of a locked wallet and of a second tab; an address that leads nowhere leads home', async ({
  spender: { page }
}) => {
  await button(page, 'nav.lock').click();
  await submitUnlock(page, 'not the password');
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'unlock, with an error');
  await unlock(page);

  await page.goto('/nowhere');
  await unlock(page);
  await expectHome(page);

  const second = await page.context().newPage();
  await second.goto('/');
  await expect(heading(second, t('elsewhere.title'))).toBeVisible();
  await expectAccessible(second, 'another tab');
  await second.close();
});

test('the keyboard alone is enough to create a wallet and to receive', async ({ browser, appUrl }) => {
  const page = await (await freshContext(browser, appUrl)).newPage();
  await page.goto('/');
  await press(page, link(page, 'welcome.create'));
  await expect(heading(page, t('create.title'))).toBeFocused();
  await type(page, field(page, 'password.new'), password);
  await type(page, field(page, 'password.repeat'), password);
  await page.keyboard.press('Enter');
  const words = await shownWords(page);
  await press(page, button(page, 'words.written'));
  for (const [position, word] of await askedWords(page, words)) {
    await type(page, page.getByLabel(t('words.check_word', { position }), { exact: true }), word);
  }
  await page.keyboard.press('Enter');
  await press(page, link(page, 'words.done'));
  await expect(heading(page, t('home.title'))).toBeFocused();
  await press(page, link(page.getByRole('main'), 'home.receive'));
  await expect(page.getByRole('img', { name: t('receive.qr') })).toBeVisible();
  await tabTo(page, button(page, 'receive.copy_address'));
  await page.context().close();
});
