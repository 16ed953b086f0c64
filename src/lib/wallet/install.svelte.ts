// Owns the offer to install the app: the browser makes it, we keep it until the user wants it.

import { keeping } from './keeping.svelte.js';

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

class Install {
  #prompt = $state.raw<InstallPrompt>();
  installed = $state(matchMedia('(display-mode: standalone)').matches);

  /** The browser can install right now. */
  get isOffered(): boolean {
    return this.#prompt !== undefined;
  }

  watch(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#prompt = event as InstallPrompt;
    });
    addEventListener('appinstalled', () => {
      this.installed = true;
      void keeping.ask();
    });
  }

  async install(): Promise<void> {
    await this.#prompt?.prompt();
    this.#prompt = undefined;
  }
}

/** The one install offer of this tab. */
export const install = new Install();
