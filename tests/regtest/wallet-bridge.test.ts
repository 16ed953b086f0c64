// Proves that a wallet that reaches its peers as a browser does, through the bridge, tells a dead bridge from a dead peer and recovers from both by itself.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BRIDGE_DEFAULTS, createBridge, type Bridge } from '../../src/server/bridge.js';
import type { Platform } from '../../src/worker/platform.js';
import { nodePlatform } from '../../src/worker/platform-node.js';
import { Wallet } from '../../src/worker/wallet.js';
import { MemoryDisk } from '../../src/worker/memory-disk.js';
import { startStand, type Stand } from './stand.js';
import { waitFor } from './wait.js';

const password = 'correct horse';

/** A bridge that can be killed and started again at the same address. */
class BridgeHost {
  #server: Server | undefined;
  #bridge: Bridge | undefined;
  #port = 0;

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ln`;
  }

  async start(): Promise<void> {
    const bridge = createBridge({ ...BRIDGE_DEFAULTS, allowPrivate: true }, pino({ level: 'silent' }));
    const server = createServer().on('upgrade', (request, socket, head) => bridge.handleUpgrade(request, socket, head));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#bridge = bridge;
    this.#server = server;
  }

  async stop(): Promise<void> {
    await this.#bridge?.close();
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
  }
}

let stand: Stand;
const bridge = new BridgeHost();
const opened: Wallet[] = [];
/** What the page does when it is seen again. */
let wake = (): void => undefined;

beforeAll(async () => {
  stand = await startStand({ lnd: true, esplora: true });
  await bridge.start();
}, 600_000);

afterAll(async () => {
  for (const wallet of opened) await wallet.lock();
  await bridge.stop();
  await stand?.stop();
});

async function openWallet(disk: MemoryDisk, esploraUrl = stand.esplora.url): Promise<Wallet> {
  const { openTcp: _, ...platform } = nodePlatform({
    network: 'regtest',
    deviceName: 'test',
    openDisk: () => Promise.resolve(disk),
    eraseDisk: () => Promise.resolve()
  });
  const browserLike: Platform = {
    ...platform,
    onWake: (run) => {
      wake = run;
      return () => (wake = () => undefined);
    }
  };
  const wallet = await Wallet.open(browserLike, { network: 'regtest', esploraUrl, bridgeUrl: bridge.url });
  opened.push(wallet);
  return wallet;
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('a wallet behind a bridge', () => {
  const disk = new MemoryDisk();
  let wallet: Wallet;

  const usable = (): Promise<unknown> =>
    waitFor(async () => (await wallet.channels()).some(({ state }) => state === 'ready'), {
      what: 'the channel to be ready',
      timeoutMs: 90_000
    });
  const failsWith = (expected: string): Promise<unknown> =>
    waitFor(async () => (await wallet.peers())[0]?.error?.code === expected, { what: expected, timeoutMs: 60_000 });
  async function payLnd(): Promise<void> {
    const invoice = await stand.lnd.addInvoice({ amountMsat: 10_000_000n });
    await wallet.pay({ bolt11: invoice.bolt11 });
    await stand.lnd.awaitInvoice(invoice.paymentHash, 'SETTLED');
  }

  it('opens a channel and pays through it', async () => {
    wallet = await openWallet(disk);
    await wallet.create({ password, words: 12 });
    await stand.chain.fund(await wallet.newAddress(), 2_000_000n);
    await stand.mine(1);
    await wallet.sync();
    await wallet.openChannel({ nodeUri: stand.lnd.nodeUri, amountSat: 1_000_000n });
    const funding = await waitFor(async () => (await wallet.channels())[0]?.fundingTxid, { what: 'the funding' });
    await waitFor(async () => (await stand.chain.mempool()).includes(funding), { what: 'the funding in the mempool' });
    await stand.mine(6);
    await wallet.sync();
    await usable();
    await payLnd();
    const { nodeId, peerAddress: address } = stand.lnd;
    expect(await wallet.peers()).toEqual([{ nodeId, address, state: 'connected' }]);
  });

  it('says that the bridge is away, and goes on when it is back and the page is seen', async () => {
    await bridge.stop();
    await failsWith('bridge_unreachable');
    await expect(wallet.connectPeer(stand.lnd.nodeUri)).rejects.toEqual(code('bridge_unreachable'));
    await bridge.start();
    wake();
    await usable();
    await payLnd();
  });

  it('says that the peer is away while the bridge is well, and goes on by itself when it is back', async () => {
    await stand.lnd.shutDown();
    await failsWith('peer_unreachable');
    await stand.lnd.launch();
    await usable();
    await payLnd();
  });

  it('takes a wrong key at the right address for a refusal', async () => {
    const somebodyElse = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
    const uri = `${somebodyElse}@${stand.lnd.peerAddress}`;
    await expect(wallet.connectPeer(uri)).rejects.toEqual(code('peer_refused'));
    expect((await wallet.peers()).map(({ nodeId }) => nodeId)).toEqual([stand.lnd.nodeId]);
  });

  it('dials its peers by itself after an unlock in a new process', async () => {
    await wallet.lock();
    wallet = await openWallet(disk.clone());
    await wallet.unlock(password);
    await usable();
    await payLnd();
  });
});
