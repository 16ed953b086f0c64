// Owns the offline app: the shell, its code and the WASM are kept from one version at a time; a new version waits until the page says so.
/// <reference types="@sveltejs/kit" />
import { build, files, version } from '$service-worker';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;

const shellUrl = '/index.html';
/** A browser with a QR detector of its own scans with that. */
const isNeverNeeded = (url: string): boolean => url.includes('zxing_reader') && 'BarcodeDetector' in self;
/** Shown by a browser or a store before the app is installed. */
const isForStores = (url: string): boolean => url.startsWith('/screenshots/');

// While developing there is nothing built to keep.
if (build.length > 0) {
  // Kit names files of `build` by their content; everything else needs the version to tell old from new.
  precacheAndRoute([
    ...build.filter((url) => !isNeverNeeded(url)).map((url) => ({ url, revision: null })),
    ...files.filter((url) => !isForStores(url)).map((url) => ({ url, revision: version })),
    { url: shellUrl, revision: version }
  ]);
  cleanupOutdatedCaches();
  registerRoute(new NavigationRoute(createHandlerBoundToURL(shellUrl), { denylist: ownServices() }));
}

self.addEventListener('message', (event) => {
  if (event.data === 'activate') void self.skipWaiting();
});

/** What the server answers itself, even when it is opened as a page. */
function ownServices(): RegExp[] {
  return [/^\/(ln|vss|rgb|esplora|faucet|shop|playground|metrics|healthz)(\/|$)/, /^\/tern\.json$/];
}
