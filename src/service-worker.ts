// Owns the offline app: the shell, its code and the WASM are kept from one version at a time; a new version waits until the page says so.
/// <reference types="@sveltejs/kit" />
import { build, files, version } from '$service-worker';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;

/** Kit names files of `build` by their content; everything else needs the version to tell old from new. */
const shellUrl = '/index.html';

// While developing there is nothing built to keep.
if (build.length > 0) {
  precacheAndRoute([
    ...build.map((url) => ({ url, revision: null })),
    ...files.map((url) => ({ url, revision: version })),
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
