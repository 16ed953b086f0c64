// Owns how this browser likes to see the wallet. Nothing here is secret or needs a backup.
import type { MoneyUnit } from './money.js';

const unitKey = 'tern-unit';
const showsPriceKey = 'tern-shows-price';

class Preferences {
  unit = $state<MoneyUnit>(localStorage.getItem(unitKey) === 'btc' ? 'btc' : 'sat');
  /** Nobody is asked for a price unless the user wants one. */
  showsPrice = $state(localStorage.getItem(showsPriceKey) === 'true');

  toggleUnit(): void {
    this.unit = this.unit === 'sat' ? 'btc' : 'sat';
    localStorage.setItem(unitKey, this.unit);
  }

  showPrice(isOn: boolean): void {
    this.showsPrice = isOn;
    localStorage.setItem(showsPriceKey, String(isOn));
  }
}

/** The preferences of this browser. */
export const preferences = new Preferences();
