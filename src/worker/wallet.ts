// Owns the wallet's API: checks at the door, hands on to the node, answers only what is durable. Values and thrown `TernError`s; `answering` makes `Answer`s of them.
import type {
  Balances,
  ChannelInfo,
  DecodedInvoice,
  FeeEstimates,
  Invoice,
  InvoiceRequest,
  NodeInfo,
  OnchainQuote,
  OnchainSendRequest,
  PayQuote,
  PayRequest,
  Payment,
  PaymentsPage
} from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import type { WalletMethods } from './answer.js';
import type {
  BackupInfo,
  BackupVerification,
  CreateRequest,
  LogLine,
  OpenChannelByUri,
  PasskeyHint,
  PeerStatus,
  RestoreRequest,
  ServerDefaults,
  Settings,
  StartChoice,
  WalletStatus
} from './api.js';
import { backupInfoOf, refuseWhilePaused, runningBackup } from './backup-answers.js';
import type { OpenBackup } from './backup-seam.js';
import { DeadlineWatch } from './deadline.js';
import * as door from './door.js';
import { Events, type WalletListener } from './events.js';
import { readLabels, stageLabel } from './labels.js';
import { Lifecycle } from './lifecycle.js';
import { Logs } from './logs.js';
import type { NodeDriver } from './node.js';
import { parseNodeUri } from './node-uri.js';
import type { Platform } from './platform.js';
import type { Session } from './session.js';
import { changeSettings } from './settings-change.js';

export interface WalletOptions {
  /** Absent: this wallet has no backup, whatever the settings say. */
  openBackup?: OpenBackup;
  logs?: Logs;
}

/** One wallet on one platform. */
export class Wallet implements WalletMethods {
  readonly #platform: Platform;
  readonly #logs: Logs;
  readonly #events: Events;
  readonly #lifecycle: Lifecycle;

  private constructor(platform: Platform, logs: Logs, events: Events, lifecycle: Lifecycle) {
    this.#platform = platform;
    this.#logs = logs;
    this.#events = events;
    this.#lifecycle = lifecycle;
  }

  /** Opens the wallet of the platform's disk, locked or empty. Throws what the disk says. */
  static async open(platform: Platform, defaults: ServerDefaults, options: WalletOptions = {}): Promise<Wallet> {
    const { openBackup, logs = new Logs(platform.clock) } = options;
    const events = new Events();
    const lifecycle = await Lifecycle.open({ platform, logs, defaults, openBackup, emit: events.emit });
    new DeadlineWatch(platform, lifecycle, events, logs);
    return new Wallet(platform, logs, events, lifecycle);
  }

  /** The running session, for what stands beside the API: the backup's own methods, accepted peers, tests. Throws as every command does. */
  get session(): Session {
    return this.#lifecycle.session;
  }

  async status(): Promise<WalletStatus> {
    return Promise.resolve(this.#lifecycle.status);
  }

  async subscribe(listener: WalletListener): Promise<void> {
    this.#events.subscribe(listener);
    return Promise.resolve();
  }

  async create(request: CreateRequest): Promise<{ mnemonic: string }> {
    return this.#lifecycle.create(request);
  }

  async restore(request: RestoreRequest): Promise<void> {
    await this.#lifecycle.restore(request);
  }

  async unlock(password: string, choice?: StartChoice): Promise<void> {
    door.checkStartChoice(choice);
    await this.#lifecycle.unlock((vault) => vault.seed(password), choice);
  }

  async unlockWithPasskey(prf: Uint8Array, choice?: StartChoice): Promise<void> {
    door.checkStartChoice(choice);
    try {
      await this.#lifecycle.unlock((vault) => vault.seedByPasskey(prf), choice);
    } finally {
      prf.fill(0);
    }
  }

  async passkey(): Promise<PasskeyHint | undefined> {
    return this.#lifecycle.home.vault.passkey();
  }

  async addPasskey(password: string, hint: PasskeyHint, prf: Uint8Array): Promise<void> {
    try {
      await this.#lifecycle.home.vault.addPasskey(password, hint, prf);
    } finally {
      prf.fill(0);
    }
  }

  async removePasskey(): Promise<void> {
    await this.#lifecycle.home.vault.removePasskey();
  }

  async lock(): Promise<void> {
    await this.#lifecycle.lock();
  }

  async revealMnemonic(password: string): Promise<{ mnemonic: string; bip39Passphrase?: string }> {
    return this.#lifecycle.home.vault.revealMnemonic(password);
  }

  async markMnemonicBackedUp(): Promise<void> {
    await this.#lifecycle.home.markMnemonicBackedUp();
  }

  async isMnemonicBackedUp(): Promise<boolean> {
    return this.#lifecycle.home.isMnemonicBackedUp();
  }

  async touch(visible: boolean): Promise<void> {
    this.#lifecycle.touch(visible);
    return Promise.resolve();
  }

  async wipe(password: string): Promise<void> {
    await this.#lifecycle.wipe(password);
  }

  async info(): Promise<NodeInfo> {
    return this.#node.query((node) => node.info());
  }

  async balances(): Promise<Balances> {
    return this.#node.query((node) => node.balances());
  }

  async feeEstimates(): Promise<FeeEstimates> {
    return this.#node.query((node) => node.feeEstimates());
  }

  async newAddress(): Promise<string> {
    return this.#node.command((node) => node.newAddress());
  }

  async quoteOnchain(request: OnchainSendRequest): Promise<OnchainQuote> {
    const checked = door.checkOnchainRequest(request);
    return this.#node.query((node) => node.quoteOnchain(checked));
  }

  async sendOnchain(request: OnchainSendRequest): Promise<{ txid: string }> {
    const checked = door.checkOnchainRequest(request);
    refuseWhilePaused(this.#lifecycle.session);
    return { txid: await this.#node.command((node) => node.sendOnchain(checked)) };
  }

  async openChannel(request: OpenChannelByUri): Promise<{ userChannelId: string }> {
    door.checkOpenChannel(request);
    const { nodeId, address } = parseNodeUri(request.nodeUri);
    const { amountSat, feerateSatPerVb, announce = false } = request;
    refuseWhilePaused(this.#lifecycle.session);
    await this.#node.connectPeer(nodeId, address);
    const userChannelId = await this.#node.command((node) =>
      node.openChannel({ nodeId, amountSat, feerateSatPerVb, announce })
    );
    return { userChannelId };
  }

  async closeChannel(channelId: string): Promise<void> {
    door.checkChannelId(channelId);
    refuseWhilePaused(this.#lifecycle.session);
    await this.#node.command((node) => node.closeChannel(channelId));
  }

  async forceCloseChannel(channelId: string): Promise<void> {
    door.checkChannelId(channelId);
    refuseWhilePaused(this.#lifecycle.session);
    await this.#node.command((node) => node.forceCloseChannel(channelId));
  }

  async channels(): Promise<ChannelInfo[]> {
    return this.#node.query((node) => node.channels());
  }

  async peers(): Promise<PeerStatus[]> {
    return Promise.resolve(this.#node.peers.list());
  }

  async connectPeer(nodeUri: string): Promise<void> {
    const { nodeId, address } = parseNodeUri(nodeUri);
    await this.#node.connectPeer(nodeId, address);
  }

  async createInvoice(request: InvoiceRequest): Promise<Invoice> {
    door.checkInvoiceRequest(request);
    return this.#node.command((node) => node.createInvoice(request));
  }

  async decodeInvoice(bolt11: string): Promise<DecodedInvoice> {
    const checked = door.checkInvoice(bolt11, this.#platform.network);
    return this.#node.query((node) => node.decodeInvoice(checked));
  }

  async quotePayment(request: PayRequest): Promise<PayQuote> {
    const checked = door.checkPayRequest(request, this.#platform.network);
    return this.#node.query((node) => node.quotePayment(checked));
  }

  async pay(request: PayRequest): Promise<{ paymentId: string }> {
    const checked = door.checkPayRequest(request, this.#platform.network);
    refuseWhilePaused(this.#lifecycle.session);
    return { paymentId: await this.#node.command((node) => node.pay(checked)) };
  }

  async payment(id: string): Promise<Payment | undefined> {
    door.checkPaymentId(id);
    return this.#node.query((node) => node.payment(id));
  }

  async payments(limit: number, before?: string): Promise<PaymentsPage> {
    door.checkPage(limit, before);
    return this.#node.query((node) => node.payments(limit, before));
  }

  async setLabel(paymentId: string, label: string): Promise<void> {
    door.checkPaymentId(paymentId);
    const { store, node } = this.#lifecycle.session;
    if (!(await node.query((running) => running.payment(paymentId)))) {
      throw new TernError('invalid_argument', 'There is no such payment.', 'Reload the list of payments.');
    }
    stageLabel(store, paymentId, label);
    await node.flush();
  }

  async labels(paymentIds: string[]): Promise<Record<string, string>> {
    paymentIds.forEach(door.checkPaymentId);
    return readLabels(this.#lifecycle.session.store, paymentIds);
  }

  async backupInfo(): Promise<BackupInfo> {
    return Promise.resolve(backupInfoOf(this.#lifecycle));
  }

  async backupNow(): Promise<void> {
    await runningBackup(this.#lifecycle.session).now();
  }

  async verifyBackup(): Promise<BackupVerification> {
    return runningBackup(this.#lifecycle.session).verify();
  }

  async releaseDevice(): Promise<void> {
    runningBackup(this.#lifecycle.session);
    await this.#lifecycle.release();
  }

  async sync(): Promise<void> {
    await this.#node.command((node) => node.sync());
  }

  async settings(): Promise<Settings> {
    return Promise.resolve(this.#lifecycle.home.settings.current);
  }

  async changeSettings(change: Partial<Settings>): Promise<Settings> {
    return changeSettings(this.#lifecycle, change, (settings) =>
      this.#events.emit({ type: 'settingsChanged', settings })
    );
  }

  async logs(): Promise<LogLine[]> {
    return Promise.resolve(this.#logs.lines());
  }

  get #node(): NodeDriver {
    return this.#lifecycle.session.node;
  }
}
