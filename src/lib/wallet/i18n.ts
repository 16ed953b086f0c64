// Owns how the app speaks: every word on a screen comes from here by key, with its parameters checked by the compiler.
import { errorWords } from './words/errors.js';
import { words } from './words/en.js';

export { errorWords };

export type MessageKey = keyof typeof words;

type ParameterNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;
type ParametersOf<Text extends string> = [ParameterNames<Text>] extends [never]
  ? []
  : [parameters: Record<ParameterNames<Text>, string | number>];

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
const timeOfDay = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });

/** The message of a key with its `{parameters}` filled in. */
export function t<Key extends MessageKey>(key: Key, ...given: ParametersOf<(typeof words)[Key]>): string {
  return filled(words[key], given[0] ?? {});
}

/** Speaks from a catalogue that only some screens load. */
export function speaker<const Catalogue extends Record<string, string>>(catalogue: Catalogue) {
  return <Key extends keyof Catalogue & string>(key: Key, ...given: ParametersOf<Catalogue[Key]>): string =>
    filled(catalogue[key] ?? key, given[0] ?? {});
}

function filled(text: string, parameters: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(parameters[name] ?? placeholder));
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

/** A time that has passed: hours and minutes, over a day ago with the date. */
export function formatSince(atMs: number, nowMs: number): string {
  return nowMs - atMs < 86_400_000 ? timeOfDay.format(atMs) : formatDate(atMs);
}

/** A time as a date with hours and minutes. */
export function formatDate(atMs: number): string {
  return dateAndTime.format(atMs);
}
