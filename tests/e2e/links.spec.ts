// Owns the proof that Chromium finds the app installable with nothing to object to, that the manifest names only what is there, and that its links and shares lead to the payment in them without touching another.
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { d } from '../../src/lib/wallet/words/device.js';
import { holdDisk } from './support/held-disk.js';
import { heldInvoice } from './support/judge.js';
import { password, submitUnlock } from './support/onboarding.js';
import { Profile } from './support/profile.js';
import { button, goTo, heading, satText, t } from './support/screen.js';
import { confirmReviewed, enterPayment, paymentStatus } from './support/steps.js';
import { test } from './support/world.js';

interface Picture {
  src: string;
  sizes: string;
  type: string;
  purpose?: string;
  form_factor?: string;
}

interface Manifest {
  icons: Picture[];
  screenshots: Picture[];
  shortcuts: { url: string }[];
  share_target: { action: string; method: string; params: Record<'title' | 'text' | 'url', string> };
  protocol_handlers: { protocol: string; url: string }[];
}

test('Chromium would install the app, and objects to nothing in its manifest', async ({ appUrl }) => {
  // In a private window it installs nothing.
  const profile = await Profile.create(appUrl);
  try {
    const page = await profile.launch();
    await page.goto('/');
    const session = await page.context().newCDPSession(page);
    const { url, errors } = await session.send('Page.getAppManifest');
    expect(new URL(url).pathname).toBe('/manifest.webmanifest');
    expect(errors).toEqual([]);
    expect(await session.send('Page.getInstallabilityErrors')).toEqual({ installabilityErrors: [] });
  } finally {
    await profile.remove();
  }
});

test('each icon and screenshot of the manifest is there, a PNG of the size stated, and some may be cut to any shape', async ({
  request
}) => {
  const { icons, screenshots, shortcuts } = await manifestOf(request);
  const bitmaps = [...icons, ...screenshots].filter(({ type }) => type !== 'image/svg+xml');
  for (const { src, sizes } of bitmaps) expect.soft(await pngSize(request, src), src).toBe(sizes);
  const vectors = icons.filter(({ type }) => type === 'image/svg+xml');
  for (const { src } of vectors) expect(await (await request.get(src)).text()).toContain('<svg');

  const sizesFor = (purpose?: string) => bitmaps.filter((each) => each.purpose === purpose).map(({ sizes }) => sizes);
  expect(sizesFor(undefined)).toEqual(expect.arrayContaining(['192x192', '512x512']));
  expect(sizesFor('maskable')).toEqual(expect.arrayContaining(['192x192', '512x512']));
  expect(screenshots.map((each) => each.form_factor).sort()).toEqual(['narrow', 'wide']);
  expect(shortcuts.map(({ url }) => url)).toEqual(['/send', '/receive']);
});

test('a text shared from another app is read as far as the payment in it, behind the lock too', async ({
  spender: { page },
  request,
  stand
}) => {
  const { action, method, params } = (await manifestOf(request)).share_target;
  expect(method).toBe('GET');
  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 7_000_000n, memo: 'shared' });
  const text = `Lunch was 7,000 sat: lightning:${bolt11} Thank you!`;
  await page.goto(`${action}?${new URLSearchParams({ [params.text]: text }).toString()}`);
  await submitUnlock(page, password);
  await expectReview(page, 7_000n);
  await expect(page.getByText('shared', { exact: true })).toBeVisible();
  await goTo(page, 'home');
});

test('links that the manifest takes over lead to the payment they ask for, as Chromium hands them on', async ({
  spender: { page },
  appUrl,
  request,
  stand
}) => {
  const handlers = (await manifestOf(request)).protocol_handlers;
  expect(handlers.map(({ protocol }) => protocol).sort()).toEqual(['bitcoin', 'web+lightning']);
  const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 8_000_000n, memo: 'linked' });
  const address = await stand.lnd.newAddress();
  const message = 'bread & butter + tea';
  const [toInvoice = '', toAddress = ''] = await handedOn(appUrl, handlers, [
    `web+lightning:${bolt11}`,
    `bitcoin:${address}?amount=0.00012&message=${encodeURIComponent(message)}`
  ]);

  await goTo(page, 'home');
  await page.goto(toInvoice);
  await submitUnlock(page, password);
  await expectReview(page, 8_000n);
  await expect(page.getByText('linked', { exact: true })).toBeVisible();
  await expect(page.getByText(t('send.method_lightning'), { exact: true })).toBeVisible();

  // The wallet is open on this very screen now, and stays open.
  await page.goto(toAddress);
  await expectReview(page, 12_000n);
  await expect(page.getByText(address, { exact: true })).toBeVisible();
  await expect(page.getByText(message, { exact: true })).toBeVisible();

  // No browser gives “lightning:” links to a web app, and the settings say so.
  await goTo(page, 'settings');
  await expect(page.getByText(d('links_hint'), { exact: true })).toBeVisible();
});

test('a link followed, or a text shared, while a payment is being sent leaves that payment alone, and nothing is paid unasked', async ({
  spender: { page },
  request,
  stand
}) => {
  const sent = await heldInvoice(stand, 9_000_000n, 'being sent');
  const linked = await stand.lnd.addInvoice({ amountMsat: 6_000_000n, memo: 'linked meanwhile' });
  const isSending = page.getByText(t('send.sending', { amount: satText(9_000n) }));
  const expectOnlySentToArrive = async (state: 'ACCEPTED' | 'SETTLED'): Promise<void> => {
    expect((await stand.lnd.lookupInvoice(sent.paymentHash)).state).toBe(state);
    expect((await stand.lnd.lookupInvoice(linked.paymentHash)).state).toBe('OPEN');
  };

  await enterPayment(page, sent.bolt11);
  await expect(heading(page, t('send.review_title'))).toBeVisible();
  const letGo = await holdDisk(page);
  await confirmReviewed(page, 9_000n);
  await expect(isSending).toBeVisible();
  await followLink(page, `lightning:${linked.bolt11}`);
  await expect.poll(() => new URL(page.url()).hash).toBe('');
  await expect(isSending).toBeVisible();
  await expect(page.getByText('being sent', { exact: true })).toBeVisible();
  await letGo();
  await stand.lnd.awaitInvoice(sent.paymentHash, 'ACCEPTED');
  await expect(heading(page, t('send.title'))).toBeVisible();
  await expect(isSending).toBeVisible();

  // It has left, and its receiver holds it.
  await followLink(page, `lightning:${linked.bolt11}`);
  await expectReview(page, 6_000n);
  await expect(page.getByText('linked meanwhile', { exact: true })).toBeVisible();
  await expectOnlySentToArrive('ACCEPTED');

  const { action, params } = (await manifestOf(request)).share_target;
  await page.goto(`${action}?${new URLSearchParams({ [params.text]: linked.bolt11 }).toString()}`);
  await submitUnlock(page, password);
  await expectReview(page, 6_000n);
  await stand.lnd.settleInvoice(sent.preimage);
  await stand.lnd.awaitInvoice(sent.paymentHash, 'SETTLED');
  await expect.poll(() => paymentStatus(page, 'being sent')).toBe(t('payment.succeeded'));
  await expectOnlySentToArrive('SETTLED');
});

/** Follows a link on the send screen, as a click on one in another app does to the tab that is open. */
async function followLink(page: Page, uri: string): Promise<void> {
  await page.evaluate((hash) => (location.hash = hash), `uri=${encodeURIComponent(uri)}`);
}

/**
 * The addresses that Chromium opens for a click on these links. What an installed app gets by its manifest a page gets by asking for it,
 * with the same addresses; a private window gets neither.
 */
async function handedOn(appUrl: string, handlers: Manifest['protocol_handlers'], links: string[]): Promise<string[]> {
  const profile = await Profile.create(appUrl);
  try {
    const page = await profile.launch();
    await page.goto('/');
    const session = await page.context().newCDPSession(page);
    await session.send('Page.setRPHRegistrationMode', { mode: 'autoAccept' });
    await page.evaluate((wanted) => {
      for (const { protocol, url } of wanted) navigator.registerProtocolHandler(protocol, url);
    }, handlers);
    // There is no wallet here: the app leads away from these addresses at once.
    const opened = new Set<string>();
    page.on('framenavigated', (frame) => {
      if (frame.url().includes('#uri=')) opened.add(frame.url());
    });
    for (const [before, link] of links.entries()) {
      await page.evaluate((href) => Object.assign(document.createElement('a'), { href }).click(), link);
      await expect.poll(() => opened.size).toBe(before + 1);
    }
    return [...opened];
  } finally {
    await profile.remove();
  }
}

/** The question whether to pay this much; the address of the page no longer has the payment. */
async function expectReview(page: Page, amountSat: bigint): Promise<void> {
  await expect(heading(page, t('send.review_title'))).toBeVisible({ timeout: 60_000 });
  await expect(button(page, 'app.continue')).toHaveCount(0);
  await expect(
    page.getByRole('button', { name: t('send.confirm', { amount: satText(amountSat) }), exact: true })
  ).toBeVisible();
  expect(new URL(page.url())).toMatchObject({ pathname: '/send', search: '', hash: '' });
}

async function manifestOf(request: APIRequestContext): Promise<Manifest> {
  const answer = await request.get('/manifest.webmanifest');
  expect(answer.headers()['content-type']).toContain('application/manifest+json');
  return (await answer.json()) as Manifest;
}

/** As the PNG itself says: `192x192`. */
async function pngSize(request: APIRequestContext, src: string): Promise<string> {
  const bytes = await (await request.get(src)).body();
  if (bytes.toString('latin1', 1, 4) !== 'PNG' || bytes.toString('latin1', 12, 16) !== 'IHDR') return 'no PNG';
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}
