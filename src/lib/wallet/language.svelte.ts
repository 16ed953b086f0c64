// Owns the language that the screens speak: English is always there, another is spoken once its words have come.
import { speak } from './i18n.js';
import { groupBy } from './money.js';
import type { Catalogue } from './words/catalogue.js';

/** Languages by code, each under the name that its readers give it. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;

/** BCP 47. */
export type LanguageCode = keyof typeof LANGUAGES;

const languageKey = 'tern-language';
const catalogues: Record<Exclude<LanguageCode, 'en'>, () => Promise<{ catalogue: Catalogue }>> = {
  de: () => import('./words/de.js')
};

class Language {
  /** Screens are drawn anew when it changes. */
  code = $state.raw<LanguageCode>('en');

  /** Speaks what was chosen in this browser, else what the browser prefers. */
  async start(): Promise<void> {
    const wanted = [localStorage.getItem(languageKey), ...navigator.languages].map((tag) => tag?.split('-')[0]);
    await this.#speak(wanted.find(isLanguage) ?? 'en');
  }

  /** Speaks it from now on, and the next time. */
  async choose(code: LanguageCode): Promise<void> {
    await this.#speak(code);
    localStorage.setItem(languageKey, code);
  }

  /** English stays where the words of another cannot be had. */
  async #speak(code: LanguageCode): Promise<void> {
    const loaded = code === 'en' ? undefined : await catalogues[code]().catch(() => undefined);
    const spoken = loaded ? code : 'en';
    speak(spoken, loaded?.catalogue);
    groupBy(loaded?.catalogue.thousandsSeparator ?? ',');
    document.documentElement.lang = spoken;
    this.code = spoken;
  }
}

/** Whether Tern speaks it. */
export function isLanguage(tag: string | undefined): tag is LanguageCode {
  return tag !== undefined && Object.hasOwn(LANGUAGES, tag);
}

/** The language of this browser's screens. */
export const language = new Language();
