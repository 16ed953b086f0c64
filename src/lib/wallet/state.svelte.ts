// Owns what the page knows of the wallet: a copy of the worker's state, refreshed when an event says that something changed. It never computes money on its own.
import type {
  BackupInfo,
  Balances,
  ChannelInfo,
  NodeInfo,
  Payment,
  PeerStatus,
  ServerDefaults,
  Settings,
  WalletEvent,
  WalletStatus
} from '../../worker/api.js';
import { TernError, type ErrorShape } from '../../wire/errors.js';
import { fetchServerDefaults, startWorker, type Connection, type WalletClient } from './client.js';
import { mergePayment, mergePayments } from './payments.js';
import type { ReceiveRequest } from './receiving.svelte.js';
import { singleFlight } from './single-flight.js';
import { takeOverTabLock, takeTabLock, type TabLock } from './tab-lock.js';

export type { PasskeyHint, StartChoice, VssAuth } from '../../worker/api.js';

/** Where this tab stands. `elsewhere`: another tab runs the wallet; `failed`: the worker is not there. */
export type TabStage = 'connecting' | 'elsewhere' | 'switching' | 'running' | 'failed';

const pageSize = 25;

/** The wallet as this tab sees it. One instance, `wallet`. */
export class WalletState {
  stage = $state<TabStage>('connecting');
  failure = $state.raw<ErrorShape>();
  defaults = $state.raw<ServerDefaults>();
  status = $state.raw<WalletStatus>();
  info = $state.raw<NodeInfo>();
  balances = $state.raw<Balances>();
  /** In safe mode they, and the backup, stay unknown. */
  channels = $state.raw<ChannelInfo[]>();
  peers = $state.raw<PeerStatus[]>([]);
  payments = $state.raw<Payment[]>();
  morePayments = $state.raw<string>();
  labels = $state.raw<Record<string, string>>({});
  /** The ids of transactions that no server has taken yet. */
  unsent = $state.raw<string[]>([]);
  settings = $state.raw<Settings>();
  backup = $state.raw<BackupInfo>();
  /** While a start waits for the backup, and an HTLC does not. */
  blocksToDeadline = $state<number>();
  wordsBackedUp = $state<boolean>();
  /** Ready, or starting again after it was ready: the screens stay where they are. */
  isOpen = $state(false);
  blockHeight = $state<number>();
  syncError = $state.raw<ErrorShape>();
  /** The request for money that was shown last. */
  lastRequest = $state.raw<ReceiveRequest>();
  /** The words just created, until their screen is left. */
  freshWords = $state.raw<{ mnemonic: string; passphrase?: string }>();
  /** Set while a screen leads through a change of phase itself, so that nobody routes it away. */
  holdsRoute = $state(false);

  readonly #refreshBalances = singleFlight(async () => {
    const balances = await this.client.balances();
    // Safe mode starts from nothing: before the chain was read nothing is known, not even a zero.
    if (!this.status?.safeMode || this.info?.syncedAtMs !== undefined) this.balances = balances;
  });
  readonly #refreshChannels = singleFlight(async () => {
    const channels = await this.client.channels();
    this.channels = this.status?.safeMode ? undefined : channels;
  });
  readonly #refreshInfo = singleFlight(async () => {
    this.info = await this.client.info();
    this.blockHeight = this.info.blockHeight;
  });
  readonly #listeners = new Set<(event: WalletEvent) => void>();
  #connection: Connection | undefined;
  #lock: TabLock | undefined;

  /** The worker. Only screens that show while `stage` is `running` may ask for it. */
  get client(): WalletClient {
    if (this.#connection === undefined) {
      throw new TernError('wallet_locked', 'The wallet is not running in this tab.', 'Reload the page.');
    }
    return this.#connection.client;
  }

  /** Money is on its way somewhere: no time to reload. */
  get isPaying(): boolean {
    if (this.forgetsUnsent) return true;
    return this.payments?.some((payment) => payment.kind !== 'onchain' && payment.status === 'pending') ?? false;
  }

  /** A payment that no server has taken yet ends with this session: safe mode keeps nothing. */
  get forgetsUnsent(): boolean {
    return this.status?.safeMode !== undefined && this.unsent.length > 0;
  }

  /** Opens the wallet in this tab if no other tab has it. */
  async connect(): Promise<void> {
    await this.#enter(async () => takeTabLock((await this.#loadDefaults()).network, this.#holder));
  }

  /** Makes the other tab stop, then opens the wallet here. */
  async takeOver(): Promise<void> {
    this.stage = 'switching';
    await this.#enter(async () => takeOverTabLock((await this.#loadDefaults()).network, this.#holder));
  }

  /** Calls `listener` for every event; the answer ends that. */
  onEvent(listener: (event: WalletEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Locks the wallet; what cannot be locked any more is not running. */
  lock(): void {
    this.client.lock().catch(() => undefined);
  }

  /** Tells the worker that somebody is there; without a running wallet nobody needs to know. */
  touch(visible: boolean): void {
    this.#connection?.client.touch(visible).catch(() => undefined);
  }

  /** Loads the next page of the history. */
  async loadMorePayments(): Promise<void> {
    if (this.morePayments === undefined) return;
    const page = await this.client.payments(pageSize, this.morePayments);
    this.payments = mergePayments(this.payments ?? [], page.payments);
    this.morePayments = page.next;
    await this.#loadLabels(page.payments);
  }

  /** Stores a label and shows it. */
  async setLabel(paymentId: string, label: string): Promise<void> {
    await this.client.setLabel(paymentId, label);
    this.labels = { ...this.labels, [paymentId]: label };
  }

  /** The words were checked against the user's note. */
  async markWordsBackedUp(): Promise<void> {
    await this.client.markMnemonicBackedUp();
    this.wordsBackedUp = true;
  }

  /** Looks at the chain now. */
  async sync(): Promise<void> {
    try {
      await this.client.sync();
    } catch (thrown) {
      this.syncError = TernError.from(thrown).toShape();
    }
  }

  /** Changes settings; what the worker made of them is shown. */
  async changeSettings(change: Partial<Settings>): Promise<void> {
    this.settings = await this.client.changeSettings(change);
  }

  readonly #holder = {
    stop: async () => {
      this.stage = 'elsewhere';
      this.#lock = undefined;
      await this.#connection?.client.lock().catch(() => undefined);
      this.#disconnect();
    },
    lost: () => {
      this.stage = 'elsewhere';
      this.#lock = undefined;
      this.#disconnect();
    }
  };

  async #loadDefaults(): Promise<ServerDefaults> {
    return (this.defaults ??= await fetchServerDefaults());
  }

  async #enter(takeLock: () => Promise<TabLock | undefined>): Promise<void> {
    let lock: TabLock | undefined;
    // Another tab may ask for the wallet while this one has hardly begun.
    const isGivenUp = (): boolean => lock !== undefined && this.#lock !== lock;
    try {
      lock = this.#lock = await takeLock();
      if (lock === undefined) {
        this.stage = 'elsewhere';
        return;
      }
      const connection = await startWorker(await this.#loadDefaults(), (event) => this.#receive(event), this.#crashed);
      if (isGivenUp()) {
        connection.terminate();
        return;
      }
      this.#connection = connection;
      this.#apply(await this.client.status());
      this.settings = await this.client.settings();
      if (!isGivenUp()) this.stage = 'running';
    } catch (thrown) {
      if (!isGivenUp()) this.#crashed(TernError.from(thrown).toShape());
    }
  }

  readonly #crashed = (error: ErrorShape): void => {
    this.failure = error;
    this.stage = 'failed';
    this.#disconnect();
    this.#lock?.release();
  };

  #disconnect(): void {
    this.#connection?.terminate();
    this.#connection = undefined;
    this.status = undefined;
    this.#forget();
  }

  #receive(event: WalletEvent): void {
    if (this.#connection === undefined && this.stage !== 'connecting' && this.stage !== 'switching') return;
    switch (event.type) {
      case 'status':
        this.#apply(event.status);
        break;
      case 'synced':
        this.blockHeight = event.blockHeight;
        this.syncError = undefined;
        this.#inBackground(this.#refreshInfo().then(this.#refreshBalances));
        this.#inBackground(this.#refreshChannels());
        break;
      case 'syncFailed':
        this.syncError = event.error;
        break;
      case 'paymentChanged':
        this.payments = mergePayment(this.payments ?? [], event.payment);
        this.#inBackground(this.#refreshBalances());
        break;
      case 'channelChanged':
        this.#inBackground(this.#refreshChannels());
        this.#inBackground(this.#refreshBalances());
        break;
      case 'balancesChanged':
        this.#inBackground(this.#refreshBalances());
        this.#inBackground(this.#refreshChannels());
        break;
      case 'peerChanged':
        this.peers = [...this.peers.filter((peer) => peer.nodeId !== event.peer.nodeId), event.peer];
        this.#inBackground(this.#refreshChannels());
        break;
      case 'unsentChanged':
        this.unsent = event.txids;
        break;
      case 'settingsChanged':
        this.settings = event.settings;
        break;
      case 'backupChanged':
        this.backup = event.backup;
        break;
      case 'htlcDeadline':
        this.blocksToDeadline = event.blocksLeft;
        break;
    }
    for (const listener of this.#listeners) listener(event);
  }

  #apply(status: WalletStatus): void {
    const wasReady = this.status?.phase === 'ready';
    if (status.phase === 'starting') this.unsent = [];
    else this.blocksToDeadline = undefined;
    this.status = status;
    if (status.phase === 'starting' && status.safeMode) this.info = this.balances = undefined;
    if (status.phase === 'ready') this.isOpen = true;
    else if (status.phase !== 'starting') this.#forget();
    if (status.phase === 'ready' && !wasReady) this.#inBackground(this.#loadAll());
  }

  async #loadAll(): Promise<void> {
    const client = this.client;
    const refreshed = Promise.all([this.#refreshBalances(), this.#refreshChannels(), this.#refreshInfo()]);
    const [page, peers, backedUp, settings, backup] = await Promise.all([
      client.payments(pageSize),
      client.peers(),
      client.isMnemonicBackedUp(),
      client.settings(),
      client.backupInfo()
    ]);
    this.payments = mergePayments(this.payments ?? [], page.payments);
    this.morePayments = page.next;
    this.peers = peers;
    this.wordsBackedUp = backedUp;
    this.settings = settings;
    this.backup = this.status?.safeMode ? undefined : backup;
    await Promise.all([refreshed, this.#loadLabels(page.payments)]);
  }

  async #loadLabels(payments: Payment[]): Promise<void> {
    if (payments.length === 0) return;
    const labels = await this.client.labels(payments.map((payment) => payment.id));
    this.labels = { ...this.labels, ...labels };
  }

  #forget(): void {
    this.isOpen = false;
    this.info = undefined;
    this.backup = undefined;
    this.balances = undefined;
    this.channels = undefined;
    this.peers = [];
    this.payments = undefined;
    this.morePayments = undefined;
    this.labels = {};
    this.unsent = [];
    this.wordsBackedUp = undefined;
    this.syncError = undefined;
    this.freshWords = undefined;
    this.lastRequest = undefined;
  }

  /** A refresh that fails because the wallet was just locked needs no words; any other failure is shown. */
  #inBackground(work: Promise<unknown>): void {
    work.catch((thrown: unknown) => {
      const error = TernError.from(thrown);
      if (this.status?.phase === 'ready' && error.code !== 'wallet_locked') this.syncError = error.toShape();
    });
  }
}

/** The one wallet of this tab. */
export const wallet = new WalletState();
