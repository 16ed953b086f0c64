// Owns how staged rows lie over those on disk: a reader sees the state after all that was staged when it asked, committed or not.
import type { RowKey } from './disk.js';

/** A row waiting for its commit; no value: it is removed. */
export interface StagedRow {
  row: RowKey;
  value: Uint8Array | undefined;
}

/** Rows staged for one commit, by row id, in the order in which each was first staged. */
export type StagedRows = Map<string, StagedRow>;

/** What one commit will do to the keys of a namespace, in order. */
export type KeyChanges = { key: string; removed: boolean }[];

/** The changes of each commit still to come to one namespace, oldest commit first; commits that do not touch it are left out. */
export function changesOf(layers: StagedRows[], primary: string, secondary: string): KeyChanges[] {
  const changes = layers.map((layer) =>
    [...layer.values()]
      .filter(({ row }) => row.primary === primary && row.secondary === secondary)
      .map(({ row, value }) => ({ key: row.key, removed: value === undefined }))
  );
  return changes.filter((layer) => layer.length > 0);
}

/** The keys of a namespace, ascending. */
export function mergeKeys(onDisk: string[], changes: KeyChanges[]): string[] {
  const keys = new Set(onDisk);
  for (const { key, removed } of changes.flat()) {
    if (removed) keys.delete(key);
    else keys.add(key);
  }
  return [...keys].sort();
}

/** Where the changes leave the keys of a namespace in order of creation. */
export interface Creation {
  /** Keys that the disk does not have yet, newest first: they stand before all that it has. */
  created: string[];
  /** Keys no longer at the place where the disk has them. */
  gone: Set<string>;
}

/** Works out what `changes` create and remove; `onDisk` tells which of the changed keys the disk has. */
export function creationOf(changes: KeyChanges[], onDisk: Set<string>): Creation {
  const created = new Set<string>();
  const gone = new Set<string>();
  for (const { key, removed } of changes.flat()) {
    if (removed) {
      created.delete(key);
      if (onDisk.has(key)) gone.add(key);
    } else if (!onDisk.has(key) || gone.has(key)) {
      created.add(key);
    }
  }
  return { created: [...created].reverse(), gone };
}
