// Owns a disk that commits nothing for a while: a transaction of the page holds all that the wallet's worker would write.
import type { Page } from '@playwright/test';

/** Nothing that the wallet writes is durable from now on, until the answer is called. */
export async function holdDisk(page: Page): Promise<() => Promise<void>> {
  const hold = await page.evaluateHandle(async () => {
    const opening = indexedDB.open('tern-regtest');
    await new Promise((resolve) => (opening.onsuccess = resolve));
    const database = opening.result;
    const transaction = database.transaction([...database.objectStoreNames], 'readwrite');
    const store = transaction.objectStore(database.objectStoreNames[0] ?? '');
    const state = { isOver: false };
    await new Promise<void>((resolve) => {
      // It lasts as long as it has something to do.
      const goOn = (): void => {
        resolve();
        if (state.isOver) database.close();
        else store.count().onsuccess = goOn;
      };
      goOn();
    });
    return state;
  });
  return () => hold.evaluate((state) => void (state.isOver = true));
}
