// Owns the proof that messages are filled in, that none is dead, and that each error code has words.
import { describe, expect, it } from 'vitest';
import { readableError, readableShape } from './errors.js';
import { formatWhen, plural, t } from './i18n.js';
import { backupWords } from './words/backup.js';
import { catalogue as german } from './words/de.js';
import { words } from './words/en.js';
import { errorWords, type ErrorWords } from './words/errors.js';
import { channelWords } from './words/channel.js';
import { coinWords } from './words/coins.js';
import { deviceWords } from './words/device.js';
import { priceWords } from './words/price.js';
import { waitingWords } from './words/waiting.js';

const sources = Object.entries(
  import.meta.glob<string>(
    ['/src/lib/**/*.{svelte,ts}', '/src/routes/**/*.svelte', '!/src/lib/wallet/words/*', '!**/*.test.ts'],
    {
      query: '?raw',
      import: 'default',
      eager: true
    }
  )
).map(([, text]) => text);

function saying(unwanted: RegExp, catalogues: object[], errors: ErrorWords): string[] {
  const texts = catalogues.flatMap((each) => Object.values<string>(each as Record<string, string>));
  const told = Object.values(errors).flatMap(({ title, next }) => [title, next]);
  return [...texts, ...told].filter((text) => unwanted.test(text));
}

describe('messages', () => {
  it('fills in every parameter', () => {
    expect(t('restore.count', { count: 3, expected: 12 })).toBe('3 of 12 words');
    expect(plural(1, 'settings.minutes_one', 'settings.minutes_other')).toBe('1 minute');
    expect(plural(5, 'settings.minutes_one', 'settings.minutes_other')).toBe('5 minutes');
  });

  it('says times as people do', () => {
    const nowMs = Date.UTC(2026, 0, 2);
    expect(formatWhen(nowMs - 5_000, nowMs)).toBe('just now');
    expect(formatWhen(nowMs - 120_000, nowMs)).toBe('2 minutes ago');
    expect(formatWhen(nowMs + 7_200_000, nowMs)).toBe('in 2 hours');
  });

  it('has one word for one thing in each language', () => {
    const { errors, thousandsSeparator: _none, ...others } = german;
    expect(saying(/Münz|Gegenseite|Kennung|der Chain\b/, Object.values(others), errors)).toEqual([]);
    const english = [words, backupWords, channelWords, coinWords, deviceWords, priceWords, waitingWords];
    expect(saying(/channel partner|UTXO|\bid\b/, english, errorWords)).toEqual([]);
  });

  it('has no message that no screen shows', () => {
    const text = sources.join('\n');
    const builtPrefixes = [...text.matchAll(/t\(`([a-z_.]+)\$\{/g)].map((match) => match[1] ?? '');
    const dead = Object.keys(words).filter(
      (key) => !text.includes(`'${key}'`) && !builtPrefixes.some((prefix) => key.startsWith(prefix))
    );
    expect(dead).toEqual([]);
  });

  it.each([
    ['channel', channelWords],
    ['coins', coinWords],
    ['device', deviceWords],
    ['price', priceWords],
    ['waiting', waitingWords]
  ])('has no message of the catalogue %s that no screen shows', (name, catalogue) => {
    const shown = sources.filter((text) => text.includes(`words/${name}.js`)).join('\n');
    const prefixes = [...shown.matchAll(/\w\(`([a-z_.]+)\$\{/g)].map((match) => match[1] ?? '');
    const dead = Object.keys(catalogue).filter(
      (key) => !shown.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix))
    );
    expect(dead).toEqual([]);
  });

  it('has no message of the backup that no screen shows', () => {
    const shown = sources.filter((text) => text.includes('words/backup.js')).join('\n');
    const built = ['_title', '_body', '_busy'].filter((suffix) => shown.includes(`}${suffix}\``));
    const prefixes = [...shown.matchAll(/\bb\(`([a-z_]+)\$\{/g)].map((match) => match[1] ?? '');
    const stem = (key: string): string => key.replace(/_(title|body|busy)$/, '');
    const isNamed = (key: string): boolean => shown.includes(`'${key}'`);
    const dead = Object.keys(backupWords).filter(
      (key) =>
        !isNamed(key) &&
        !prefixes.some((prefix) => key.startsWith(prefix)) &&
        !(isNamed(stem(key)) && built.some((suffix) => key.endsWith(suffix)))
    );
    expect(dead).toEqual([]);
  });
});

describe('errors', () => {
  it('says a known code in our words and keeps its cause as the detail', () => {
    const readable = readableShape({ code: 'wrong_password', cause: 'tag mismatch', next: 'again' });
    expect(readable).toEqual({
      code: 'wrong_password',
      title: 'This is not the password.',
      next: 'Try again.',
      detail: 'tag mismatch'
    });
  });

  it('lets a code of a newer worker speak for itself, and takes anything thrown', () => {
    const unknown = { code: 'not_yet_known', cause: 'Something new.', next: 'Wait.' } as unknown as Parameters<
      typeof readableShape
    >[0];
    expect(readableShape(unknown)).toMatchObject({ title: 'Something new.', next: 'Wait.' });
    expect(readableError(new RangeError('oops'))).toMatchObject({ code: 'internal', detail: 'oops' });
  });
});
