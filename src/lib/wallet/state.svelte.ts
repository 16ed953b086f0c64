// Owns what the page knows of the wallet: a copy of the worker's state, refreshed when an event says that something changed. It never computes money on its own.
import type {
  BackupInfo,
  Balances,
  ChannelInfo,
  NodeInfo,
  Payment,
  PeerStatus,
  Settings,
  WalletEvent,
  WalletStatus
} from '../../worker/api.js';
import { TernError, type ErrorShape } from '../../wire/errors.js';
import { mergePayment, mergePayments } from './payments.js';
import type { ReceiveRequest } from './receiving.svelte.js';
import { singleFlight } from './single-flight.js';
import { TabConnection } from './tab-connection.svelte.js';

export type { PasskeyHint, StartChoice, VssAuth } from '../../worker/api.js';

const pageSize = 25;

/** The wallet as this tab sees it. One instance, `wallet`. */
export class WalletState extends TabConnection {
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

  /** Money is on its way somewhere: no time to reload. */
  get isPaying(): boolean {
    if (this.forgetsUnsent) return true;
    return this.payments?.some((payment) => payment.kind !== 'onchain' && payment.status === 'pending') ?? false;
  }

  /** A payment that no server has taken yet ends with this session: safe mode keeps nothing. */
  get forgetsUnsent(): boolean {
    return this.status?.safeMode !== undefined && this.unsent.length > 0;
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

  protected async opened(): Promise<void> {
    this.#apply(await this.client.status());
    this.settings = await this.client.settings();
  }

  protected closed(): void {
    this.status = undefined;
    this.#forget();
  }

  protected receive(event: WalletEvent): void {
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
