// Proves that the browser's disk keeps its contract in a real Chromium, and that what it called durable survives SIGKILL.
import { expect, test, type Page } from '@playwright/test';
import { bundleDiskPage, openDiskPage } from '../contract/disk-browser.js';
import { diskCases } from '../contract/disk-cases.js';
import type { DiskPage } from '../contract/disk-page.js';
import { Profile } from './support/profile.js';

declare const diskPage: DiskPage;
declare const report: (value: number) => Promise<void>;

let script: string;
test.beforeAll(async () => {
  script = await bundleDiskPage();
});

test.describe('IdbDisk keeps the contract of a disk in Chromium', () => {
  let page: Page;
  test.beforeAll(async ({ browser }) => {
    page = await browser.newPage();
    await openDiskPage(page, script);
  });
  test.afterAll(() => page.close());

  for (const { name } of diskCases) {
    test(name, async () => {
      expect(await page.evaluate((caseName) => diskPage.runCase(caseName), name)).toBeUndefined();
    });
  }

  test('it never goes on in an empty database when its own was deleted', async () => {
    expect(await page.evaluate(() => diskPage.disturb('delete'))).toEqual({ code: 'storage_corrupt', databases: [] });
  });

  test('it makes way for a newer version and is told so', async () => {
    const databases = ['disturbed by upgrade'];
    expect(await page.evaluate(() => diskPage.disturb('upgrade'))).toEqual({ code: 'schema_too_new', databases });
  });
});

test('nothing that was called durable is lost when the browser is killed', async () => {
  const profile = await Profile.create();
  try {
    let last = -1;
    for (let kills = 0; kills < 2; kills += 1) {
      const page = await launch(profile);
      await new Promise<void>((resolve, reject) => {
        const hear = (value: number) => {
          last = value;
          if (value === 25 + kills * 10) resolve();
        };
        // It never ends but by the kill, when nobody listens to this promise any more.
        page
          .exposeFunction('report', hear)
          .then(() => page.evaluate(() => diskPage.count(report)))
          .catch(reject);
      });
      await profile.kill();
      const reopened = await launch(profile);
      const found = await reopened.evaluate(() => diskPage.counted());
      await profile.close();
      // One more may have landed without being heard of.
      expect([last, last + 1]).toContain(found);
    }
  } finally {
    await profile.remove();
  }
});

async function launch(profile: Profile): Promise<Page> {
  const page = await profile.launch();
  await openDiskPage(page, script);
  return page;
}
