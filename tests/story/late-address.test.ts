// Owns the proof that coins at addresses that no stored state knows are found: a restore from a state that lags behind reads all addresses from the chain.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { Device } from './device.js';
import { fund } from './steps.js';

describe('a wallet restored from a state that lags behind', () => {
  let stand: Stand;
  let server: Awaited<ReturnType<typeof pglite.start>>;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ esplora: true });
    server = await pglite.start();
    device = await Device.start(stand, { vssUrl: server.url });
  });

  afterAll(async () => {
    await device?.off();
    await server?.stop();
    await stand?.stop();
  });

  it('has the coins of addresses that were given out after that state was stored', async () => {
    await device.wallet.changeSettings({ backupMode: 'local-first' });
    await fund(stand, device, 100_000n);
    await device.awaitBackup('up_to_date');
    device.vssFault = () => Promise.reject(new TypeError('fetch failed'));
    await fund(stand, device, 50_000n);
    const lastAddress = await device.wallet.newAddress();
    expect((await device.wallet.balances()).totalSat).toBe(150_000n);
    device.die();

    await stand.chain.fund(lastAddress, 60_000n);
    await stand.mine(1);
    device = await device.elsewhere();
    await device.wallet.sync();
    expect((await device.wallet.balances()).totalSat).toBe(210_000n);
    expect(await device.wallet.newAddress()).not.toBe(lastAddress);
  });
});
