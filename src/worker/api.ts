// Owns the contract between the page and the worker: the only types that cross the wall. No code of the worker is reachable from here.
import type {
  Balances,
  ChannelInfo,
  ChannelState,
  ClosingPart,
  ClosingStage,
  Coin,
  CoinState,
  DecodedInvoice,
  Descriptors,
  FeeEstimates,
  Invoice,
  InvoiceRequest,
  KeysendRequest,
  Network,
  NodeInfo,
  OnchainQuote,
  OnchainSendRequest,
  PayQuote,
  PayRequest,
  Payment,
  PaymentsPage,
  SpeedUpQuote,
  SpeedUpRequest
} from '../../wasm/pkg/tern.js';
import type { ServerDefaults, VssAuth } from '../wire/defaults.js';
import type { ErrorShape } from '../wire/errors.js';

export type {
  Balances,
  ChannelInfo,
  ChannelState,
  ClosingPart,
  ClosingStage,
  Coin,
  CoinState,
  DecodedInvoice,
  Descriptors,
  FeeEstimates,
  Invoice,
  InvoiceRequest,
  KeysendRequest,
  Network,
  NodeInfo,
  OnchainQuote,
  OnchainSendRequest,
  PayQuote,
  PayRequest,
  Payment,
  PaymentsPage,
  ServerDefaults,
  SpeedUpQuote,
  SpeedUpRequest,
  VssAuth
};

/** Every method answers with one of these: Comlink would drop an error's code. `client.ts` unwraps it and throws a `TernError`. */
export type Answer<T> = { ok: true; value: T } | { ok: false; error: ErrorShape };

/** Where a wallet stands. `halted`: it stopped itself to protect money; `error` says why and what to do. */
export type WalletPhase = 'empty' | 'locked' | 'starting' | 'ready' | 'halted';

export interface WalletStatus {
  phase: WalletPhase;
  network: Network;
  /** While `starting`: what is being done, for the progress line. */
  step?: 'opening' | 'unsealing' | 'restoring' | 'loading' | 'syncing';
  /** 0 to 1 within the step, absent where unknown. */
  progress?: number;
  error?: ErrorShape;
  /** While `locked` or `halted` by `error`: what the user can decide, given to `unlock`. */
  choices?: StartChoice[];
  /** While `starting` or `ready` on chain only: `cause` is the error that kept the channels from being loaded, where one is known. */
  safeMode?: { cause?: ErrorShape };
}

/**
 * How to start where the backup's server says something else than this device. `take_over`: with the server's state, from whoever has it;
 * another device that runs stops. `start_anyway`: with this device's state or, on an empty one, what is sound of the server's, in quarantine.
 * `start_empty`: with what is on this device, perhaps nothing; the server's state is overwritten.
 */
export type BackupChoice = 'take_over' | 'start_anyway' | 'start_empty';

/** How to start after a start that failed. `safe_mode`: on chain only, from the chain; what is stored here and at the backup stays untouched. */
export type StartChoice = BackupChoice | 'safe_mode';

/** Settings a user can change. URLs are validated before they are stored. */
export interface Settings {
  esploraUrl: string;
  /** WebSocket bridge to Lightning peers: `ws(s)://…/ln`. */
  bridgeUrl: string;
  rapidGossipUrl?: string;
  /** Absent: no backup, and not one request to it. */
  vssUrl?: string;
  vssAuth: VssAuth;
  backupMode: BackupMode;
  /** Minutes without use until the wallet locks itself; 0: never. */
  autoLockMinutes: number;
  /** Plain `http:`/`ws:` beyond loopback, only after an explicit switch. */
  allowInsecure: boolean;
  /** What this device is called in the owner record. */
  deviceName: string;
}

export type BackupMode = 'acknowledged' | 'local-first';

export interface CreateRequest {
  password: string;
  words: 12 | 24;
  bip39Passphrase?: string;
}

export interface RestoreRequest {
  password: string;
  mnemonic: string;
  bip39Passphrase?: string;
}

/** How to ask a passkey for its secret (WebAuthn PRF). Neither is one. */
export interface PasskeyHint {
  credentialId: Uint8Array;
  /** 32 bytes. */
  salt: Uint8Array;
}

/** How far a Lightning peer is. */
export interface PeerStatus {
  nodeId: string;
  address: string;
  state: 'connecting' | 'connected' | 'waiting';
  /** The last failure: the bridge's and the peer's are told apart by code. */
  error?: ErrorShape;
  retryAtMs?: number;
}

export interface LogLine {
  atMs: number;
  level: 'error' | 'warn' | 'info' | 'debug';
  target: string;
  message: string;
}

/** The typed event stream, one for everything. Events say that something changed; the page then asks for what it shows. */
export type WalletEvent =
  | { type: 'status'; status: WalletStatus }
  | { type: 'synced'; blockHeight: number }
  | { type: 'syncFailed'; error: ErrorShape }
  | { type: 'paymentChanged'; payment: Payment }
  | { type: 'channelChanged'; channelId: string; state: ChannelState; reason?: string }
  | { type: 'balancesChanged' }
  | { type: 'peerChanged'; peer: PeerStatus }
  /** The ids of transactions on their way that no server has taken yet. In safe mode the end of the session ends them. */
  | { type: 'unsentChanged'; txids: string[] }
  | { type: 'settingsChanged'; settings: Settings }
  | { type: 'backupChanged'; backup: BackupInfo }
  /** While a start waits for the backup's server: the next HTLC runs out, as far as this device knows. */
  | { type: 'htlcDeadline'; blocksLeft: number };

/** The backup indicator: always true, never hopeful. */
export type BackupState = 'off' | 'up_to_date' | 'behind' | 'paused' | 'taken_over' | 'quarantined';

export interface BackupInfo {
  state: BackupState;
  mode: BackupMode;
  vssUrl?: string;
  deviceName: string;
  deviceId: string;
  /** The last commit the server acknowledged. */
  commitId?: bigint;
  committedAtMs?: number;
  pendingKeys: number;
  pendingBytes: number;
  behindSinceMs?: number;
  storedKeys: number;
  storedBytes: number;
  lastError?: ErrorShape;
}

/** What *verify my backup* found: everything downloaded and checked, nothing touched. */
export interface BackupVerification {
  keys: number;
  bytes: number;
  tookMs: number;
  commitId: bigint;
  problems: ErrorShape[];
}

/** The worker's API. All amounts: msat in Lightning, sat on chain, both bigint. Errors: see `ErrorCode`. */
export interface WalletApi {
  status(): Promise<Answer<WalletStatus>>;
  /** Calls `listener` (a Comlink proxy) for every event from now on. */
  subscribe(listener: (event: WalletEvent) => void): Promise<Answer<void>>;

  /** Creates a wallet and starts it. The words are shown once, here. */
  create(request: CreateRequest): Promise<Answer<{ mnemonic: string }>>;
  /** Starts a wallet from its words. */
  restore(request: RestoreRequest): Promise<Answer<void>>;
  /** `choice`: one of the status's `choices`, after an `unlock` or a `restore` that needs a decision. */
  unlock(password: string, choice?: StartChoice): Promise<Answer<void>>;
  /** As `unlock`, with what the passkey of `passkey()` answered to its salt; that is zeroed. */
  unlockWithPasskey(prf: Uint8Array, choice?: StartChoice): Promise<Answer<void>>;
  lock(): Promise<Answer<void>>;
  /** The passkey that opens this wallet on this device, beside the password; undefined where none does. */
  passkey(): Promise<Answer<PasskeyHint | undefined>>;
  /** Lets a passkey open the wallet, from now on alone of all passkeys. `prf`: what it answered to its salt; it is zeroed. */
  addPasskey(password: string, hint: PasskeyHint, prf: Uint8Array): Promise<Answer<void>>;
  removePasskey(): Promise<Answer<void>>;
  /** Shows the words after the password was given again. */
  revealMnemonic(password: string): Promise<Answer<{ mnemonic: string; bip39Passphrase?: string }>>;
  /** The user passed the check of the words. */
  markMnemonicBackedUp(): Promise<Answer<void>>;
  isMnemonicBackedUp(): Promise<Answer<boolean>>;
  /** The user is there: restarts the auto-lock's clock. `visible` also tells the heartbeat how often to look. */
  touch(visible: boolean): Promise<Answer<void>>;
  /** Deletes everything of this wallet on this device. */
  wipe(password: string): Promise<Answer<void>>;

  info(): Promise<Answer<NodeInfo>>;
  balances(): Promise<Answer<Balances>>;
  feeEstimates(): Promise<Answer<FeeEstimates>>;
  newAddress(): Promise<Answer<string>>;
  quoteOnchain(request: OnchainSendRequest): Promise<Answer<OnchainQuote>>;
  sendOnchain(request: OnchainSendRequest): Promise<Answer<{ txid: string }>>;
  /** What it costs to speed up a transaction that waits: by a replacement (BIP125), else by a child that pays for both. */
  quoteSpeedUp(request: SpeedUpRequest): Promise<Answer<SpeedUpQuote>>;
  /** Does it. `txid`: the transaction that speeds up; a replaced one fails with the code `replaced`, and its label moves on. */
  speedUp(request: SpeedUpRequest): Promise<Answer<{ txid: string }>>;
  /** All unspent outputs, the largest first. */
  coins(): Promise<Answer<Coin[]>>;
  /** A frozen coin is not spent, but where a channel's closing has no other to pay its fee. `outpoint`: `txid:vout`. */
  freezeCoin(outpoint: string, isFrozen: boolean): Promise<Answer<void>>;
  /** For a wallet that only looks (BIP380). */
  descriptors(): Promise<Answer<Descriptors>>;

  /** What opening a channel costs, the reserve of one more channel being kept. */
  quoteChannel(request: ChannelFunding): Promise<Answer<OnchainQuote>>;
  /** Connects to `nodeid@host:port` (or `nodeid@ws(s)://…`) first, then asks for the channel. */
  openChannel(request: OpenChannelByUri): Promise<Answer<{ userChannelId: string }>>;
  closeChannel(channelId: string): Promise<Answer<void>>;
  forceCloseChannel(channelId: string): Promise<Answer<void>>;
  channels(): Promise<Answer<ChannelInfo[]>>;
  peers(): Promise<Answer<PeerStatus[]>>;
  connectPeer(nodeUri: string): Promise<Answer<void>>;

  createInvoice(request: InvoiceRequest): Promise<Answer<Invoice>>;
  decodeInvoice(bolt11: string): Promise<Answer<DecodedInvoice>>;
  quotePayment(request: PayRequest): Promise<Answer<PayQuote>>;
  /** Resolves when the payment is on its way and durable; the outcome comes as `paymentChanged`. */
  pay(request: PayRequest): Promise<Answer<{ paymentId: string }>>;
  quoteKeysend(request: KeysendRequest): Promise<Answer<PayQuote>>;
  /** Pays a node that made no invoice (BLIP 3); as `pay`. */
  keysend(request: KeysendRequest): Promise<Answer<{ paymentId: string }>>;
  payment(id: string): Promise<Answer<Payment | undefined>>;
  payments(limit: number, before?: string): Promise<Answer<PaymentsPage>>;
  /** A label of the user's for a payment. */
  setLabel(paymentId: string, label: string): Promise<Answer<void>>;
  labels(paymentIds: string[]): Promise<Answer<Record<string, string>>>;

  /** Also while the wallet is starting. */
  backupInfo(): Promise<Answer<BackupInfo>>;
  /** Resolves when the server has everything. */
  backupNow(): Promise<Answer<void>>;
  /** Downloads and checks everything, touches nothing. */
  verifyBackup(): Promise<Answer<BackupVerification>>;
  /** Backs up, stops the node and tells the server that any device may have the wallet; then it is locked. Rejects, and goes on, where the server is away. */
  releaseDevice(): Promise<Answer<void>>;

  sync(): Promise<Answer<void>>;
  settings(): Promise<Answer<Settings>>;
  changeSettings(change: Partial<Settings>): Promise<Answer<Settings>>;
  logs(): Promise<Answer<LogLine[]>>;
  /** What those who help need to know besides the logs, as lines of text. In every phase. */
  supportReport(): Promise<Answer<string>>;
}

export interface ChannelFunding {
  amountSat: bigint;
  feerateSatPerVb?: number;
}

export interface OpenChannelByUri extends ChannelFunding {
  nodeUri: string;
  announce?: boolean;
}

/** What the page gives the worker at start. URLs of assets cross the wall, so that the offline cache sees them. */
export interface WorkerBoot {
  wasmUrl: string;
  network: Network;
  /** Where this server's own services are, from `/tern.json`; defaults for `Settings`. */
  defaults: ServerDefaults;
}
