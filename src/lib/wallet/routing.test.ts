// Owns the proof that no phase shows a screen that does not belong to it, and that the way back stays on this origin.
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

it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/unlock', '', null])(
  'goes home rather than to %j',
  (path) => {
    expect(pathAfterUnlock(path)).toBe('/');
  }
);
