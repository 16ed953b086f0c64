// Proves that what waits on chain can be sped up, that a frozen coin stays, and that a payment needs no invoice: by the node's mempool and blocks, and by lnd.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStand, type Stand } from '../regtest/stand.js';
import { Device } from './device.js';
import { awaitStatus, closeChannels, fund, openChannel } from './steps.js';

/** A transaction as the stand's Esplora tells it, read from the node. */
interface ChainTx {
  fee: number;
  weight: number;
  status: { confirmed: boolean };
  vin: { txid: string }[];
  vout: { value: number; scriptpubkey_address?: string }[];
}

describe('coins and what waits, against btcd and lnd', () => {
  let stand: Stand;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 1_000_000n);
    await fund(stand, device, 300_000n);
  });

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  const onChain = async (txid: string): Promise<ChainTx | undefined> => {
    const answer = await fetch(`${stand.esplora.url}/tx/${txid}`);
    return answer.ok ? ((await answer.json()) as ChainTx) : undefined;
  };
  const mined = async (txid: string): Promise<ChainTx> => {
    expect(await stand.chain.mempool()).toContain(txid);
    await stand.mine(1);
    await device.wallet.sync();
    const tx = await onChain(txid);
    if (!tx?.status.confirmed) throw new Error(`${txid} is in no block`);
    return tx;
  };
  const statusOf = async (txid: string): Promise<string | undefined> => (await device.wallet.payment(txid))?.status;
  const inMempool = async (txid: string): Promise<void> => {
    await expect.poll(() => stand.chain.mempool(), { timeout: 20_000 }).toContain(txid);
  };

  it('replaces a payment by one that pays more, and only that is mined', async () => {
    const address = await stand.lnd.newAddress();
    const { txid } = await device.wallet.sendOnchain({ address, amountSat: 200_000n, feerateSatPerVb: 2 });
    await inMempool(txid);
    await device.wallet.setLabel(txid, 'rent');
    const quote = await device.wallet.quoteSpeedUp({ txid, feerateSatPerVb: 20 });
    expect(quote).toMatchObject({ method: 'replace', amountSat: 200_000n });
    const before = await onChain(txid);
    const faster = await device.wallet.speedUp({ txid, feerateSatPerVb: 20 });
    await inMempool(faster.txid);
    expect(await stand.chain.mempool()).not.toContain(txid);

    const tx = await mined(faster.txid);
    expect(tx.fee - (before?.fee ?? 0)).toBe(Number(quote.extraFeeSat));
    expect(tx.fee / (tx.weight / 4)).toBeGreaterThan(19.8);
    expect(tx.vout.filter((output) => output.scriptpubkey_address === address).map(({ value }) => value)).toEqual([
      200_000
    ]);
    expect(await device.wallet.payment(txid)).toMatchObject({ status: 'failed', failureCode: 'replaced' });
    expect(await device.wallet.payment(faster.txid)).toMatchObject({ status: 'succeeded', amountMsat: 200_000_000n });
    expect(await device.wallet.labels([faster.txid])).toEqual({ [faster.txid]: 'rent' });
  });

  it('lets a payment wait on where the network refuses what was to replace it, and nothing that it had replaced', async () => {
    const address = await stand.lnd.newAddress();
    const first = await device.wallet.sendOnchain({ address, amountSat: 30_000n, feerateSatPerVb: 2 });
    await inMempool(first.txid);
    const second = await device.wallet.speedUp({ txid: first.txid, feerateSatPerVb: 10 });
    await inMempool(second.txid);
    stand.esplora.setFault('refused', (path) => path === '/tx');
    const third = await device.wallet.speedUp({ txid: second.txid, feerateSatPerVb: 20 });
    await expect.poll(() => statusOf(third.txid), { timeout: 20_000 }).toBe('failed');
    stand.esplora.setFault();
    await expect.poll(() => statusOf(second.txid)).toBe('pending');
    expect(await device.wallet.payment(first.txid)).toMatchObject({ status: 'failed', failureCode: 'replaced' });
    expect(await stand.chain.mempool()).toEqual([second.txid]);

    const last = await device.wallet.speedUp({ txid: second.txid, feerateSatPerVb: 30 });
    await inMempool(last.txid);
    const tx = await mined(last.txid);
    expect(tx.vout.filter((output) => output.scriptpubkey_address === address).map(({ value }) => value)).toEqual([
      30_000
    ]);
    expect(await device.wallet.payment(second.txid)).toMatchObject({ status: 'failed', failureCode: 'replaced' });
  });

  it('lets a child pay for what somebody else sent too cheaply', async () => {
    const txid = await stand.chain.fund(await device.wallet.newAddress(), 150_000n);
    await device.wallet.sync();
    const quote = await device.wallet.quoteSpeedUp({ txid, feerateSatPerVb: 40 });
    expect(quote.method).toBe('child');
    const child = await device.wallet.speedUp({ txid, feerateSatPerVb: 40 });
    await inMempool(child.txid);
    const parent = await onChain(txid);
    const tx = await mined(child.txid);
    expect(tx.vin.map((input) => input.txid)).toContain(txid);
    expect(((parent?.fee ?? 0) + tx.fee) / (((parent?.weight ?? 0) + tx.weight) / 4)).toBeGreaterThan(39.5);
    expect(await device.wallet.payment(txid)).toMatchObject({ status: 'succeeded', amountMsat: 150_000_000n });
  });

  it('refuses a speed that is none, and what is in a block', async () => {
    const { txid } = await device.wallet.sendOnchain({
      address: await stand.lnd.newAddress(),
      amountSat: 50_000n,
      feerateSatPerVb: 10
    });
    await inMempool(txid);
    await expect(device.wallet.speedUp({ txid, feerateSatPerVb: 10 })).rejects.toMatchObject({
      code: 'invalid_argument'
    });
    await mined(txid);
    await expect(device.wallet.speedUp({ txid, feerateSatPerVb: 50 })).rejects.toMatchObject({
      code: 'cannot_speed_up'
    });
  });

  it('never replaces the funding of a channel: a child brings it into the block, and the channel lives', async () => {
    await stand.fundLnd(stand.lnd, 1_000_000n);
    await device.wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: 100_000n, feerateSatPerVb: 2 });
    await expect.poll(async () => (await stand.chain.mempool()).length, { timeout: 20_000 }).toBe(1);
    const [funding = ''] = await stand.chain.mempool();
    const child = await device.wallet.speedUp({ txid: funding, feerateSatPerVb: 15 });
    await inMempool(child.txid);
    expect(await stand.chain.mempool()).toContain(funding);
    await mined(child.txid);
    await stand.mine(5);
    await device.wallet.sync();
    const { nodeId } = await device.wallet.info();
    expect((await stand.lnd.awaitUsableChannel(nodeId)).channelPoint).toContain(funding);
    await closeChannels(stand, device);
  });

  it('leaves a frozen coin alone, also in the next session, and spends it when it is free again', async () => {
    await fund(stand, device, 40_000n);
    const frozen = (await device.wallet.coins()).find((coin) => coin.amountSat === 40_000n);
    if (!frozen) throw new Error('the coin is not listed');
    await device.wallet.freezeCoin(frozen.outpoint, true);
    device = await device.reload();
    await device.wallet.sync();
    const balances = await device.wallet.balances();
    expect(balances.onchainFrozenSat).toBe(40_000n);
    expect(balances.totalSat).toBe(balances.onchainSpendableSat + 40_000n);

    const address = await stand.lnd.newAddress();
    const { txid } = await device.wallet.sendOnchain({ address, feerateSatPerVb: 2 });
    await inMempool(txid);
    await mined(txid);
    const [coinTxid = '', vout = ''] = frozen.outpoint.split(':');
    expect(await stand.chain.isUnspent(coinTxid, Number(vout))).toBe(true);

    await device.wallet.freezeCoin(frozen.outpoint, false);
    const last = await device.wallet.sendOnchain({ address, feerateSatPerVb: 2 });
    await inMempool(last.txid);
    await mined(last.txid);
    expect(await stand.chain.isUnspent(coinTxid, Number(vout))).toBe(false);
  });

  it('pays a node that made no invoice and is paid alike: lnd says settled and succeeded', async () => {
    await fund(stand, device, 1_000_000n);
    await openChannel(stand, device);
    const { nodeId: payee } = await stand.lnd.getInfo();
    const { nodeId } = await device.wallet.info();
    expect(await device.wallet.quoteKeysend({ nodeId: payee, amountMsat: 70_000_000n })).toMatchObject({ feeMsat: 0n });
    const { paymentId } = await device.wallet.keysend({ nodeId: payee, amountMsat: 70_000_000n });
    expect(await awaitStatus(device, paymentId, ['succeeded', 'failed'])).toBe('succeeded');
    expect(await stand.lnd.lookupInvoice(paymentId)).toMatchObject({ state: 'SETTLED', paidMsat: 70_000_000n });

    const paid = await stand.lnd.keysend(nodeId, 20_000_000n);
    expect(await awaitStatus(device, paid.paymentHash, ['succeeded'])).toBe('succeeded');
    expect(await device.wallet.payment(paid.paymentHash)).toMatchObject({
      kind: 'keysend',
      direction: 'inbound',
      amountMsat: 20_000_000n
    });
    await expect(device.wallet.keysend({ nodeId, amountMsat: 1_000n })).rejects.toMatchObject({ code: 'own_invoice' });
  });
});
