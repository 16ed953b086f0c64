// Owns the proof that of two browsers with one wallet the former falls silent: it sends its peer nothing more, and a copy of a profile never starts from old state.
import { expect, type Page } from '@playwright/test';
import { errorWords } from '../../src/lib/wallet/words/errors.js';
import { BackupHome } from './support/backup-home.js';
import { expectBackup, expectUsableChannels, payLnd, receiveFromLnd, takeOver } from './support/backup.js';
import { expectChannelsWhole } from './support/judge.js';
import { expectHome, password, submitRestore, submitUnlock, unlock } from './support/onboarding.js';
import { PeerTraffic } from './support/peer-traffic.js';
import { Profile } from './support/profile.js';
import { button, heading, t } from './support/screen.js';
import { createSpender } from './support/spender.js';
import { paymentStatus } from './support/steps.js';
import { test } from './support/world.js';

/** The record is read every 30 s while the wallet is seen. */
const heartbeatMs = 30_000;
/** BOLT 1: what keeps a connection alive is at most a ping of 64 bytes, sealed as BOLT 8 does. Whatever tells a state is longer. */
const pingFrameBytes = 104;

test.describe.configure({ mode: 'serial' });

test.describe('a wallet in two browsers, in acknowledged mode', () => {
  let home: BackupHome;
  let first: Page;
  let second: Page;
  let words: string[];
  let nodeId: string;
  let firstTraffic: PeerTraffic;

  test.beforeAll(async ({ browser, stand }) => {
    test.setTimeout(180_000);
    home = await BackupHome.start(stand);
    first = await home.open(browser);
    firstTraffic = new PeerTraffic(first);
    ({ words, nodeId } = await createSpender(stand, first));
  });
  test.afterAll(() => home.stop());

  test('the former sends not one further message to its peer while the other pays, and stops by itself', async ({
    browser,
    stand
  }) => {
    expect(firstTraffic.sentSince(0).some(({ bytes }) => bytes > pingFrameBytes)).toBe(true);
    second = await home.open(browser);
    await submitRestore(second, words);
    await expect(second.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({ timeout: 60_000 });
    const dialsBefore = firstTraffic.dials;
    const claimed = second.waitForResponse((response) => response.url().endsWith('/vss/putObjects'));
    await takeOver(second);
    await claimed;
    const claimedAtMs = Date.now();
    await expectHome(second);
    await expectUsableChannels(second, 1);
    const connectedAtMs = Date.now();
    await payLnd(stand, second, 10_000n, 'butter');
    await receiveFromLnd(stand, second, 20_000n, 'wages');
    await expect(heading(first, t('halted.taken_over'))).toBeVisible({
      timeout: claimedAtMs + heartbeatMs + 5_000 - Date.now()
    });
    await payLnd(stand, second, 10_000n, 'milk');

    expect(firstTraffic.dials).toBe(dialsBefore);
    expect(firstTraffic.sentSince(claimedAtMs).filter(({ bytes }) => bytes > pingFrameBytes)).toEqual([]);
    expect(firstTraffic.sentSince(connectedAtMs)).toEqual([]);
    await expectChannelsWhole(stand, nodeId);
  });

  test('takes the wallet back by hand-over, also from one that still runs, and has what the other did meanwhile', async ({
    stand
  }) => {
    await button(first, 'halted.take_back').click();
    await submitUnlock(first, password);
    await expect(first.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({ timeout: 60_000 });
    await takeOver(first);
    await expectUsableChannels(first, 1);
    for (const note of ['butter', 'wages', 'milk']) {
      expect(await paymentStatus(first, note)).toBe(t('payment.succeeded'));
    }
    await payLnd(stand, first, 10_000n, 'jam');
    await expect(heading(second, t('halted.taken_over'))).toBeVisible();
    await expectBackup(first, 'up_to_date');
    await expectChannelsWhole(stand, nodeId);
  });

  test('as a copied profile, started while the original has gone on, gets what the original did and never starts old', async ({
    stand
  }) => {
    const profile = await Profile.create(home.url);
    const profiles = [profile];
    try {
      const before = await profile.launch();
      await submitRestore(before, words);
      await expect(before.getByText(errorWords.owned_elsewhere.title, { exact: true })).toBeVisible({
        timeout: 60_000
      });
      await takeOver(before);
      await expectUsableChannels(before, 1);
      await expectBackup(before, 'up_to_date');
      await profile.close();
      const copied = await profile.copy();
      profiles.push(copied);

      const original = await profile.launch();
      await original.goto('/');
      await unlock(original);
      await expectUsableChannels(original, 1);
      await payLnd(stand, original, 15_000n, 'second bread');
      await receiveFromLnd(stand, original, 5_000n, 'refund');

      const copy = await copied.launch();
      const traffic = new PeerTraffic(copy);
      await copy.goto('/');
      await unlock(copy);
      await expectUsableChannels(copy, 1);
      expect(traffic.dials).toBeGreaterThan(0);
      expect(await paymentStatus(copy, 'second bread')).toBe(t('payment.succeeded'));
      expect(await paymentStatus(copy, 'refund')).toBe(t('payment.succeeded'));
      await expect(heading(original, t('halted.taken_over'))).toBeVisible({ timeout: heartbeatMs + 5_000 });
      await payLnd(stand, copy, 5_000n, 'honey');
      await receiveFromLnd(stand, copy, 5_000n, 'tip');
      await expectBackup(copy, 'up_to_date');
      await expectChannelsWhole(stand, nodeId);
    } finally {
      for (const each of profiles) await each.remove();
    }
  });
});
