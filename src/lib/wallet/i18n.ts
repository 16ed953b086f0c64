// Owns how the app speaks: every word on a screen comes from here by key, with its parameters checked by the compiler.
import type { Catalogue } from './words/catalogue.js';
import { words } from './words/en.js';
import { errorWords as englishErrors, type ErrorWords } from './words/errors.js';

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

interface Formats {
  plural: Intl.PluralRules;
  relative: Intl.RelativeTimeFormat;
  timeOfDay: Intl.DateTimeFormat;
  dateAndTime: Intl.DateTimeFormat;
}

let formats = formatsOf('en');
/** Absent: English. */
let spoken: Catalogue | undefined;

/** Speaks this language from now on; what is on the screen already stays as it is. No catalogue: English. */
export function speak(code: string, catalogue?: Catalogue): void {
  spoken = catalogue;
  formats = formatsOf(code);
}

function formatsOf(code: string): Formats {
  return {
    plural: new Intl.PluralRules(code),
    relative: new Intl.RelativeTimeFormat(code, { numeric: 'auto' }),
    timeOfDay: new Intl.DateTimeFormat(code, { timeStyle: 'short' }),
    dateAndTime: new Intl.DateTimeFormat(code, { dateStyle: 'medium', timeStyle: 'short' })
  };
}

/** What each error code means to a user. */
export function errorWords(): ErrorWords {
  return spoken?.errors ?? englishErrors;
}

/** The message of a key with its `{parameters}` filled in. */
export function t<Key extends MessageKey>(key: Key, ...given: ParametersOf<(typeof words)[Key]>): string {
  return filled((spoken?.words ?? words)[key], given[0] ?? {});
}

/** Speaks from a catalogue that only some screens load; `translated` finds its words in another language. */
export function speaker<const English extends Record<string, string>>(
  english: English,
  translated: (catalogue: Catalogue) => Record<keyof English, string>
) {
  return <Key extends keyof English & string>(key: Key, ...given: ParametersOf<English[Key]>): string => {
    const said: Record<keyof English, string> = spoken ? translated(spoken) : english;
    return filled(said[key], given[0] ?? {});
  };
}

function filled(text: string, parameters: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(parameters[name] ?? placeholder));
}

/** Chooses the message for a count; both get it as `{count}`. */
export function plural(count: number, one: CountKey, other: CountKey): string {
  return t(formats.plural.select(count) === 'one' ? one : other, { count });
}

/** A time as people say it: `2 minutes ago`; over a day away, the date. */
export function formatWhen(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  if (Math.abs(seconds) < 60) return t('time.now');
  if (Math.abs(seconds) < 3600) return formats.relative.format(Math.trunc(seconds / 60), 'minute');
  if (Math.abs(seconds) < 86_400) return formats.relative.format(Math.trunc(seconds / 3600), 'hour');
  return formatDate(atMs);
}

/** A time that has passed: hours and minutes, over a day ago with the date. */
export function formatSince(atMs: number, nowMs: number): string {
  return nowMs - atMs < 86_400_000 ? formats.timeOfDay.format(atMs) : formatDate(atMs);
}

/** A time as a date with hours and minutes. */
export function formatDate(atMs: number): string {
  return formats.dateAndTime.format(atMs);
}
