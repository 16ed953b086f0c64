// Owns `npm start`: from a checkout to a wallet in the browser; Ctrl-C stops all that it started.
import { ensureApp } from './app.js';
import { formatElapsed } from './commands.js';
import { startWorld } from './playground.js';
import { handleSignals, stopAll } from './shutdown.js';

/** Builds what is out of date, starts the playground (or serves the network that `--network` names) and prints the URL. */
export async function main(args: string[]): Promise<void> {
  const startedAtMs = Date.now();
  handleSignals();
  const staticDir = await ensureApp();
  try {
    const server = await startWorld(['--static', staticDir, ...args]);
    console.log(
      `\nTern is ready after ${formatElapsed(Date.now() - startedAtMs)}. Open ${server.url}\nCtrl-C stops it.`
    );
  } catch (error) {
    await stopAll();
    throw error;
  }
}
