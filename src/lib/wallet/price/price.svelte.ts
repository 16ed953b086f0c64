// Owns the price in this tab: the user's choice is kept in this browser, and without it there is not one request.
import { language } from '../language.svelte.js';
import { preferences } from '../preferences.svelte.js';
import { wallet } from '../state.svelte.js';
import { askPrice } from './ask.js';
import { PriceWatch } from './price-watch.svelte.js';
import { readChoice, requestFor, type PriceChoice } from './sources.js';
import { formatTag, worthText, type Price } from './worth.js';

const choiceKey = 'tern-price';
const lookEveryMs = 10_000;
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The price of bitcoin as the user chose to see it. */
export const price = new PriceWatch(
  {
    ask: async (choice, signal) => askPrice(requestFor(choice, allowsInsecure()), signal),
    nowMs: () => Date.now(),
    mayAsk: () => preferences.showsPrice && wallet.isOpen && document.visibilityState === 'visible'
  },
  readChoice(localStorage.getItem(choiceKey), navigator.languages)
);

/** Keeps the price up to date until the answer is called; for whoever shows one. */
export function watchPrice(): () => void {
  const look = () => price.look();
  watchers += 1;
  timer ??= setInterval(look, lookEveryMs);
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    watchers -= 1;
    if (watchers > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Switches prices on with this choice and asks the source. Throws `invalid_url` or `insecure_url`, and then changed nothing. */
export async function showPrice(choice: PriceChoice): Promise<void> {
  requestFor(choice, allowsInsecure());
  localStorage.setItem(choiceKey, JSON.stringify(choice));
  price.choose(choice);
  preferences.showPrice(true);
  await price.ask();
}

/** Switches prices off: from now on nobody is asked. The choice is kept for another time. */
export function hidePrice(): void {
  preferences.showPrice(false);
  price.choose(price.choice);
}

/** What an amount is worth at a price, about; undefined while no price can be believed. */
export function worthOf(amountSat: bigint, at: Price | undefined = price.fresh): string | undefined {
  return at && worthText(amountSat, at, formatTag(language.code, navigator.languages));
}

function allowsInsecure(): boolean {
  return wallet.settings?.allowInsecure ?? false;
}
