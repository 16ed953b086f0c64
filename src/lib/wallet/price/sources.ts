// Owns where a price comes from: public sources that need no key and answer a browser, or any address that answers JSON.
import { checkUrl } from '../../../wire/urls.js';
import { isCurrency, likelyCurrency, type Currency } from './currencies.js';

/** Where a price is asked, and where in the JSON answer it stands. `{currency}` stands for `eur`, `{CURRENCY}` for `EUR`. */
interface Template {
  url: string;
  /** Names and positions, with points between; empty: the answer itself is the number. */
  path: string;
}

interface KnownSource extends Template {
  name: string;
  /** Absent: all of ours. */
  currencies?: readonly Currency[];
}

const known = {
  mempool: {
    name: 'mempool.space',
    url: 'https://mempool.space/api/v1/prices',
    path: '{CURRENCY}',
    currencies: ['AUD', 'CAD', 'CHF', 'EUR', 'GBP', 'JPY', 'USD']
  },
  coinbase: { name: 'Coinbase', url: 'https://api.coinbase.com/v2/prices/BTC-{CURRENCY}/spot', path: 'data.amount' },
  coingecko: {
    name: 'CoinGecko',
    url: 'https://api.coingecko.com/api/v3/simple/price?ids=bitcoin&vs_currencies={currency}',
    path: 'bitcoin.{currency}'
  }
} as const satisfies Record<string, KnownSource>;

/** The sources that Tern knows. */
export type KnownSourceName = keyof typeof known;

/** `custom`: an address of the user's own. */
export type SourceName = KnownSourceName | 'custom';

/** What the user wants to know from whom. */
export interface PriceChoice {
  currency: Currency;
  source: SourceName;
  /** Of the custom source; kept while another is used. */
  custom: Template;
}

/** A request for a price, ready to be sent. */
export interface PriceRequest extends Template {
  currency: Currency;
}

/** The known sources that have this currency. */
export function sourcesOf(currency: Currency): KnownSourceName[] {
  return knownNames.filter((name) => {
    const { currencies }: KnownSource = known[name];
    return currencies?.includes(currency) ?? true;
  });
}

/** What a user reads: the name of a known source, the host of their own. */
export function sourceName(choice: PriceChoice): string {
  if (choice.source !== 'custom') return known[choice.source].name;
  return URL.canParse(choice.custom.url) ? new URL(choice.custom.url).host : choice.custom.url;
}

/** Fills in the currency. Throws `invalid_url` or `insecure_url` for an address that may not be asked. */
export function requestFor(choice: PriceChoice, allowInsecure: boolean): PriceRequest {
  const template = choice.source === 'custom' ? choice.custom : known[choice.source];
  const fill = (text: string): string =>
    text.replaceAll('{currency}', choice.currency.toLowerCase()).replaceAll('{CURRENCY}', choice.currency);
  const url = fill(template.url.trim());
  checkUrl(url, 'http', allowInsecure);
  return { currency: choice.currency, url, path: fill(template.path.trim()) };
}

/** A choice as it was kept; whatever is missing or not understood falls back to what suits readers of these languages. */
export function readChoice(kept: string | null, languageTags: readonly string[]): PriceChoice {
  const fields = parsedObject(kept);
  const custom = Object(fields['custom']) as Record<string, unknown>;
  const currency = isCurrency(fields['currency']) ? fields['currency'] : likelyCurrency(languageTags);
  const source = (['custom', ...sourcesOf(currency)] as const).find((name) => name === fields['source']);
  return {
    currency,
    source: source ?? sourcesOf(currency)[0] ?? 'custom',
    custom: { url: textIn(custom['url']), path: textIn(custom['path']) }
  };
}

/** What stands in an answer where the path leads; undefined where it leads nowhere. */
export function valueAt(answer: unknown, path: string): unknown {
  return path
    .split('.')
    .filter((step) => step !== '')
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as Record<string, unknown>)[step]
          : undefined,
      answer
    );
}

const knownNames = Object.keys(known) as KnownSourceName[];

function parsedObject(text: string | null): Record<string, unknown> {
  try {
    return Object(JSON.parse(text ?? '{}')) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
