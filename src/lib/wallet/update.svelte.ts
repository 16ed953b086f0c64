// Owns new versions of the app: noticed, offered, and taken only when the user says so.

/** Whether a new version waits. */
class AppUpdate {
  waiting = $state.raw<ServiceWorker>();

  /** Looks for a waiting version now and whenever the browser finds one. */
  async watch(): Promise<void> {
    if (!('serviceWorker' in navigator)) return;
    const registration = await navigator.serviceWorker.ready;
    const offer = () => {
      // Without a controller this is the first install, not an update.
      if (registration.waiting !== null && navigator.serviceWorker.controller !== null)
        this.waiting = registration.waiting;
    };
    offer();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', offer);
    });
  }

  /** Switches to the waiting version and reloads the page once it is in charge. */
  apply(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    this.waiting?.postMessage('activate');
  }
}

/** The one watcher of this tab. */
export const appUpdate = new AppUpdate();
