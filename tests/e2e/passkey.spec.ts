// Owns the proof that a passkey of this device unlocks the wallet beside the password, and that neither another device nor an absent user does. The authenticator is Chromium's own virtual one.
import { expect, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { d } from '../../src/lib/wallet/words/device.js';
import { expectAccessible } from './support/looks.js';
import { createWallet, password, submitUnlock, unlock } from './support/onboarding.js';
import { button, expectError, field, goTo, heading, t } from './support/screen.js';
import { walletNodeId } from './support/steps.js';
import { test } from './support/world.js';

test.describe.configure({ mode: 'serial' });

test.describe('a passkey', () => {
  let context: BrowserContext;
  let page: Page;
  let session: CDPSession;
  let authenticatorId: string;
  let nodeId: string;

  test.beforeAll(async ({ browser, appUrl }) => {
    // WebAuthn knows hosts by name only.
    context = await browser.newContext({ baseURL: appUrl.replace('127.0.0.1', 'localhost') });
    page = await context.newPage();
    session = await context.newCDPSession(page);
    await session.send('WebAuthn.enable');
    authenticatorId = await plugIn(session);
    await createWallet(page);
    nodeId = await walletNodeId(page);
  });
  test.afterAll(() => context.close());

  test('is made only for who has the password', async () => {
    await openPasskeySettings(page);
    await field(page, 'password.current').fill('something else');
    await named(page, 'add').click();
    await expectError(page, 'wrong_password');
    expect(await credentialCount()).toBe(0);

    await field(page, 'password.current').fill(password);
    await named(page, 'add').click();
    await expect(page.getByText(d('passkey_on_title'), { exact: true })).toBeVisible();
    expect(await credentialCount()).toBe(1);
    await expectAccessible(page, 'a passkey that unlocks');
  });

  test('unlocks the same wallet, after a lock and after a reload', async () => {
    for (const leave of [() => button(page, 'nav.lock').click(), () => page.reload()]) {
      await leave();
      await named(page, 'unlock').click();
      await expect(button(page, 'nav.lock')).toBeVisible({ timeout: 60_000 });
      expect(await walletNodeId(page)).toBe(nodeId);
    }
  });

  test('without its user opens nothing, and the password still does', async () => {
    await button(page, 'nav.lock').click();
    await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await named(page, 'unlock').click();
    await expectError(page, 'passkey_unavailable');
    await expectAccessible(page, 'unlock, with a passkey that did not answer');
    await unlock(page);
    await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  });

  test('of another device opens nothing', async () => {
    await button(page, 'nav.lock').click();
    await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    authenticatorId = await plugIn(session);
    await named(page, 'unlock').click();
    await expectError(page, 'passkey_unavailable');
    await submitUnlock(page, password);
    await expect(button(page, 'nav.lock')).toBeVisible({ timeout: 60_000 });
  });

  test('that is removed is not offered any more', async () => {
    await openPasskeySettings(page);
    await named(page, 'remove').click();
    await expect(page.getByText(d('passkey_removed'), { exact: true })).toBeVisible();
    await button(page, 'nav.lock').click();
    await expect(heading(page, t('unlock.title'))).toBeVisible();
    await expect(named(page, 'unlock')).toHaveCount(0);
  });

  async function credentialCount(): Promise<number> {
    return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length;
  }
});

/** A new authenticator built into the device, whose user says yes to everything. */
async function plugIn(session: CDPSession): Promise<string> {
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      hasPrf: true
    }
  });
  return authenticatorId;
}

async function openPasskeySettings(page: Page): Promise<void> {
  await goTo(page, 'settings');
  await page.getByRole('link', { name: t('settings.passkey') }).click();
  await expect(heading(page, d('passkey_title'))).toBeVisible();
}

function named(page: Page, key: 'unlock' | 'add' | 'remove') {
  return page.getByRole('button', { name: d(`passkey_${key}`), exact: true });
}
