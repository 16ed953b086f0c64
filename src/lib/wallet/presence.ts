// Owns the signs that somebody is there: told at most every few seconds, and at once when the page is shown or hidden.

const quietMs = 5_000;

/** Calls `touch` on use and on visibility changes; the answer ends that. */
export function watchPresence(touch: (visible: boolean) => void): () => void {
  let lastMs = -Infinity;
  const used = () => {
    if (performance.now() - lastMs < quietMs) return;
    lastMs = performance.now();
    touch(true);
  };
  const shownOrHidden = () => touch(document.visibilityState === 'visible');
  addEventListener('pointerdown', used, { passive: true });
  addEventListener('keydown', used, { passive: true });
  addEventListener('scroll', used, { passive: true, capture: true });
  document.addEventListener('visibilitychange', shownOrHidden);
  return () => {
    removeEventListener('pointerdown', used);
    removeEventListener('keydown', used);
    removeEventListener('scroll', used, { capture: true });
    document.removeEventListener('visibilitychange', shownOrHidden);
  };
}
