// Owns `npm run serve`: the companion server alone; its flags are its own (see src/server/cli.ts).
import { ensureApp } from './app.js';

/** Builds the app if it is to be served and is out of date, then hands over to the server's own command line. */
export async function main(args: string[]): Promise<void> {
  const needsApp = !args.some((arg) => /^--(no-static|static|help)(=|$)/.test(arg));
  if (needsApp) await ensureApp();
  process.argv.splice(2, Infinity, 'serve', ...args);
  await import('../src/server/main.js');
}
