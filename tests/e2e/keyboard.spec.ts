// Owns the proof that the keyboard alone is enough to restore, to take over and back, and for all one can do with a backup.
import { expect, type Page } from '@playwright/test';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import { b } from '../../src/lib/wallet/words/backup.js';
import { BackupHome } from './support/backup-home.js';
import { expectBackup } from './support/backup.js';
import { press, tabTo, type } from './support/keyboard.js';
import { createWallet, password } from './support/onboarding.js';
import { button, field, heading, link, t } from './support/screen.js';
import { test } from './support/world.js';

test('the keyboard alone is enough to restore, take over, verify, back up, release and take back', async ({
  browser,
  stand
}) => {
  const home = await BackupHome.start(stand);
  const first = await home.open(browser);
  const second = await home.open(browser);
  try {
    const words = await createWallet(first);
    await expectBackup(first, 'up_to_date');

    await second.goto('/');
    await press(second, link(second, 'welcome.restore'));
    await type(second, field(second, 'restore.words'), words.join(' '));
    await type(second, field(second, 'password.new'), password);
    await type(second, field(second, 'password.repeat'), password);
    await second.keyboard.press('Enter');
    await expect(second.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({ timeout: 60_000 });
    await takeOverByKeyboard(second);
    await expect(heading(second, t('home.title'))).toBeFocused({ timeout: 60_000 });

    await press(second, second.getByTestId('backup-indicator'));
    await expect(heading(second, b('title'))).toBeFocused();
    await press(second, second.getByRole('button', { name: b('now'), exact: true }));
    await expect(second.getByText(b('now_done'), { exact: true })).toBeVisible();
    await press(second, second.getByRole('button', { name: b('verify'), exact: true }));
    await expect(second.getByText(b('verify_good'), { exact: true })).toBeVisible();
    await tabTo(second, second.getByRole('radio', { name: b('mode_acknowledged') }));
    await second.keyboard.press('ArrowDown');
    await expect(second.getByRole('radio', { name: b('mode_local') })).toBeChecked();
    await second.keyboard.press('ArrowUp');
    await expect(second.getByRole('radio', { name: b('mode_acknowledged') })).toBeChecked();

    await expect(heading(first, t('halted.taken_over'))).toBeVisible({ timeout: 45_000 });
    await press(first, button(first, 'halted.take_back'));
    await unlockByKeyboard(first);
    await expect(first.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({ timeout: 60_000 });
    await takeOverByKeyboard(first);
    await expect(button(first, 'nav.lock')).toBeVisible({ timeout: 60_000 });
    await expectBackup(first, 'up_to_date');

    await press(first, first.getByTestId('backup-indicator'));
    await press(first, first.getByRole('button', { name: b('release'), exact: true }));
    const dialog = first.getByRole('dialog', { name: b('release_title') });
    await press(first, dialog.getByRole('button', { name: b('release'), exact: true }));
    await expect(heading(first, t('unlock.title'))).toBeVisible({ timeout: 30_000 });
  } finally {
    await home.stop();
  }
});

async function takeOverByKeyboard(page: Page): Promise<void> {
  await press(page, page.getByRole('button', { name: b('take_over'), exact: true }));
  const dialog = page.getByRole('dialog', { name: b('take_over_title') });
  await press(page, dialog.getByRole('button', { name: b('take_over'), exact: true }));
}

async function unlockByKeyboard(page: Page): Promise<void> {
  await expect(field(page, 'password.current')).toBeFocused();
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
}
