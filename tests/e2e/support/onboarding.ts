// Owns the ways into a wallet: create, check the words, restore, unlock; each ends on the screen that follows.
import { expect, type Page } from '@playwright/test';
import { button, field, heading, link, t } from './screen.js';

/** Of every wallet in these tests. */
export const password = 'correct horse battery';

/** Argon2 and the start of the node take their time on a small machine. */
const startTimeoutMs = 60_000;

/** Creates a wallet, checks the words and ends at home; the words. */
export async function createWallet(page: Page): Promise<string[]> {
  const words = await startCreating(page);
  await button(page, 'words.written').click();
  await expect(heading(page, t('words.check_title'))).toBeVisible();
  for (const [position, word] of await askedWords(page, words)) {
    await page.getByLabel(t('words.check_word', { position }), { exact: true }).fill(word);
  }
  await button(page, 'words.check_submit').click();
  await expect(heading(page, t('words.done_title'))).toBeVisible();
  await link(page, 'words.done').click();
  await expectHome(page);
  return words;
}

/** Creates a wallet and stays where its words are shown; the words. */
export async function startCreating(page: Page): Promise<string[]> {
  await page.goto('/');
  await link(page, 'welcome.create').click();
  await enterNewPassword(page);
  await button(page, 'create.submit').click();
  return shownWords(page);
}

/** The words as they are shown after the creation. */
export async function shownWords(page: Page): Promise<string[]> {
  await expect(heading(page, t('words.title'))).toBeVisible({ timeout: startTimeoutMs });
  const items = page.getByRole('list', { name: t('words.list') }).locator('.word');
  return items.allInnerTexts();
}

/** The positions that the check asks for, counted from one, with their words. */
export async function askedWords(page: Page, words: string[]): Promise<[number, string][]> {
  const asked: [number, string][] = [];
  for (const [index, word] of words.entries()) {
    const input = page.getByLabel(t('words.check_word', { position: index + 1 }), { exact: true });
    if ((await input.count()) > 0) asked.push([index + 1, word]);
  }
  return asked;
}

/** Fills the restore form from the start and sends it. What follows is the caller's to judge. */
export async function submitRestore(page: Page, words: string[], passphrase?: string): Promise<void> {
  await fillRestore(page, words, passphrase);
  await button(page, 'restore.submit').click();
}

/** Fills the restore form from the start. */
export async function fillRestore(page: Page, words: string[], passphrase?: string): Promise<void> {
  await page.goto('/');
  await link(page, 'welcome.restore').click();
  await field(page, 'restore.words').fill(words.join(' '));
  if (passphrase !== undefined) {
    await page.getByText(t('passphrase.summary'), { exact: true }).click();
    await field(page, 'passphrase.label').fill(passphrase);
  }
  await enterNewPassword(page);
}

/** Restores a wallet and ends at home. */
export async function restoreWallet(page: Page, words: string[], passphrase?: string): Promise<void> {
  await submitRestore(page, words, passphrase);
  await expectHome(page);
}

/** Unlocks the wallet of the screen that is shown, and ends where it was left, or at home. */
export async function unlock(page: Page): Promise<void> {
  await submitUnlock(page, password);
  await expect(button(page, 'nav.lock')).toBeVisible({ timeout: startTimeoutMs });
}

export async function submitUnlock(page: Page, given: string): Promise<void> {
  await expect(heading(page, t('unlock.title'))).toBeVisible({ timeout: startTimeoutMs });
  await field(page, 'password.current').fill(given);
  await button(page, 'unlock.submit').click();
}

export async function expectHome(page: Page): Promise<void> {
  await expect(heading(page, t('home.title'))).toBeAttached({ timeout: startTimeoutMs });
}

async function enterNewPassword(page: Page): Promise<void> {
  await field(page, 'password.new').fill(password);
  await field(page, 'password.repeat').fill(password);
}
