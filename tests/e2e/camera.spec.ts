// Owns the proof that a code held before the camera is read, without the server too, that the camera is off afterwards, and that what is in the way is told.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, expect, type Browser, type Page } from '@playwright/test';
import { encode } from 'uqr';
import { launchOptions } from '../../playwright.config.js';
import { d } from '../../src/lib/wallet/words/device.js';
import { expectAccessible } from './support/looks.js';
import { createWallet, unlock } from './support/onboarding.js';
import { button, field, visit } from './support/screen.js';
import { serveApp, test } from './support/world.js';

const SIDE_PIXELS = 480;
const readerModule = '**/zxing_reader*.wasm';

test('a reader that could not be loaded is told, and tried again: then the code of an address is read; the camera is off both times', async ({
  appUrl,
  stand
}) => {
  const address = await stand.lnd.newAddress();
  await withCamera(`bitcoin:${address}`, async (browser) => {
    const page = await walletIn(browser, appUrl, ['camera']);
    await page.evaluate(() => {
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await ask(wanted);
        Object.assign(globalThis, { cameraTracks: stream.getTracks() });
        return stream;
      };
    });
    await page.route(readerModule, (route) => route.abort());
    await scan(page);
    await expect(page.getByRole('alert').filter({ hasText: d('scan_unreadable') })).toBeVisible();
    expect(await cameraStates(page)).toEqual(['ended']);
    await button(page.getByRole('dialog'), 'app.cancel').click();
    await page.unroute(readerModule);

    await button(page, 'send.scan').click();
    await expectRead(page, address);
    expect(await cameraStates(page)).toEqual(['ended']);
  });
});

test('a code is read without the server, by a wallet that never scanned before', async ({ stand }) => {
  const address = await stand.lnd.newAddress();
  const server = await serveApp(stand);
  await withCamera(address, async (browser) => {
    const page = await walletIn(browser, server.url, ['camera']);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await server.close();
    await page.goto('/');
    await unlock(page);
    await scan(page);
    await expectRead(page, address);
  });
});

test('a camera that may not be used is told, and the request can be pasted', async ({ appUrl }) => {
  await withCamera(undefined, async (browser) => {
    const page = await walletIn(browser, appUrl, []);
    await scan(page);
    await expect(page.getByRole('alert').filter({ hasText: d('scan_denied') })).toBeVisible();
    await expectAccessible(page, 'a camera that may not be used');
    await button(page.getByRole('dialog'), 'app.cancel').click();
    await expect(field(page, 'send.to')).toBeEditable();
  });
});

test('axe finds no violation while the camera looks for a code', async ({ appUrl }) => {
  await withCamera(undefined, async (browser) => {
    const page = await walletIn(browser, appUrl, ['camera']);
    await scan(page);
    await expect(page.getByLabel(d('scan_video'))).toHaveJSProperty('paused', false);
    await expect(page.getByRole('progressbar')).toHaveCount(0);
    await expectAccessible(page, 'a camera that looks for a code');
  });
});

async function expectRead(page: Page, address: string): Promise<void> {
  await expect(field(page, 'send.amount')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(address, { exact: true })).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

function cameraStates(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    (globalThis as unknown as { cameraTracks: MediaStreamTrack[] }).cameraTracks.map(({ readyState }) => readyState)
  );
}

async function scan(page: Page): Promise<void> {
  await visit(page, '/send');
  await button(page, 'send.scan').click();
}

async function walletIn(browser: Browser, baseURL: string, permissions: string[]): Promise<Page> {
  const page = await (await browser.newContext({ baseURL, permissions })).newPage();
  await createWallet(page);
  return page;
}

/** A browser whose camera sees the code of `text`, or a white wall. */
async function withCamera(text: string | undefined, use: (browser: Browser) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tern-camera-'));
  const video = path.join(directory, 'code.y4m');
  await writeFile(video, text === undefined ? whiteWall() : codeOf(text));
  const args = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`];
  const browser = await chromium.launch({ ...launchOptions, args: [...launchOptions.args, ...args] });
  try {
    await use(browser);
  } finally {
    await browser.close();
    await rm(directory, { recursive: true });
  }
}

function whiteWall(): Buffer {
  return frameOf(Buffer.alloc(SIDE_PIXELS * SIDE_PIXELS, 255));
}

/** The code in black on white, in the middle. */
function codeOf(text: string): Buffer {
  const { data, size } = encode(text, { ecc: 'L', border: 4 });
  const scale = Math.floor(SIDE_PIXELS / size);
  const margin = Math.floor((SIDE_PIXELS - size * scale) / 2);
  const module = (pixel: number): number => Math.floor((pixel - margin) / scale);
  const luma = Buffer.alloc(SIDE_PIXELS * SIDE_PIXELS, 255);
  for (let y = 0; y < SIDE_PIXELS; y += 1)
    for (let x = 0; x < SIDE_PIXELS; x += 1) if (data[module(y)]?.[module(x)]) luma[y * SIDE_PIXELS + x] = 0;
  return frameOf(luma);
}

/** One frame in YUV4MPEG2, without colours. */
function frameOf(luma: Buffer): Buffer {
  const header = `YUV4MPEG2 W${SIDE_PIXELS} H${SIDE_PIXELS} F10:1 Ip A1:1 C420jpeg\nFRAME\n`;
  return Buffer.concat([Buffer.from(header), luma, Buffer.alloc(luma.length / 2, 128)]);
}
