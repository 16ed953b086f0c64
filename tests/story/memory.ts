// Owns going back in time with an lnd: it forgets what it did since, and believes in states that it has revoked.
import { cp, rm } from 'node:fs/promises';
import type { Lnd } from '../regtest/lnd.js';

/** Keeps lnd as it is now; what puts it back there. `directory`: its own. lnd is launched anew each time. */
export async function remember(lnd: Lnd, directory: string): Promise<() => Promise<void>> {
  const kept = `${directory}.kept`;
  const copyOver = async (from: string, to: string): Promise<void> => {
    await lnd.shutDown();
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
    await lnd.launch();
  };
  await copyOver(directory, kept);
  return () => copyOver(kept, directory);
}
