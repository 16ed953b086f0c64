// Owns the proof that German says all that English says, with the same parameters, and that amounts stay clear in it.
import { afterEach, describe, expect, it } from 'vitest';
import { readableShape } from './errors.js';
import { formatWhen, plural, speak, t } from './i18n.js';
import { formatSat, groupBy, parseAmountSat } from './money.js';
import { b, backupWords } from './words/backup.js';
import { channelWords } from './words/channel.js';
import { coinWords } from './words/coins.js';
import { catalogue } from './words/de.js';
import { deviceWords } from './words/device.js';
import { words } from './words/en.js';
import { errorWords } from './words/errors.js';
import { priceWords } from './words/price.js';
import { waitingWords } from './words/waiting.js';

const parametersOf = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

afterEach(() => {
  speak('en');
  groupBy(',');
});

describe('German', () => {
  it.each([
    ['the wallet', words, catalogue.words],
    ['the backup', backupWords, catalogue.backup],
    ['the device', deviceWords, catalogue.device],
    ['a channel', channelWords, catalogue.channel],
    ['the coins', coinWords, catalogue.coins],
    ['the price', priceWords, catalogue.price],
    ['money that waits', waitingWords, catalogue.waiting]
  ])('has every message of %s, with the same parameters', (_name, english, german: Record<string, string>) => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
    for (const [key, text] of Object.entries(english))
      expect(parametersOf(german[key] ?? ''), key).toEqual(parametersOf(text));
  });

  it('has a title and a next step of its own for every error', () => {
    for (const [code, { title, next }] of Object.entries(errorWords)) {
      const german = catalogue.errors[code as keyof typeof errorWords];
      expect([german.title, german.next], code).not.toContain('');
      expect(german.title, code).not.toBe(title);
      expect(german.next, code).not.toBe(next);
    }
  });

  it('is spoken by every way to speak', () => {
    speak('de', catalogue);
    const nowMs = Date.UTC(2026, 0, 2);
    expect(t('restore.count', { count: 3, expected: 12 })).toBe('3 von 12 Wörtern');
    expect(plural(1, 'settings.minutes_one', 'settings.minutes_other')).toBe('1 Minute');
    expect(b('verify')).toBe('Sicherung prüfen');
    expect(formatWhen(nowMs - 120_000, nowMs)).toBe('vor 2 Minuten');
    expect(readableShape({ code: 'wrong_password', cause: '', next: '' }).title).toBe('Das ist nicht das Passwort.');
  });

  it('reads back the amounts that it shows, and refuses what could mean two amounts', () => {
    groupBy(catalogue.thousandsSeparator);
    expect(formatSat(1_234_567n)).toBe('1\u202f234\u202f567');
    expect(parseAmountSat(formatSat(1_234_567n), 'sat')).toBe(1_234_567n);
    expect(() => parseAmountSat('25.000', 'sat')).toThrowError(expect.objectContaining({ code: 'invalid_amount' }));
    expect(() => parseAmountSat('0,00025', 'btc')).toThrowError(expect.objectContaining({ code: 'invalid_amount' }));
  });
});
