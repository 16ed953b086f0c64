// Owns how this browser likes to see the wallet. Nothing here is secret or needs a backup.
import type { MoneyUnit } from './money.js';

const unitKey = 'tern-unit';

class Preferences {
  unit = $state<MoneyUnit>(localStorage.getItem(unitKey) === 'btc' ? 'btc' : 'sat');

  toggleUnit(): void {
    this.unit = this.unit === 'sat' ? 'btc' : 'sat';
    localStorage.setItem(unitKey, this.unit);
  }
}

/** The preferences of this browser. */
export const preferences = new Preferences();
