// Owns the build of the app: every asset keeps its own URL (the offline cache lists them), nothing needs an inline style.
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, type Plugin } from 'vite';

/** Kit writes a style attribute on its announcer, which `style-src 'self'` forbids; base.css styles it instead. */
function styleFreeAnnouncer(): Plugin {
  return {
    name: 'tern-style-free-announcer',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('generated/root.svelte')) return undefined;
      return { code: code.replace(/(id="svelte-announcer"[^>]*?) style="[^"]*"/, '$1'), map: null };
    }
  };
}

/** What the worker loads later is named among the assets of the page that starts it: else the offline cache would miss it. */
function workerChunksAsAssets(): Plugin {
  return {
    name: 'tern-worker-chunks-as-assets',
    apply: 'build',
    generateBundle(_options, bundle) {
      const later = Object.keys(bundle).filter((file) => file.includes('/workers/chunks/'));
      for (const output of Object.values(bundle)) {
        const assets = output.type === 'chunk' ? output.viteMetadata?.importedAssets : undefined;
        if (assets && [...assets].some((file) => file.includes('/workers/'))) later.forEach((file) => assets.add(file));
      }
    }
  };
}

/** Where `vite dev` finds the companion server: it answers `/tern.json`, `/ln` and whatever else it serves. */
const companionUrl = process.env['TERN_SERVER_URL'];

export default defineConfig({
  plugins: [styleFreeAnnouncer(), sveltekit(), workerChunksAsAssets()],
  worker: { format: 'es' },
  build: { target: 'es2023', assetsInlineLimit: 0 },
  server: {
    fs: { allow: ['wasm/pkg'] },
    proxy:
      companionUrl === undefined
        ? {}
        : {
            '^/(tern\\.json|ln|vss|faucet|esplora|playground|shop)': {
              target: companionUrl,
              changeOrigin: true,
              ws: true
            }
          }
  }
});
