// Owns whether the browser may delete what this wallet stores. It is asked to keep it once there is something to lose, and answers for itself.

/** `kept`: only the user deletes it. `evictable`: the browser may, when space runs out or after a while without use. */
export type StorageFate = 'kept' | 'evictable';

class Keeping {
  /** Undefined where the browser does not say. */
  fate = $state<StorageFate>();
  /** The browser was asked in this tab, and would not. */
  refused = $state(false);

  /** Learns how things stand. Nobody is asked for anything. */
  async look(): Promise<void> {
    if ('storage' in navigator) this.#learn(await navigator.storage.persisted());
  }

  /** Asks the browser to keep the wallet; some browsers then ask the user, so it belongs to a press of a button. */
  async ask(): Promise<void> {
    if (!('storage' in navigator)) return;
    this.#learn(await navigator.storage.persist());
    this.refused = this.fate === 'evictable';
  }

  #learn(isKept: boolean): void {
    this.fate = isKept ? 'kept' : 'evictable';
  }
}

/** The storage of this browser. */
export const keeping = new Keeping();
