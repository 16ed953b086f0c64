// Owns what the pieces of the backup share: one disk, one store on one server, one identity. No piece holds a copy of its own.
import type { BackupMode } from '../api.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { Ledger } from './ledger.js';
import type { OwnerDesk } from './owner.js';
import type { RandomBytes, Seal } from './seal.js';
import type { VssClient } from './vss.js';

/** What one commit may carry. */
export interface CommitLimits {
  /** Puts and deletes together, the owner record included; a stock server takes 1,000. */
  items: number;
  /** Of the encoded request. */
  bytes: number;
}

export const DEFAULT_LIMITS: CommitLimits = { items: 1000, bytes: 16 * 1024 * 1024 };

export interface BackupParts {
  disk: Disk;
  clock: Clock;
  /** In [0, 1), for jitter. */
  random: () => number;
  randomBytes: RandomBytes;
  client: VssClient;
  seal: Seal;
  /** The server's address: books are about one server. */
  url: string;
  desk: OwnerDesk;
  ledger: Ledger;
  deviceId: string;
  deviceName: string;
  limits: CommitLimits;
  /** The setting, as it is now. */
  mode: () => BackupMode;
}
