// Owns what many wakes cost: one look however many come while it is under way, and one more where it failed meanwhile.
export class CatchUp {
  readonly #look: () => Promise<void>;
  #isWanted = false;
  #isLooking = false;

  /** `look` costs nothing where there is nothing new to see. */
  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  /** Looks now, or once more when the look that is under way ends. */
  wake(): void {
    this.#isWanted = true;
    if (!this.#isLooking) void this.#untilSeen();
  }

  async #untilSeen(): Promise<void> {
    this.#isLooking = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      // Of a server that is away the next poll tells.
      await this.#look().catch(() => undefined);
    }
    this.#isLooking = false;
  }
}
