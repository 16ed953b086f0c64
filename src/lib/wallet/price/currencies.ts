// Owns the currencies a price can be asked in: few, each known to the well-known sources that name it.

/** ISO 4217 codes, in alphabetical order. */
export const CURRENCIES = [
  'AUD',
  'BRL',
  'CAD',
  'CHF',
  'CZK',
  'DKK',
  'EUR',
  'GBP',
  'INR',
  'JPY',
  'MXN',
  'NOK',
  'NZD',
  'PLN',
  'SEK',
  'USD',
  'ZAR'
] as const;

/** One of them. */
export type Currency = (typeof CURRENCIES)[number];

/** Who pays in what, by ISO 3166 region. */
const regions: Partial<Record<Currency, string>> = {
  AUD: 'AU',
  BRL: 'BR',
  CAD: 'CA',
  CHF: 'CH LI',
  CZK: 'CZ',
  DKK: 'DK GL FO',
  EUR: 'AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK',
  GBP: 'GB GG IM JE',
  INR: 'IN',
  JPY: 'JP',
  MXN: 'MX',
  NOK: 'NO',
  NZD: 'NZ',
  PLN: 'PL',
  SEK: 'SE',
  ZAR: 'ZA'
};

/** Whether it is one of ours. */
export function isCurrency(text: unknown): text is Currency {
  return (CURRENCIES as readonly unknown[]).includes(text);
}

/** What people who read these languages (BCP 47, the first counts) most likely pay in; a language without a region stands for where it is at home. */
export function likelyCurrency(languageTags: readonly string[]): Currency {
  const region = regionOf(languageTags[0]);
  return CURRENCIES.find((currency) => region && regions[currency]?.split(' ').includes(region)) ?? 'USD';
}

/** How many decimals an amount in it has: 2 for EUR, 0 for JPY. */
export function decimalsOf(currency: Currency): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** Its name for readers of a language: `Swiss Franc`. */
export function currencyName(currency: Currency, languageTag: string): string {
  return new Intl.DisplayNames(languageTag, { type: 'currency' }).of(currency) ?? currency;
}

function regionOf(tag: string | undefined): string | undefined {
  try {
    return tag && new Intl.Locale(tag).maximize().region;
  } catch {
    return undefined;
  }
}
