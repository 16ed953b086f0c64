// Owns the one catalogue of every word on a screen, in English.
import { manageWords } from './manage.js';
import { moneyWords } from './money.js';
import { setupWords } from './setup.js';

/** Messages by key; `{names}` are parameters. */
export const words = { ...setupWords, ...moneyWords, ...manageWords } as const;
