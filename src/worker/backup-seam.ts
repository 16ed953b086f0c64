// Owns the seam between a session and its backup: what the backup is given, and what the session asks of it. With no VSS URL nobody calls here.
import type { TernError } from '../wire/errors.js';
import type { BackupInfo, BackupMode, Settings } from './api.js';
import type { Logs } from './logs.js';
import type { Platform } from './platform.js';
import type { Store } from './store.js';
import type { Replicate } from './turns.js';

/** Who writes: goes into the owner record. */
export interface Device {
  deviceId: string;
  deviceName: string;
}

/** What a backup works with for one session. */
export interface BackupContext {
  platform: Platform;
  /** Restore writes through `store.disk`; once the node runs, only its turns commit rows. */
  store: Store;
  /** BIP39 seed, 64 bytes; zeroed when the session ends, so keys are derived at once. */
  seed: Uint8Array;
  settings: Settings;
  device: Device;
  /** The words were made on this device just now: no server can know them. */
  isNewWallet: boolean;
  logs: Logs;
  /** Aborted when the user locks while the backup still opens. */
  signal: AbortSignal;
  /** Progress of a restore, 0 to 1. */
  onProgress: (progress: number) => void;
  onChange: (info: BackupInfo) => void;
  /** Stops the node at once, before it signs anything more (taken over, quarantine broken). */
  halt: (error: TernError) => void;
}

/** The backup of a running session. */
export interface Backup extends Replicate {
  info(): BackupInfo;
  /** The setting changed while the session runs. Resolves when the new mode holds. */
  setMode(mode: BackupMode): Promise<void>;
  /** The user is there, or not: paces the heartbeat. */
  touch(visible: boolean): void;
  /** The network is back: try at once. */
  wake(): void;
  /** Releases this device, as far as the server can be reached. Called after the node has stopped and its last turn is committed. */
  stop(): Promise<void>;
}

/** Resolves when the node may load: ownership claimed, an empty device restored, in acknowledged mode the outbox on the server. Throws a code that keeps the wallet locked. */
export type OpenBackup = (context: BackupContext) => Promise<Backup>;
