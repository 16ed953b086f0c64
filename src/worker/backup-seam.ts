// Owns the seam between a session and its backup: what the backup is given, and what the session asks of it. With no VSS URL nobody calls here.
import type { TernError } from '../wire/errors.js';
import type { BackupInfo, BackupMode, BackupVerification, Settings, BackupChoice } from './api.js';
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
  onChange: (info: BackupInfo) => void;
  /** Stops the node at once, before it signs anything more (taken over). */
  halt: (error: TernError) => void;
}

/** How a backup starts. */
export interface BackupStart {
  choice?: BackupChoice;
  /** Progress of a restore, 0 to 1. */
  onProgress?: (progress: number) => void;
  /** Aborted when the user locks while the backup still opens. */
  signal?: AbortSignal;
}

/** The backup of a session. */
export interface Backup extends Replicate {
  /** Resolves when the node may load: ownership claimed, an empty device restored, in acknowledged mode the outbox on the server. Throws a code that keeps the wallet locked. */
  start(options: BackupStart): Promise<void>;
  /** Asks the server whether it can be used; nothing is written. Throws why not. */
  probe(): Promise<void>;
  info(): BackupInfo;
  /** Acknowledged mode, and the server is away: what is begun now would wait for it. */
  readonly isPaused: boolean;
  /** Resolves when the look at the server that is under way has ended, or soon: it may have found the server. */
  looked(): Promise<void>;
  /** Set: the node must neither broadcast nor sign until every peer agrees (invariant 8). */
  readonly quarantine: string | undefined;
  /** Every peer agreed. */
  endQuarantine(): Promise<void>;
  /** Resolves when the server has everything. */
  now(): Promise<void>;
  /** Downloads and checks everything, touches nothing. */
  verify(): Promise<BackupVerification>;
  /** The setting changed while the session runs or starts. Resolves when the new mode holds. */
  setMode(mode: BackupMode): Promise<void>;
  /** Asked before a peer is dialled: a peer must never meet a device that was taken over. Rejects where that is so, and in acknowledged mode while the server is away. */
  confirmOwner(): Promise<void>;
  /** The user is there, or not: paces the heartbeat. */
  touch(visible: boolean): void;
  /** The network is back: try at once. */
  wake(): void;
  /** Releases this device, as far as the server can be reached. Called after the node has stopped and its last turn is committed. */
  release(): Promise<void>;
  /** Ends at once, without a word to the server. */
  close(): void;
}

/** Makes the backup of a session; settings can reach it before it has started. Throws `insecure_url`, `invalid_url`. */
export type OpenBackup = (context: BackupContext) => Promise<Backup>;
