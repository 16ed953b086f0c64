// Owns chance in the simulated world: everything random comes from one seed, also what the WASM node and the crypto libraries draw.

/** A source of chance that a seed determines wholly. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1) (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** True once in `1 / likelihood` times. */
  happens(likelihood: number): boolean {
    return this.next() < likelihood;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** A source of its own, so that what is drawn there does not shift what is drawn here. */
  fork(name: string): Chance {
    let hash = this.#state;
    for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    return new Chance(hash);
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(this.next() * 256);
  }
}

type Filled = Parameters<Crypto['getRandomValues']>[0];

/** Replaces the platform's randomness by `chance` until the function returned is called. */
export function seedCrypto(chance: Chance): () => void {
  const getRandomValues = (array: Filled): Filled => {
    if (array) chance.fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return array;
  };
  const randomUUID = (): string => {
    const hex = Array.from({ length: 32 }, () => chance.between(0, 15).toString(16)).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  };
  Object.defineProperty(crypto, 'getRandomValues', { value: getRandomValues, configurable: true });
  Object.defineProperty(crypto, 'randomUUID', { value: randomUUID, configurable: true });
  return () => {
    // Own properties hid those of the prototype.
    Reflect.deleteProperty(crypto, 'getRandomValues');
    Reflect.deleteProperty(crypto, 'randomUUID');
  };
}
