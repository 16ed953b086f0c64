// Owns how tests find what is on a screen: by the app's own words, as a user or a screen reader would.
import { expect, type Locator, type Page } from '@playwright/test';
import type { ErrorCode } from '../../../src/wire/errors.js';
import { t as sayAnywhere } from '../../../src/lib/wallet/i18n.js';
import { channelWords, sayChannel } from '../../../src/lib/wallet/words/channel.js';
import type { words } from '../../../src/lib/wallet/words/en.js';
import { errorWords } from '../../../src/lib/wallet/words/errors.js';
import { formatSat } from '../../../src/lib/wallet/money.js';

type Texts = typeof words & typeof channelWords;

type Say = (key: string, given?: Record<string, string | number>) => string;

/** The message of a key, whichever screen says it. */
export const t = ((key, given) =>
  ((key in channelWords ? sayChannel : sayAnywhere) as Say)(key, given)) as Say as typeof sayAnywhere &
  typeof sayChannel;

/** Keys whose message has no parameters: names of controls. */
export type NameKey = {
  [Key in keyof Texts]: Texts[Key] extends `${string}{${string}` ? never : Key;
}[keyof Texts];

const name = t as (key: NameKey) => string;

/** An amount as screens show it. */
export function satText(amountSat: bigint): string {
  return `${formatSat(amountSat)} sat`;
}

/** The number in such a text. */
export function satIn(text: string): bigint {
  const number = /([\d,]+) sat/.exec(text)?.[1];
  if (number === undefined) throw new Error(`there is no amount in: ${text}`);
  return BigInt(number.replaceAll(',', ''));
}

export function button(page: Page | Locator, key: NameKey): Locator {
  return page.getByRole('button', { name: name(key), exact: true });
}

export function link(page: Page | Locator, key: NameKey): Locator {
  return page.getByRole('link', { name: name(key), exact: true });
}

export function heading(page: Page, name: string): Locator {
  return page.getByRole('heading', { name, exact: true });
}

export function field(page: Page, key: NameKey): Locator {
  return page.getByLabel(name(key), { exact: true });
}

/** Goes to one of the places of the main navigation. */
export async function goTo(page: Page, place: 'home' | 'activity' | 'channels' | 'settings'): Promise<void> {
  await link(page.getByRole('navigation', { name: t('app.navigation') }), `nav.${place}`).click();
  await expect(heading(page, t(`nav.${place}`))).toBeVisible();
}

/** A long value as it is shown beside its label. */
export async function shownValue(page: Page, key: NameKey): Promise<string> {
  const value = page.locator('.copyable', { has: page.getByText(name(key), { exact: true }) }).locator('.value');
  return ((await value.textContent()) ?? '').trim();
}

/** The error on the screen says what happened, what to do now, and its code. */
export async function expectError(page: Page, code: ErrorCode): Promise<void> {
  const { title, next } = errorWords[code];
  const alert = page.getByRole('alert').filter({ has: page.getByText(title, { exact: true }) });
  await expect(alert).toContainText(next);
  await alert.getByText(t('app.details'), { exact: true }).click();
  await expect(alert.getByText(t('app.code', { code }), { exact: true })).toBeVisible();
}

/** Follows a link to `path` inside the app, as any link on a screen would: the wallet stays open. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((href) => {
    const anchor = document.createElement('a');
    anchor.href = href;
    document.querySelector('.root')?.append(anchor);
    anchor.click();
    anchor.remove();
  }, path);
  await page.waitForURL((url) => url.pathname === path);
}
