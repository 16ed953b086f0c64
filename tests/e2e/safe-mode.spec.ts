// Owns the proof that a wallet whose state is damaged opens on chain only from the screen, sends, says what it would forget, tells support what it needs, and is whole again afterwards: by lnd and the chain.
import { expect, type Page } from '@playwright/test';
import { b } from '../../src/lib/wallet/words/backup.js';
import { d } from '../../src/lib/wallet/words/device.js';
import { expectChannelsWhole } from './support/judge.js';
import { expectAccessible } from './support/looks.js';
import { password } from './support/onboarding.js';
import { button, expectError, field, goTo, heading, satText, t, visit } from './support/screen.js';
import { catchUpTimeoutMs, enterPayment, expectReady, payInvoice, totalSat } from './support/steps.js';
import { test } from './support/world.js';

const amountSat = 44_000n;

test('a damaged state leaves coins on chain to send, and channels as they were', async ({ spender, stand }) => {
  const { page, nodeId } = spender;
  await button(page, 'nav.lock').click();
  await expect(heading(page, t('unlock.title'))).toBeVisible();
  await flipManager(page);
  await field(page, 'password.current').fill(password);
  await button(page, 'unlock.submit').click();
  await expect(page.getByTestId('error-code')).toHaveText(t('app.code', { code: 'state_unreadable' }));
  await page.getByText(t('logs.title'), { exact: true }).click();
  await expect(page.getByRole('region', { name: t('logs.list') })).toContainText('error state_unreadable');
  await expectAccessible(page, 'the choices at a start that failed');
  await visit(page, '/');
  await expect(heading(page, t('halted.title'))).toBeVisible();
  await expectAccessible(page, 'a wallet that stopped');
  await page.getByRole('link', { name: b('safe_mode'), exact: true }).click();
  await field(page, 'password.current').fill(password);
  await named(page, b('safe_mode')).click();
  await expectAccessible(page, 'the question whether to open on chain only');
  await named(page.getByRole('dialog'), b('safe_mode')).click();
  await expect(button(page, 'nav.lock')).toBeVisible({ timeout: catchUpTimeoutMs });
  await visit(page, '/');

  await expect(page.getByText(d('safe_title'), { exact: true })).toBeVisible();
  await expect(page.getByTestId('backup-indicator')).toHaveCount(0);
  await expect.poll(() => totalSat(page), { timeout: catchUpTimeoutMs }).toBeGreaterThan(500_000n);
  await expectAccessible(page, 'home, on chain only');
  await goTo(page, 'settings');
  await expectAccessible(page, 'settings, on chain only');
  await visit(page, '/channels');
  await expect(heading(page, d('safe_title'))).toBeVisible();
  await expectAccessible(page, 'channels, on chain only');
  await page.getByRole('link', { name: d('safe_help'), exact: true }).click();
  await expect(page.getByRole('region', { name: t('logs.list') })).toContainText(
    /phase ready, on chain only[^]*stored monitors: 1 rows/
  );

  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
  await enterPayment(page, bolt11);
  await expectError(page, 'safe_mode');
  await visit(page, '/');
  await enterPayment(page, await stand.lnd.newAddress());
  await field(page, 'send.amount').fill(String(amountSat));
  await button(page, 'app.continue').click();
  const confirm = page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true });
  await expect(confirm).toBeVisible();
  stand.esplora.setFault('server_error', (path) => path === '/tx');
  try {
    await confirm.click();
    // Also where the button was, far down.
    await expect(page.getByText(d('safe_unsent_body'), { exact: true })).toBeInViewport({ ratio: 1 });
    expect(await stand.chain.mempool()).toEqual([]);
    await expectAccessible(page, 'a payment in safe mode that no server has taken');
    await visit(page, '/settings');
    await expect(page.getByText(d('safe_unsent_title'), { exact: true })).toBeVisible();
  } finally {
    stand.esplora.setFault();
  }
  await expect.poll(() => stand.chain.mempool(), { timeout: catchUpTimeoutMs }).toHaveLength(1);
  await expect(page.getByText(d('safe_unsent_title'), { exact: true })).toHaveCount(0);
  await stand.mine(1);
  expect(await stand.lnd.listPeers()).not.toContain(nodeId);

  await visit(page, '/');
  await flipManager(page);
  await named(page, d('safe_retry')).click();
  await field(page, 'password.current').fill(password);
  await button(page, 'unlock.submit').click();
  await expectReady(page);
  await expect(page.getByText(d('safe_title'), { exact: true })).toHaveCount(0);
  const invoice = await stand.lnd.addInvoice({ amountMsat: 2_000_000n });
  await payInvoice(page, invoice.bolt11, 2_000n);
  await stand.lnd.awaitInvoice(invoice.paymentHash, 'SETTLED');
  await expectChannelsWhole(stand, nodeId);
});

function named(place: Page | ReturnType<Page['getByRole']>, name: string): ReturnType<Page['getByRole']> {
  return place.getByRole('button', { name, exact: true });
}

/** Damages the channel manager's row on the disk of the page's origin; the second time it is as it was. */
function flipManager(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const opening = indexedDB.open('tern-regtest');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(new Error('no database'));
    });
    const store = database.transaction('values', 'readwrite').objectStore('values');
    const key = ['', '', 'manager'];
    await new Promise<void>((resolve, reject) => {
      const reading = store.get(key);
      reading.onsuccess = () => {
        const value = reading.result as Uint8Array;
        store.put(
          value.map((byte) => byte ^ 0xff),
          key
        );
        store.transaction.oncomplete = () => resolve();
        store.transaction.onabort = () => reject(new Error('not written'));
      };
    });
    database.close();
  });
}
