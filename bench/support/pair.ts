// Owns two real wallets in this process with a channel between them: real nodes, TCP on loopback, a real chain; only the disk is memory.
import type { BackupMode, Invoice } from '../../src/worker/api.js';
import { openBackup } from '../../src/worker/backup/open.js';
import { systemClock, type Clock } from '../../src/worker/clock.js';
import { nodePlatform } from '../../src/worker/platform-node.js';
import { Wallet } from '../../src/worker/wallet.js';
import { freePort } from '../../tests/regtest/free-port.js';
import { listenForPeers } from '../../tests/regtest/shop-listener.js';
import type { Stand } from '../../tests/regtest/stand.js';
import { Stops } from '../../tests/regtest/stops.js';
import { waitFor } from '../../tests/regtest/wait.js';
import { WalletEvents } from '../../tests/regtest/wallet-events.js';
import { TernError } from '../../src/wire/errors.js';
import { CountingDisk } from './counting-disk.js';

export const BENCH_PASSWORD = 'correct horse battery';
const FUNDS_SAT = 20_000_000n;
const CHANNEL_SAT = 16_000_000n;
/** Crosses the channel before anything is measured, so that both sides can pay. */
const HEAD_START_MSAT = 1_500_000_000n;
/** No commit for so long: everything that a payment makes the two do is done. */
const REST_MS = 250;

export interface SideOptions {
  /** Absent: no backup, and no request. */
  vssUrl?: string;
  backupMode?: BackupMode;
  fetch?: typeof globalThis.fetch;
  clock?: Clock;
}

/** One of the two. */
export interface Side {
  wallet: Wallet;
  events: WalletEvents;
  disk: CountingDisk;
}

/** Two wallets that can pay each other. */
export class WalletPair {
  readonly #stops: Stops;

  private constructor(
    readonly payer: Side,
    readonly payee: Side,
    stops: Stops
  ) {
    this.#stops = stops;
  }

  /** Creates, funds and connects them; when this resolves the channel is ready on both sides and has money on both. */
  static start(
    stand: Stand,
    payerOptions: SideOptions = {},
    payeeOptions: SideOptions = payerOptions
  ): Promise<WalletPair> {
    return Stops.guard(async (stops) => {
      const payer = await openSide(stand, 'payer', payerOptions, stops);
      const payee = await openSide(stand, 'payee', payeeOptions, stops);
      const pair = new WalletPair(payer, payee, stops);
      await pair.#connect(stand);
      await pair.pay(HEAD_START_MSAT);
      await pair.rest();
      return pair;
    });
  }

  /** Pays once; the time that `settle` takes. The invoice is made before. */
  async pay(amountMsat?: bigint, from = this.payer, to = this.payee): Promise<number> {
    return this.settle(await this.invoice(amountMsat, to), from, to);
  }

  /** An invoice of one side's. */
  invoice(amountMsat = 1_000_000n, to = this.payee): Promise<Invoice> {
    return to.wallet.createInvoice({ amountMsat, description: 'bench', expirySeconds: 3_600 });
  }

  /** Pays an invoice; the time from the command until both wallets say that it succeeded, in ms. */
  async settle({ bolt11, paymentHash }: Invoice, from = this.payer, to = this.payee): Promise<number> {
    const settled = Promise.all([from, to].map(({ events }) => succeeded(events, paymentHash)));
    const beganMs = performance.now();
    await from.wallet.pay({ bolt11 });
    await settled;
    return performance.now() - beganMs;
  }

  /** Resolves when neither side has written for a while. */
  async rest(): Promise<void> {
    const commits = (): number => this.payer.disk.commits + this.payee.disk.commits;
    for (let before = -1; before !== commits();) {
      before = commits();
      await systemClock.sleep(REST_MS);
    }
  }

  /** Locks both, in order. */
  stop(): Promise<void> {
    return this.#stops.run();
  }

  async #connect(stand: Stand): Promise<void> {
    const { payer, payee } = this;
    // Coins for both: an anchor channel wants a reserve from either side.
    for (const { wallet } of [payer, payee]) await stand.chain.fund(await wallet.newAddress(), FUNDS_SAT);
    await stand.mine(1);
    for (const { wallet } of [payer, payee]) await wallet.sync();
    const { stop, port } = await listen(payee.wallet);
    this.#stops.add(stop);
    const { nodeId } = await payee.wallet.info();
    await payer.wallet.openChannel({ nodeUri: `${nodeId}@127.0.0.1:${port}`, amountSat: CHANNEL_SAT });
    const funding = await waitFor(async () => (await payer.wallet.channels())[0]?.fundingTxid, { what: 'the funding' });
    await waitFor(async () => (await stand.chain.mempool()).includes(funding), { what: 'the funding in the mempool' });
    await stand.mine(6);
    for (const { wallet } of [payer, payee]) await wallet.sync();
    for (const { wallet } of [payer, payee])
      await waitFor(async () => (await wallet.channels()).some(({ state }) => state === 'ready'), {
        what: 'the channel'
      });
  }
}

async function openSide(stand: Stand, deviceName: string, options: SideOptions, stops: Stops): Promise<Side> {
  const disk = new CountingDisk();
  const base = nodePlatform({
    network: 'regtest',
    deviceName,
    openDisk: () => Promise.resolve(disk),
    eraseDisk: () => Promise.resolve()
  });
  const { vssUrl, fetch = base.fetch, clock = base.clock } = options;
  const defaults = { network: 'regtest' as const, esploraUrl: stand.esplora.url, bridgeUrl: '', vssUrl };
  const wallet = await Wallet.open({ ...base, fetch, clock }, defaults, { openBackup });
  const events = await WalletEvents.of(wallet);
  await wallet.create({ password: BENCH_PASSWORD, words: 12 });
  stops.add(() => wallet.lock());
  // A long run must not lock itself.
  await wallet.changeSettings({ autoLockMinutes: 0, backupMode: options.backupMode ?? 'acknowledged' });
  return { wallet, events, disk };
}

/** Listens for peers of `wallet` on a port of its own. */
async function listen(wallet: Wallet): Promise<{ port: number; stop: () => Promise<void> }> {
  const port = await freePort();
  return { port, stop: await listenForPeers(wallet.session.node, port) };
}

function succeeded(events: WalletEvents, paymentHash: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = events.on((event) => {
      if (event.type !== 'paymentChanged' || event.payment.id !== paymentHash) return;
      const { status } = event.payment;
      if (status === 'succeeded') resolve();
      else if (status === 'failed' || status === 'expired')
        reject(
          new TernError('payment_failed', `A payment of the benchmark is ${status}.`, "Look at the wallets' logs.")
        );
      else return;
      leave();
    });
  });
}
