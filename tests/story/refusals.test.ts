// Owns the proof that bad input, bad peers and a bad chain server are refused with their code, and that a refusal changes nothing here, at lnd or on chain.
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TernError, type ErrorCode, type ErrorShape } from '../../src/wire/errors.js';
import type { EsploraFault } from '../regtest/esplora.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, fund, openChannel, payLnd } from './steps.js';

/** Invoices and addresses of other networks: BOLT 11's first example, an invoice of signet, BIP 173's examples. */
const mainnetInvoice =
  'lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpuaztrnwngzn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63nyw24cg27h2rspfj9srp';
const mainnetAddress = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const testnetAddress = 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx';
/** A key on the curve that nobody's node has: the generator of secp256k1. */
const strangerNodeId = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

describe('what the wallet refuses', () => {
  let stand: Stand;
  let device: Device;

  beforeAll(async () => {
    stand = await startStand({ lnd: true, esplora: true });
    device = await Device.start(stand);
    await fund(stand, device, 2_000_000n);
    await openChannel(stand, device);
  });

  afterEach(() => stand.esplora.setFault());

  afterAll(async () => {
    await device?.off();
    await stand?.stop();
  });

  /** All that a refusal must leave alone: ours, lnd's and the chain's. */
  async function state(): Promise<object> {
    const { wallet } = device;
    const [lndChannels, lndPayments, lndInvoices] = await Promise.all([
      stand.lnd.listChannels(),
      stand.lnd.listPayments(),
      stand.lnd.listInvoices()
    ]);
    return {
      balances: await wallet.balances(),
      payments: (await wallet.payments(200)).payments,
      channels: await wallet.channels(),
      lndChannels: lndChannels.map(({ channelPoint, localBalanceSat, pendingHtlcs }) => [
        channelPoint,
        localBalanceSat,
        pendingHtlcs
      ]),
      lndPayments,
      // Open ones may expire at any time.
      lndInvoices: lndInvoices.filter((invoice) => invoice.state !== 'OPEN' && invoice.state !== 'CANCELED'),
      mempool: await stand.chain.mempool()
    };
  }

  /** The act fails with this code, says why and what to do, and nothing is different afterwards. */
  async function refuses(act: () => Promise<unknown>, ...codes: ErrorCode[]): Promise<ErrorShape> {
    const before = await state();
    const outcome: unknown = await act().catch((thrown: unknown) => TernError.from(thrown));
    if (!(outcome instanceof TernError)) throw new Error(`was not refused: ${String(outcome)}`);
    expect(codes, outcome.message).toContain(outcome.code);
    expect(outcome.cause).not.toBe('');
    expect(outcome.next).not.toBe('');
    expect(await state()).toEqual(before);
    return outcome.toShape();
  }

  const pay = (bolt11: string, amountMsat?: bigint) => () => device.wallet.pay({ bolt11, amountMsat });
  const send = (address: string, amountSat?: bigint) => () => device.wallet.sendOnchain({ address, amountSat });
  const open = (nodeUri: string, amountSat: bigint) => () => device.wallet.openChannel({ nodeUri, amountSat });

  it('an expired invoice', async () => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n, expiryS: 1 });
    await waitFor(async () => (await device.wallet.decodeInvoice(bolt11)).expired, { what: 'the invoice to expire' });
    await refuses(pay(bolt11), 'invoice_expired');
    await refuses(() => device.wallet.quotePayment({ bolt11 }), 'invoice_expired');
  });

  it('an invoice that is cut off, altered, of mixed case or none at all', async () => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    const altered = bolt11.slice(0, 60) + (bolt11[60] === 'q' ? 'p' : 'q') + bolt11.slice(61);
    const mixed = bolt11.slice(0, -1) + bolt11.slice(-1).toUpperCase() + 'Q';
    for (const text of ['', 'tea', bolt11.slice(0, -7), altered, mixed, `${bolt11}!`]) {
      await refuses(pay(text), 'invalid_invoice');
      await refuses(() => device.wallet.decodeInvoice(text), 'invalid_invoice');
    }
  });

  it('an invoice of another network', async () => {
    await refuses(pay(mainnetInvoice), 'wrong_network');
    await refuses(pay(mainnetInvoice.toUpperCase()), 'wrong_network');
  });

  it('an invoice that is paid already, and one that is being paid, also when it has expired meanwhile', async () => {
    const paid = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await payLnd(stand, device, paid.bolt11, paid.paymentHash);
    await lndAtRest();
    await refuses(pay(paid.bolt11), 'invoice_already_paid');

    const digest = await crypto.subtle.digest('SHA-256', randomBytes(32));
    const paymentHash = Buffer.from(digest).toString('hex');
    const held = await stand.lnd.addHoldInvoice(paymentHash, { amountMsat: 2_000_000n, expiryS: 5 });
    await pay(held)();
    await stand.lnd.awaitInvoice(paymentHash, 'ACCEPTED');
    await refuses(pay(held), 'payment_in_flight');
    await waitFor(async () => (await device.wallet.decodeInvoice(held)).expired, { what: 'the invoice to expire' });
    await refuses(pay(held), 'payment_in_flight');
    await refuses(() => device.wallet.quotePayment({ bolt11: held }), 'payment_in_flight');
    await stand.lnd.cancelInvoice(paymentHash);
    expect(await awaitStatus(device, paymentHash, ['succeeded', 'failed'])).toBe('failed');
    await lndAtRest();
  });

  it('its own invoice', async () => {
    const request = { amountMsat: 1_000_000n, description: 'mine', expirySeconds: 600 };
    const { bolt11 } = await device.wallet.createInvoice(request);
    await refuses(pay(bolt11), 'own_invoice');
  });

  it('amounts of zero, and none where one is needed', async () => {
    const { bolt11 } = await stand.lnd.addInvoice({});
    const address = await stand.lnd.newAddress();
    await refuses(pay(bolt11), 'invalid_amount');
    await refuses(pay(bolt11, 0n), 'invalid_amount');
    await refuses(pay(bolt11, -1n), 'invalid_amount');
    await refuses(send(address, 0n), 'invalid_amount');
    await refuses(open(stand.lnd.nodeUri, 0n), 'invalid_amount');
    const request = { amountMsat: 0n, description: '', expirySeconds: 600 };
    await refuses(() => device.wallet.createInvoice(request), 'invalid_amount');
  });

  it('another amount than the invoice asks for', async () => {
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await refuses(pay(bolt11, 999_000n), 'invalid_amount');
  });

  it('amounts over the balance', async () => {
    const { outboundCapacityMsat, onchainSpendableSat } = await device.wallet.balances();
    const { bolt11 } = await stand.lnd.addInvoice({ amountMsat: outboundCapacityMsat + 1_000n });
    const { bolt11: open11 } = await stand.lnd.addInvoice({});
    const address = await stand.lnd.newAddress();
    await refuses(pay(bolt11), 'insufficient_balance');
    await refuses(pay(open11, outboundCapacityMsat + 1_000n), 'insufficient_balance');
    await refuses(send(address, onchainSpendableSat), 'insufficient_balance');
    await refuses(send(address, onchainSpendableSat * 1_000n), 'insufficient_balance');
    await refuses(open(stand.lnd.nodeUri, onchainSpendableSat), 'insufficient_balance');
  });

  it('on chain: addresses of another network, altered ones, and dust', async () => {
    const address = await stand.lnd.newAddress();
    const altered = address.slice(0, -1) + (address.endsWith('q') ? 'p' : 'q');
    await refuses(send(mainnetAddress, 10_000n), 'wrong_network');
    await refuses(send(testnetAddress, 10_000n), 'wrong_network');
    await refuses(send(altered, 10_000n), 'invalid_address');
    await refuses(send('', 10_000n), 'invalid_address');
    await refuses(send(address, 200n), 'amount_below_dust');
  });

  it('a channel that is too small, or with something that is no node', async () => {
    await refuses(open(stand.lnd.nodeUri, 1_000n), 'invalid_amount');
    await refuses(open(stand.lnd.peerAddress, 100_000n), 'invalid_node_uri');
    await refuses(open(`02${'ff'.repeat(32)}@127.0.0.1:1`, 100_000n), 'invalid_node_uri');
  });

  it('a peer that answers garbage', async () => {
    let connections = 0;
    const server = await listen((connection) => {
      connections += 1;
      connection.write(randomBytes(4_096));
    });
    const nodeUri = `${strangerNodeId}@127.0.0.1:${(server.address() as AddressInfo).port}`;
    await refuses(() => device.wallet.connectPeer(nodeUri), 'peer_refused', 'peer_unreachable');
    await refuses(open(nodeUri, 100_000n), 'peer_refused', 'peer_unreachable');
    expect(connections).toBe(2);
    await closeServer(server);
  });

  it('a peer that hangs up at once, one that is not there, and one with another key', async () => {
    const server = await listen((connection) => connection.destroy());
    const port = (server.address() as AddressInfo).port;
    const nodeUri = `${strangerNodeId}@127.0.0.1:${port}`;
    await refuses(open(nodeUri, 100_000n), 'peer_refused', 'peer_unreachable');
    await closeServer(server);
    await refuses(open(nodeUri, 100_000n), 'peer_unreachable');
    await refuses(open(`${strangerNodeId}@${stand.lnd.peerAddress}`, 100_000n), 'peer_refused', 'peer_unreachable');
  });

  it.each<[string, EsploraFault, ErrorCode]>([
    ['cuts every connection', 'close', 'chain_unavailable'],
    ['answers 500', 'server_error', 'chain_unavailable'],
    ['answers HTML', 'html', 'chain_invalid_answer'],
    ['never answers', 'hang', 'chain_unavailable']
  ])(
    'a chain server that %s gives a code and changes nothing, Lightning goes on, and it is used again when it is well',
    async (_what, fault, code) => {
      // The look at the chain that is under way ends first: a scan that loses its server in the middle waits far longer.
      await device.wallet.sync();
      stand.esplora.setFault(fault);
      await refuses(() => device.wallet.sync(), code);
      const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
      await payLnd(stand, device, bolt11, paymentHash);
      await lndAtRest();
      await stand.mine(1);
      stand.esplora.setFault();
      const height = await stand.chain.height();
      await waitFor(async () => (await device.wallet.info()).blockHeight === height, {
        what: 'the wallet to find the new block by itself',
        timeoutMs: 60_000
      });
    }
  );

  it('and after all that the channel is open and works', async () => {
    await assertNoForceClose(stand);
    const { bolt11, paymentHash } = await stand.lnd.addInvoice({ amountMsat: 1_000_000n });
    await payLnd(stand, device, bolt11, paymentHash);
  });

  /** Both sides have forgotten the last HTLC. */
  async function lndAtRest(): Promise<void> {
    const atRest = async (): Promise<boolean> =>
      (await stand.lnd.listChannels()).every((channel) => channel.pendingHtlcs === 0) &&
      (await device.wallet.balances()).lightningMsat % 1_000n === 0n;
    await waitFor(atRest, { what: 'the last HTLC to be gone' });
  }
});

function listen(onConnection: (connection: Socket) => void): Promise<Server> {
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    // Unread bytes would keep the end from being seen.
    connection.resume();
    onConnection(connection);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
