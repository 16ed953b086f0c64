// Owns the proof of what words alone do in a browser that knows nothing: the right ones find the coins, wrong ones say so and leave nothing behind.
import { expect, type Page } from '@playwright/test';
import { validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createWallet, expectHome, restoreWallet, submitRestore, submitUnlock, unlock } from './support/onboarding.js';
import { button, expectError, field, goTo, heading, link, t } from './support/screen.js';
import { catchUpTimeoutMs, fundWallet, spendableSat, totalSat, walletNodeId } from './support/steps.js';
import { freshContext, test } from './support/world.js';

const fundedSat = 750_000n;

test.describe.configure({ mode: 'serial' });

test.describe('the words of a funded wallet', () => {
  let words: string[];
  let nodeId: string;
  let page: Page;

  test.beforeAll(async ({ browser, appUrl, stand }) => {
    page = await (await freshContext(browser, appUrl)).newPage();
    words = await createWallet(page);
    await fundWallet(stand, page, 500_000n);
    // A second address, so that more than the first one must be looked for.
    await fundWallet(stand, page, 250_000n);
    nodeId = await walletNodeId(page);
    await page.context().close();
  });
  test.beforeEach(async ({ browser, appUrl }) => {
    page = await (await freshContext(browser, appUrl)).newPage();
  });
  test.afterEach(() => page.context().close());

  test('find its coins and its node in a fresh browser, which then asks for the new password alone', async () => {
    await page.goto('/');
    expect(await storedDatabases(page)).toEqual([]);
    await restoreWallet(page, words);
    await expect.poll(() => spendableSat(page), { timeout: catchUpTimeoutMs }).toBe(fundedSat);
    expect(await walletNodeId(page)).toBe(nodeId);
    await goTo(page, 'home');
    await expect(page.getByText(t('words.reminder_title'), { exact: true })).toHaveCount(0);

    // And they stay found, for whoever knows the password.
    await page.reload();
    await submitUnlock(page, 'not the password');
    await expectError(page, 'wrong_password');
    await unlock(page);
    expect(await totalSat(page)).toBe(fundedSat);
  });

  test('open another wallet, an empty one, with a passphrase that was not theirs', async () => {
    await submitRestore(page, words, 'not the passphrase');
    await expect(page.getByText(t('passphrase.restore_hint'), { exact: true })).toBeVisible();
    await expectHome(page);
    await expect(page.getByText(t('home.first_coins'), { exact: true })).toBeVisible();
    await expect(page.getByText(t('sync.never'), { exact: true })).toHaveCount(0, { timeout: catchUpTimeoutMs });
    expect(await totalSat(page)).toBe(0n);
    expect(await walletNodeId(page)).not.toBe(nodeId);
  });

  test('with one changed for another word are refused by their checksum; corrected, they work', async () => {
    await submitRestore(page, withBrokenChecksum(words));
    await expectError(page, 'invalid_mnemonic');
    await field(page, 'restore.words').fill(words.join(' '));
    await button(page, 'restore.submit').click();
    await expectHome(page);
    await expect.poll(() => spendableSat(page), { timeout: catchUpTimeoutMs }).toBe(fundedSat);
  });

  test('with a word that is none are refused, the word is named, and nothing is kept', async () => {
    await submitRestore(page, words.with(3, 'satoshis'));
    await expect(page.getByText(t('restore.unknown_one', { list: 'satoshis' }), { exact: true })).toBeVisible();
    await expectError(page, 'invalid_mnemonic');
    await page.goto('/');
    await expect(heading(page, t('welcome.title'))).toBeVisible();
  });

  test('with one missing are not even tried', async () => {
    await submitRestore(page, words.slice(0, 11));
    await expect(page.getByRole('alert')).toHaveText(t('restore.words_hint'));
    await expect(field(page, 'restore.words')).toBeEditable();
    await page.goto('/');
    await expect(link(page, 'welcome.restore')).toBeVisible();
  });
});

/** The same words but one, so that the last word's checksum does not fit. */
function withBrokenChecksum(words: string[]): string[] {
  for (const word of wordlist) {
    const changed = words.with(0, word);
    if (!validateMnemonic(changed.join(' '), wordlist)) return changed;
  }
  throw new Error('every first word fits');
}

function storedDatabases(page: Page): Promise<string[]> {
  return page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ''));
}
