// Owns what a language must say: every message that English has, under the same key.
import type { ThousandsSeparator } from '../money.js';
import type { backupWords } from './backup.js';
import type { channelWords } from './channel.js';
import type { coinWords } from './coins.js';
import type { deviceWords } from './device.js';
import type { words } from './en.js';
import type { ErrorWords } from './errors.js';
import type { priceWords } from './price.js';
import type { waitingWords } from './waiting.js';

/** The messages of an English catalogue in another language; the same `{parameters}` stand in each. */
export type Translated<Catalogue> = Record<keyof Catalogue, string>;

/** All that a language other than English says. */
export interface Catalogue {
  /** Stands between thousands. */
  thousandsSeparator: ThousandsSeparator;
  words: Translated<typeof words>;
  backup: Translated<typeof backupWords>;
  channel: Translated<typeof channelWords>;
  coins: Translated<typeof coinWords>;
  device: Translated<typeof deviceWords>;
  price: Translated<typeof priceWords>;
  waiting: Translated<typeof waitingWords>;
  errors: ErrorWords;
}
