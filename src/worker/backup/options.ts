// Owns what a backup is made from, and that every key is derived at once: the seed is not kept.
import type { TernError } from '../../wire/errors.js';
import type { BackupInfo, BackupMode, VssAuth } from '../api.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import { Ledger } from './ledger.js';
import { OwnerDesk } from './owner.js';
import { DEFAULT_LIMITS, type BackupParts, type CommitLimits } from './parts.js';
import { deriveBackupSecrets, Seal, systemRandom, type RandomBytes } from './seal.js';
import { VssClient } from './vss.js';

export interface BackupOptions {
  disk: Disk;
  /** BIP39 seed, 64 bytes; used in the constructor only, and not kept. */
  seed: Uint8Array;
  /** One seed has one store a network. */
  network: string;
  url: string;
  auth: VssAuth;
  allowInsecure: boolean;
  mode: BackupMode;
  deviceId: string;
  deviceName: string;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  /** In [0, 1), for jitter. */
  random: () => number;
  randomBytes?: RandomBytes;
  limits?: CommitLimits;
  /** The words were made on this device just now: no server can know them. */
  isNewWallet?: boolean;
  onChange?: (info: BackupInfo) => void;
  /** Stop the node before it signs anything more. */
  onTakenOver?: (error: TernError) => void;
  /** Worth a line in the log: the server lost state. */
  onNotice?: (error: TernError) => void;
}

/** Throws `insecure_url` or `invalid_url`. */
export function makeParts(options: BackupOptions, mode: () => BackupMode): BackupParts {
  const { disk, clock, random, deviceId, deviceName } = options;
  const { vssSeed, authSecretKey } = deriveBackupSecrets(options.seed);
  const randomBytes = options.randomBytes ?? systemRandom;
  const seal = new Seal(vssSeed, randomBytes);
  const storeId = seal.storeId(options.network);
  const client = new VssClient({ ...options, storeId, authSecretKey });
  return {
    disk,
    clock,
    random,
    randomBytes,
    client,
    seal,
    url: options.url,
    desk: new OwnerDesk(client, seal, storeId),
    ledger: new Ledger(disk),
    deviceId,
    deviceName,
    limits: options.limits ?? DEFAULT_LIMITS,
    mode
  };
}
