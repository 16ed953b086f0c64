// Owns what is loaded on demand and kept: one load for all who ask, and a new one only after a load that failed.

/** Remembers what `load` resolves to. A rejection reaches those who wait for it, and is forgotten: whoever asks next loads anew. */
export function loadOnce<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((thrown: unknown) => {
      loading = undefined;
      throw thrown;
    });
    return loading;
  };
}
