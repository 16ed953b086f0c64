// Owns where the app runs: in the browser alone. The server only ever hands out one static shell.
import { language } from '$lib/wallet/language.svelte.js';

export const ssr = false;
export const prerender = false;
export const trailingSlash = 'never';

/** The first word on the screen is in the right language. */
export async function load(): Promise<void> {
  await language.start();
}
