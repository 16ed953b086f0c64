// Owns the proof that no phase shows a screen that does not belong to it, and that the way back stays on this origin.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pathAfterUnlock, redirectFor } from './routing.js';

it('shows an empty device nothing but the set-up', () => {
  expect(redirectFor('empty', '/')).toBe('/welcome');
  expect(redirectFor('empty', '/settings/words')).toBe('/welcome');
  expect(redirectFor('empty', '/restore')).toBeUndefined();
});

it('asks a locked wallet for the password and remembers a payment link', () => {
  expect(redirectFor('locked', '/')).toBe('/unlock');
  const redirect = redirectFor('locked', '/send', '/send#uri=bitcoin%3Abcrt1q');
  expect(redirect).toBe('/unlock#%2Fsend%23uri%3Dbitcoin%253Abcrt1q');
  expect(pathAfterUnlock(decodeURIComponent(redirect?.split('#')[1] ?? ''))).toBe('/send#uri=bitcoin%3Abcrt1q');
});

it('keeps a ready wallet out of the set-up', () => {
  expect(redirectFor('ready', '/create')).toBe('/');
  expect(redirectFor('ready', '/channels')).toBeUndefined();
});

it.each([
  '//evil.example',
  '/\\evil.example',
  'https://evil.example',
  '/unlock',
  '/nowhere',
  '/settings/nowhere',
  '',
  null
])('goes home rather than to %j', (remembered) => {
  expect(pathAfterUnlock(remembered)).toBe('/');
});

it('brings back to every screen that there is, but for those outside the wallet', () => {
  const routes = fileURLToPath(new URL('../../routes', import.meta.url));
  const outside = ['/', '/welcome', '/create', '/restore', '/unlock', '/words'];
  const screens = readdirSync(routes, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === '+page.svelte')
    .map((file) => `/${path.dirname(file).split(path.sep).join('/')}`.replace(/^\/\.$/, '/').replace('[id]', 'ab12'))
    .filter((screen) => !outside.includes(screen));
  expect(screens).not.toHaveLength(0);
  expect(screens.map(pathAfterUnlock)).toEqual(screens);
});
