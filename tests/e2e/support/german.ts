// Owns the judgement that a screen speaks German: each text on it, shown or read aloud, is a message of the German catalogue, filled in with data.
import { expect, type Page } from '@playwright/test';
import { groupBy } from '../../../src/lib/wallet/money.js';
import { speak } from '../../../src/lib/wallet/i18n.js';
import { catalogue } from '../../../src/lib/wallet/words/de.js';

/** The tests' own helpers find everything by its German name meanwhile. */
export async function inGerman(work: () => Promise<void>): Promise<void> {
  speak('de', catalogue);
  groupBy(catalogue.thousandsSeparator);
  try {
    await work();
  } finally {
    speak('en');
    groupBy(',');
  }
}

/** So that one run tells of every screen. */
const softly = expect.configure({ soft: true, timeout: 5_000 });

const { words, backup, channel, coins, device, price, waiting, errors } = catalogue;
const messages = [words, backup, channel, coins, device, price, waiting, ...Object.values(errors)].flatMap((each) =>
  Object.values(each)
);
const patterns = messages.map((message) => {
  const literals = plain(message).split(/\{\w+\}/);
  return new RegExp(`^${literals.map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+)')}$`);
});

const months = Array.from({ length: 12 }, (_none, month) =>
  new Intl.DateTimeFormat('de', { day: 'numeric', month: 'short' }).format(new Date(2026, month, 1)).replace('1. ', '')
);
const data = [
  /\w+:\/\/\S+/,
  /[^\s@]+@[\w.]+:\d+/,
  /\b\w*\d\w{5,}…?\w*/,
  /(vor|in) \d+ (Minute|Stunde|Tag)e?n?\b/,
  new RegExp(`\\d+\\. (${months.map((month) => month.replace('.', '\\.')).join('|')})`),
  /\b(um|sat\/vB|sat|BTC|kB|MB)\b/,
  /^Code [a-z_]+$/,
  // Currencies are named by the browser.
  /^[A-Z]{3} – .+/
].map((pattern) => new RegExp(pattern, 'gu'));

/** All that the screen says is German; `names` are what people and companies called things. What is folded is unfolded first. */
export async function expectGerman(page: Page, where: string, names: string[] = []): Promise<void> {
  const isGerman = (text: string): boolean =>
    names.includes(text) ||
    !/\p{L}{2}/u.test(data.reduce((rest, pattern) => rest.replace(pattern, ''), text)) ||
    patterns.some((pattern) => pattern.exec(text)?.slice(1).every(isGerman)) ||
    (text.includes(' · ') && text.split(' · ').every(isGerman));
  const foreign = async (): Promise<string[]> => (await textsOn(page)).map(plain).filter((text) => !isGerman(text));
  await softly.poll(foreign, { message: `not German: ${where}` }).toEqual([]);
}

function plain(text: string): string {
  return text.replaceAll('\u00ad', '').replace(/\s+/g, ' ').trim();
}

/** Shown texts and names that are read aloud; not keys, addresses, words of a seed, lines of the log or the technical cause of an error. */
function textsOn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    for (const folded of document.querySelectorAll('details')) folded.open = true;
    const isDatum = (element: Element): boolean =>
      element.closest('.mono, pre, .notice .detail, .word, script, style') !== null;
    const texts = [document.title];
    for (const element of document.body.querySelectorAll('*')) {
      if (isDatum(element) || !(element.checkVisibility() || element instanceof HTMLOptionElement)) continue;
      for (const name of ['aria-label', 'title', 'alt', 'placeholder']) texts.push(element.getAttribute(name) ?? '');
      for (const node of element.childNodes) if (node instanceof Text) texts.push(node.data);
    }
    return texts;
  });
}
