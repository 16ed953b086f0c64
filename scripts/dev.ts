// Owns `npm run dev`: the app with hot reload, over the playground and a companion server; Ctrl-C stops all three.
import { startWorld } from './playground.js';
import { handleSignals, onShutdown, stopAll } from './shutdown.js';
import { ensureWasm } from './wasm.js';

const port = 5173;

/** Takes the flags of `npm run serve`. The page reaches the companion through Vite's proxy, as if it were one server. */
export async function main(args: string[]): Promise<void> {
  handleSignals();
  await ensureWasm();
  try {
    const server = await startWorld([
      '--no-static',
      '--port',
      '0',
      '--public-url',
      `http://localhost:${port}`,
      ...args
    ]);
    process.env['TERN_SERVER_URL'] = server.url;
    const { createServer } = await import('vite');
    const vite = await createServer({ server: { port, strictPort: true } });
    onShutdown(() => vite.close());
    await vite.listen();
    vite.printUrls();
  } catch (error) {
    await stopAll();
    throw error;
  }
}
