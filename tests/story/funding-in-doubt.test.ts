// Owns the proof that a restored wallet posts a channel's funding that still waits only when its peer has agreed to the state (invariant 8): the chain and its server are asked.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pglite } from '../contract/targets.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { everyFundingExists, fund, fundingsOf } from './steps.js';

let stand: Stand;
let server: Awaited<ReturnType<typeof pglite.start>>;
let device: Device;

beforeAll(async () => {
  stand = await startStand({ lnd: true, esplora: true });
  server = await pglite.start();
  const first = await Device.start(stand, { vssUrl: server.url });
  await fund(stand, first, 2_000_000n);
  stand.esplora.setFault('refused', (path) => path === '/tx');
  await first.wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: 500_000n });
  await waitFor(() => stand.esplora.requests.includes('/tx'), { what: 'the funding to be posted' });
  await first.awaitBackup('up_to_date');
  await first.off();
  await stand.lnd.shutDown();
  stand.esplora.setFault();
  stand.esplora.requests.length = 0;
  device = await Device.start(stand, { vssUrl: server.url, mnemonic: first.mnemonic });
});

afterAll(async () => {
  await device?.off();
  await server?.stop();
  await stand?.stop();
});

it('posts nothing with new blocks while the peer is away, and the funding when it has agreed', async () => {
  for (let block = 0; block < 2; block += 1) {
    await stand.mine(1);
    await device.wallet.sync();
  }
  expect(await device.wallet.info()).toMatchObject({ isQuarantined: true, channelCount: 1 });
  expect(stand.esplora.requests).not.toContain('/tx');
  expect(await stand.chain.mempool()).toEqual([]);

  await stand.lnd.restart();
  await device.awaitBackup('up_to_date');
  await waitFor(async () => everyFundingExists(stand, await fundingsOf(device)), { what: 'the funding' });
}, 120_000);
