// Owns a disk that can be filled up and made roomy again: a quota for one origin that the browser really enforces, and a database that takes what is left of it.
import type { BrowserContext, CDPSession, Page } from '@playwright/test';

/** The app's own cache and a small wallet fit well. */
const quotaBytes = 40_000_000;
/** What was refused takes room too until the browser clears it away. */
const roomBytes = 40_000_000;

/** The disk of one origin in a browser that has not stored anything there yet: Chromium counts an older, larger quota for a while. */
export class FullableDisk {
  #quotaBytes = quotaBytes;

  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
    private readonly origin: string
  ) {}

  static async prepare(context: BrowserContext, origin: string): Promise<FullableDisk> {
    const page = await context.newPage();
    await page.goto('/healthz');
    const disk = new FullableDisk(page, await context.newCDPSession(page), origin);
    await disk.#setQuota();
    return disk;
  }

  /** Fills it to the last few hundred bytes. */
  async fill(): Promise<void> {
    await this.page.evaluate(async () => {
      const opening = indexedDB.open('filler', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('filler', { autoIncrement: true });
      await new Promise((resolve) => (opening.onsuccess = resolve));
      const database = opening.result;
      const noise = new Uint8Array(8_388_608);
      // As many as it gives at once. What can be compressed would fill nothing.
      for (let at = 0; at < noise.length; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
      for (let bytes = noise.length; bytes > 256;) {
        const transaction = database.transaction('filler', 'readwrite');
        transaction.objectStore('filler').put(noise.slice(0, bytes));
        const isWritten = await new Promise<boolean>((resolve) => {
          transaction.oncomplete = () => resolve(true);
          transaction.onabort = () => resolve(false);
        });
        if (!isWritten) bytes /= 2;
      }
      database.close();
    });
  }

  async makeRoom(): Promise<void> {
    this.#quotaBytes += roomBytes;
    await this.#setQuota();
  }

  async #setQuota(): Promise<void> {
    const { origin } = this;
    await this.session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: this.#quotaBytes });
  }
}
