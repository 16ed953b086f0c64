// Proves that a wallet whose channels cannot be loaded still pays on chain, and that nothing it does there reaches the state it could not load: lnd and the chain say so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TernError, type ErrorCode } from '../../src/wire/errors.js';
import type { RowKey } from '../../src/worker/disk.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { transactionOf } from './ledger.js';
import { assertNoForceClose, closeChannels, fund, openChannel, payLnd } from './steps.js';

const password = 'correct horse battery';
const frozenSat = 70_000n;
const receivedSat = 123_456n;
/** The stored state knows three addresses for change: one it used, and two that the channel was promised. */
const SENDS = 5;
const smallSat = 2_000n;

describe('a wallet with a channel to lnd, a frozen coin and a state that does not load', () => {
  let stand: Stand;
  let device: Device;
  let nodeId: string;
  let paidHash: string;
  let frozen: string;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
    await pay();
    await device.wallet.setLabel(paidHash, 'coffee');
    await fund(stand, device, frozenSat);
    frozen = (await device.wallet.coins()).find(({ amountSat }) => amountSat === frozenSat)?.outpoint ?? '';
    await device.wallet.freezeCoin(frozen, true);
    ({ nodeId } = await device.wallet.info());
    await device.off();
  });

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  async function pay(): Promise<void> {
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 50_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    paidHash = paymentHash;
  }

  /** The rows of a namespace, spoilt; the answer puts them right again. */
  async function spoil(isMeant: (row: RowKey) => boolean): Promise<() => Promise<void>> {
    const rows = (await device.disk.allRows()).filter(isMeant);
    const values = await device.disk.readMany(rows);
    expect(rows.length).toBeGreaterThan(0);
    const write = (valueOf: (index: number) => Uint8Array): Promise<void> =>
      device.disk.commit({
        puts: rows.map((row, index) => ({ row, value: valueOf(index) })),
        removes: [],
        markDirty: false
      });
    await write((index) => values[index]!.map((byte, at) => (at > 8 ? byte ^ 0xff : byte)));
    return () => write((index) => values[index]!);
  }

  /** What the unlock that loads everything says. */
  async function failsToLoad(): Promise<void> {
    device = await device.boot();
    const refused = await device.wallet.unlock(password).catch((thrown: unknown) => TernError.from(thrown));
    expect(refused).toMatchObject({ code: 'state_unreadable' });
    expect(await device.wallet.status()).toMatchObject({ phase: 'halted', choices: ['safe_mode'] });
  }

  async function lndSeesUs(): Promise<boolean> {
    return (await stand.lnd.listPeers()).includes(nodeId);
  }

  async function refusal(work: () => Promise<unknown>): Promise<ErrorCode | undefined> {
    return work().then(
      () => undefined,
      (thrown: unknown) => TernError.from(thrown).code
    );
  }

  it.each<[string, (row: RowKey) => boolean]>([
    ['the channel manager', ({ key }) => key === 'manager'],
    ['a channel', ({ primary, secondary }) => primary === 'monitors' && secondary === ''],
    ['the on-chain wallet', ({ primary, secondary }) => primary === 'bdk_wallet' && secondary === 'changes']
  ])('shows what the chain holds of it when %s is damaged', async (_what, isMeant) => {
    const repair = await spoil(isMeant);
    await failsToLoad();
    await device.wallet.unlock(password, 'safe_mode');
    expect(await device.wallet.status()).toMatchObject({
      phase: 'ready',
      safeMode: { cause: { code: 'state_unreadable' } }
    });
    await device.wallet.sync();
    const coins = await device.wallet.coins();
    for (const { outpoint } of coins) {
      const [txid = '', vout] = outpoint.split(':');
      expect(await stand.chain.isUnspent(txid, Number(vout))).toBe(true);
    }
    // 2,070,000 sat less the channel and the fee of its funding.
    const sum = coins.reduce((total, { amountSat }) => total + amountSat, 0n);
    expect(sum).toBeLessThan(1_570_000n);
    expect(sum).toBeGreaterThan(1_560_000n);
    expect((await device.wallet.balances()).onchainFrozenSat).toBe(frozenSat);
    await device.off();
    await repair();
  });

  it('sends on a full disk too, more often than the stored state has addresses for, and its change is there when that loads again', async () => {
    const repair = await spoil(({ key }) => key === 'manager');
    await failsToLoad();
    const { disk } = device;
    const commit = disk.commit.bind(disk);
    disk.commit = () => Promise.reject(new TernError('storage_full', 'No room.', 'Free some.'));
    await device.wallet.unlock(password, 'safe_mode');
    await device.wallet.sync();
    const before = (await device.wallet.balances()).totalSat;
    expect(await refusal(() => device.wallet.newAddress())).toBe('storage_full');
    const address = await stand.lnd.newAddress();
    const txids: string[] = [];
    let spentSat = 0n;
    for (let count = 0; count < SENDS; count += 1) {
      const { txid } = await device.wallet.sendOnchain({ address, amountSat: smallSat, feerateSatPerVb: 3 });
      await stand.mine(1);
      await device.wallet.sync();
      txids.push(txid);
      const { outputs, feeSat } = await transactionOf(stand, txid);
      expect(outputs).toHaveLength(2);
      spentSat += smallSat + feeSat;
    }
    await device.off();
    disk.commit = commit;
    await repair();
    expect(await device.disk.readLocal('rescan')).toBeUndefined();
    device = await device.reopen();
    // Each look finds the change of one more, through the coin that it came from.
    const coins = await waitFor(
      async () => {
        await device.wallet.sync();
        const found = await device.wallet.coins();
        return found.some(({ txid }) => txid === txids.at(-1)) ? found : undefined;
      },
      { what: 'the change of the last' }
    );
    expect(coins.reduce((total, { amountSat }) => total + amountSat, 0n)).toBe(before - spentSat);
    await device.off();
  });

  it('posts a payment that no server took to the server that is set next', async () => {
    const repair = await spoil(({ key }) => key === 'manager');
    await failsToLoad();
    const { wallet } = device;
    await wallet.unlock(password, 'safe_mode');
    await wallet.sync();
    const address = await stand.lnd.newAddress();
    stand.esplora.setFault('server_error', (path) => path === '/tx');
    const told: string[][] = [];
    await wallet.subscribe((event) => event.type === 'unsentChanged' && told.push(event.txids));
    const sending = refusal(() => wallet.sendOnchain({ address, amountSat: smallSat, feerateSatPerVb: 3 }));
    await waitFor(() => told.length > 0, { what: 'the payment to be on its way' });
    await wallet.changeSettings({ esploraUrl: stand.esplora.url.replace('127.0.0.1', 'localhost') });
    expect(await sending).toBe('node_halted');
    expect(await stand.chain.mempool()).toEqual([]);
    stand.esplora.setFault();
    await wallet.sync();
    await waitFor(async () => (await stand.chain.mempool()).length > 0, { what: 'the payment', timeoutMs: 60_000 });
    expect(await stand.chain.mempool(), 'what was told is what the chain calls it').toEqual(told[0]);
    await waitFor(() => told.at(-1)?.length === 0, { what: 'its being taken to be told' });
    await wallet.changeSettings({ esploraUrl: stand.esplora.url });
    await stand.mine(1);
    await device.off();
    await repair();
  });

  it('gives out no address before it has read the chain, for that would be a used one', async () => {
    const repair = await spoil(({ key }) => key === 'manager');
    await failsToLoad();
    stand.esplora.setFault('server_error');
    try {
      await device.wallet.unlock(password, 'safe_mode');
      expect(await refusal(() => device.wallet.newAddress())).toBe('chain_unavailable');
    } finally {
      stand.esplora.setFault();
    }
    const address = await device.wallet.newAddress();
    const used = await fetch(`${stand.esplora.url}/address/${address}`);
    expect(await used.json()).toMatchObject({ chain_stats: { tx_count: 0 } });
    await device.off();
    await repair();
  });

  it('sends everything but the frozen coin, refuses what needs channels, and leaves the disk and lnd alone', async () => {
    const repair = await spoil(({ key }) => key === 'manager');
    const before = device.disk.toSnapshot();
    await failsToLoad();
    await device.wallet.unlock(password, 'safe_mode');
    const { wallet } = device;
    await wallet.sync();

    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    const nodeUri = stand.lnd.nodeUri;
    const channelId = '00'.repeat(32);
    expect(
      await Promise.all([
        refusal(() => wallet.pay({ bolt11 })),
        refusal(() => wallet.keysend({ nodeId: nodeUri.split('@')[0]!, amountMsat: 1_000n })),
        refusal(() => wallet.createInvoice({ amountMsat: 1_000n, description: '', expirySeconds: 600 })),
        refusal(() => wallet.openChannel({ nodeUri, amountSat: 100_000n })),
        refusal(() => wallet.closeChannel(channelId)),
        refusal(() => wallet.forceCloseChannel(channelId)),
        refusal(() => wallet.connectPeer(nodeUri)),
        refusal(() => wallet.freezeCoin(frozen, false)),
        refusal(() => wallet.quoteSpeedUp({ txid: paidHash, feerateSatPerVb: 9 })),
        refusal(() => wallet.speedUp({ txid: paidHash, feerateSatPerVb: 9 })),
        refusal(() => wallet.setLabel(paidHash, 'tea'))
      ])
    ).toEqual(Array.from({ length: 11 }, () => 'safe_mode'));
    expect(await wallet.labels([paidHash])).toEqual({ [paidHash]: 'coffee' });

    const address = await stand.lnd.newAddress();
    const { txid } = await wallet.sendOnchain({ address, amountSat: undefined, feerateSatPerVb: 3 });
    expect(await stand.chain.mempool(), 'sent is what the network has').toContain(txid);
    await stand.mine(1);
    const [frozenTxid = '', frozenVout] = frozen.split(':');
    expect(await stand.chain.isUnspent(frozenTxid, Number(frozenVout))).toBe(true);
    const sent = await transactionOf(stand, txid);
    expect(sent.outputs).toHaveLength(1);
    expect(sent.outputs[0]!.amountSat + sent.feeSat).toBeGreaterThan(1_480_000n);

    await stand.chain.fund(await wallet.newAddress(), receivedSat);
    await stand.mine(1);

    // A setting that belongs to the wallet waits on the device, and a new start stays on chain only.
    await wallet.changeSettings({ autoLockMinutes: 0, rapidGossipUrl: 'https://gossip.example.com' });
    expect(await wallet.status()).toMatchObject({ phase: 'ready', safeMode: {} });
    expect(await lndSeesUs()).toBe(false);
    await device.off();
    const { rows, outbox } = device.disk.toSnapshot();
    expect({ rows, outbox }).toEqual({ rows: before.rows, outbox: before.outbox });
    await repair();
  });

  it('comes back whole when the state loads again: the channel pays, and what was sent and received meanwhile is there', async () => {
    device = await device.reopen();
    const { wallet } = device;
    expect((await wallet.status()).safeMode).toBeUndefined();
    expect((await wallet.settings()).autoLockMinutes).toBe(0);
    await wallet.sync();
    const coins = await wallet.coins();
    expect(coins.map(({ amountSat, state }) => [amountSat, state])).toEqual([
      [receivedSat, 'free'],
      [frozenSat, 'frozen']
    ]);
    const { payments } = await wallet.payments(50);
    const sends = payments.filter(
      ({ kind, direction, status }) => `${kind} ${direction} ${status}` === 'onchain outbound succeeded'
    );
    expect(sends.some(({ amountMsat }) => (amountMsat ?? 0n) > 1_480_000_000n)).toBe(true);
    await stand.lnd.awaitUsableChannel(nodeId, 60_000);
    await waitFor(async () => (await wallet.channels())[0]?.state === 'ready', { what: 'the channel' });
    await pay();
    await assertNoForceClose(stand);
    await closeChannels(stand, device);
  });
});
