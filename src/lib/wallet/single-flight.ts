// Owns refreshing without overlap: while one run is under way, any number of further asks become exactly one more run.

/** Wraps `run` so that it never overlaps itself; every caller's promise covers a run that started after its call. */
export function singleFlight(run: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  const start = (): Promise<void> => {
    current = run().finally(() => {
      current = undefined;
    });
    return current;
  };
  return () => {
    if (current === undefined && following === undefined) return start();
    following ??= (current ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        following = undefined;
        return start();
      });
    return following;
  };
}
