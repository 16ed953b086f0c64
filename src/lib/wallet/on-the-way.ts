// Owns the time that a payment is on its way: the screen stays on, and whoever closes the tab is asked first. A device asleep cannot see an HTLC through.

/** Guards until the function returned is called. */
export function guardPayment(): () => void {
  let isOver = false;
  let screen: WakeLockSentinel | undefined;
  const stayOn = async (): Promise<void> => {
    // The browser gives the lock back whenever the page is hidden.
    if (isOver || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    // A battery that runs low is a reason to refuse.
    screen = await navigator.wakeLock.request('screen').catch(() => undefined);
    if (isOver) await screen?.release();
  };
  const shown = (): void => void stayOn();
  const stopAsking = askBeforeLeaving();
  void stayOn();
  document.addEventListener('visibilitychange', shown);
  return () => {
    isOver = true;
    void screen?.release();
    document.removeEventListener('visibilitychange', shown);
    stopAsking();
  };
}

/** Whoever closes the tab is asked first, until the function returned is called. */
export function askBeforeLeaving(): () => void {
  const leaving = (event: BeforeUnloadEvent): void => event.preventDefault();
  addEventListener('beforeunload', leaving);
  return () => removeEventListener('beforeunload', leaving);
}
