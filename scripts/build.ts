// Owns `npm run build`: the WASM node and the app, from source.
import { ensureApp } from './app.js';

/** Builds what is out of date and prints where the app lies. */
export async function main(): Promise<void> {
  console.log(await ensureApp());
}
