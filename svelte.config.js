// Owns how SvelteKit builds the app: one static shell for every route, no server rendering, a policy that admits only our own scripts.
import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
const config = {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true },
  kit: {
    adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html', strict: true }),
    // The server sends the whole policy as a header; this one carries the hash of the shell's only inline script.
    csp: { mode: 'hash', directives: { 'script-src': ['self', 'wasm-unsafe-eval'] } },
    files: { serviceWorker: 'src/service-worker.ts' }
  }
};

export default config;
