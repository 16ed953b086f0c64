// Owns how the app speaks: every word on a screen comes from here by key, with its parameters checked by the compiler.
import { errorWords } from './words/errors.js';
import { words } from './words/en.js';

export { errorWords };

export type MessageKey = keyof typeof words;

type ParameterNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;
type Parameters<Key extends MessageKey> = [ParameterNames<(typeof words)[Key]>] extends [never]
  ? []
  : [parameters: Record<ParameterNames<(typeof words)[Key]>, string | number>];

/** Messages whose one parameter is `{count}`. */
type CountKey = {
  [Key in MessageKey]: ['count', ParameterNames<(typeof words)[Key]>] extends [
    ParameterNames<(typeof words)[Key]>,
    'count'
  ]
    ? Key
    : never;
}[MessageKey];

const locale = 'en';
const pluralRules = new Intl.PluralRules(locale);
const relativeTime = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });

/** The message of a key with its `{parameters}` filled in. */
export function t<Key extends MessageKey>(key: Key, ...given: Parameters<Key>): string {
  const parameters: Record<string, string | number> = given[0] ?? {};
  return words[key].replace(/\{(\w+)\}/g, (placeholder, name: string) => String(parameters[name] ?? placeholder));
}

/** Chooses the message for a count; both get it as `{count}`. */
export function plural(count: number, one: CountKey, other: CountKey): string {
  return t(pluralRules.select(count) === 'one' ? one : other, { count });
}

/** A time as people say it: `2 minutes ago`; over a day away, the date. */
export function formatWhen(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  if (Math.abs(seconds) < 60) return t('time.now');
  if (Math.abs(seconds) < 3600) return relativeTime.format(Math.trunc(seconds / 60), 'minute');
  if (Math.abs(seconds) < 86_400) return relativeTime.format(Math.trunc(seconds / 3600), 'hour');
  return formatDate(atMs);
}

/** A time as a date with hours and minutes. */
export function formatDate(atMs: number): string {
  return dateAndTime.format(atMs);
}
