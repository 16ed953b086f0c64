// Owns the proof that a restored wallet whose channel partner does not come back can still spend its coins on chain, and that its channel pays when the partner does: lnd and the chain say so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TernError } from '../../src/wire/errors.js';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { Device } from './device.js';
import { assertNoForceClose, fund, openChannel, payLnd } from './steps.js';

const password = 'correct horse battery';

describe('a wallet restored while its channel partner is away', () => {
  let stand: Stand;
  let server: Awaited<ReturnType<typeof pglite.start>>;
  let device: Device;
  let address: string;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    server = await pglite.start();
    const first = await Device.start(stand, { vssUrl: server.url });
    await fund(stand, first, 2_000_000n);
    await openChannel(stand, first);
    await first.awaitBackup('up_to_date');
    await first.off();
    address = await stand.lnd.newAddress();
    await stand.lnd.shutDown();
    device = await Device.start(stand, { vssUrl: server.url, mnemonic: first.mnemonic });
    await device.wallet.sync();
  });

  afterAll(async () => {
    await device?.off();
    await server?.stop();
    await stand?.stop();
  });

  it('lets nothing leave, and says when it is locked that it can be opened on chain only', async () => {
    const refused = await device.wallet
      .sendOnchain({ address, amountSat: 100_000n })
      .catch((thrown: unknown) => TernError.from(thrown));
    expect(refused).toMatchObject({ code: 'quarantined' });
    await device.wallet.lock();
    expect(await device.wallet.status()).toMatchObject({
      phase: 'locked',
      error: { code: 'quarantined' },
      choices: ['safe_mode']
    });
  });

  it('sends from there, and its channel is as it was', async () => {
    await device.wallet.unlock(password, 'safe_mode');
    await device.wallet.sync();
    const { txid } = await device.wallet.sendOnchain({ address, amountSat: 100_000n });
    expect(await stand.chain.mempool()).toContain(txid);
    await stand.mine(1);
    await device.wallet.lock();
    expect(await device.wallet.status()).toMatchObject({ phase: 'locked', choices: undefined });

    await stand.lnd.restart();
    await device.wallet.unlock(password);
    await device.awaitBackup('up_to_date');
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
    await assertNoForceClose(stand);
  }, 120_000);
});
