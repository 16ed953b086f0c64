// Owns the proof that payments find their way through other nodes: around one that cannot carry them, in parts, and never for more than was agreed; the payee and the nodes between are asked.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Lnd } from '../regtest/lnd.js';
import { list } from '../regtest/lnd-forms.js';
import type { JsonObject } from '../regtest/lnd-rest.js';
import { startStand, type Stand } from '../regtest/stand.js';
import { waitFor } from '../regtest/wait.js';
import { Device } from './device.js';
import { assertNoForceClose, awaitStatus, everyFundingExists, fund, fundingsOf } from './steps.js';

const CHANNEL_SAT = 500_000n;
const BETWEEN_SAT = 1_000_000n;
/** What the dear node asks to pass on 200,000 sat: 3,000 msat and 1,000 parts of a million. */
const AMOUNT_MSAT = 200_000_000n;
const DEAR_FEE_MSAT = 3_000n + AMOUNT_MSAT / 1_000n;

let stand: Stand;
let device: Device;
/** Between us and the payee. The cheap one has nothing to pass on at first: the payee holds all of their channel. */
let [cheap, dear, payee]: Lnd[] = [];

beforeAll(async () => {
  stand = await startStand({ lnd: 3, esplora: true });
  [cheap, dear, payee] = stand.lnds;
  await link(cheap!, BETWEEN_SAT - 60_000n);
  await link(dear!, 0n);
  await stand.mine(6);
  await Promise.all([cheap!, dear!].map((lnd) => lnd.awaitUsableChannel(payee!.nodeId)));
  await charge(dear!, 3_000, 1_000);
  device = await Device.start(stand);
  for (let coin = 0; coin < 2; coin += 1) await fund(stand, device, 1_000_000n);
  await open(dear!);
  await quoted((feeMsat) => feeMsat === DEAR_FEE_MSAT, 'the dear way');
  await open(cheap!);
  await quoted((feeMsat) => feeMsat < DEAR_FEE_MSAT, 'the cheap way');
}, 180_000);

afterAll(async () => {
  await device?.off();
  await stand?.stop();
});

/** Opens a channel of ours. */
async function open(lnd: Lnd): Promise<void> {
  const before = await fundingsOf(device);
  await device.wallet.openChannel({ nodeUri: lnd.nodeUri, amountSat: CHANNEL_SAT });
  const isFunded = async (): Promise<boolean> => {
    const fundings = await fundingsOf(device);
    return fundings.length > before.length && everyFundingExists(stand, fundings);
  };
  await waitFor(isFunded, { what: 'the funding' });
  await stand.mine(6);
  await device.wallet.sync();
  await lnd.awaitUsableChannel((await device.wallet.info()).nodeId);
}

/** Opens a public channel from `lnd` to the payee. */
async function link(lnd: Lnd, pushSat: bigint): Promise<void> {
  await stand.fundLnd(lnd, 2_000_000n);
  await lnd.connect(payee!.nodeUri);
  await lnd.openChannel({ nodeId: payee!.nodeId, amountSat: BETWEEN_SAT, pushSat });
}

async function charge(lnd: Lnd, baseFeeMsat: number, partsOfAMillion: number): Promise<void> {
  const policy = { base_fee_msat: String(baseFeeMsat), fee_rate_ppm: partsOfAMillion, time_lock_delta: 80 };
  await lnd.rest.post('/v1/chanpolicy', { global: true, ...policy });
}

/** Resolves when the wallet expects such a fee for a payment to the payee. */
async function quoted(isExpected: (feeMsat: bigint) => boolean, what: string): Promise<void> {
  const { bolt11 } = await payee!.addInvoice({ amountMsat: AMOUNT_MSAT });
  const fee = (): Promise<bigint | undefined> =>
    device.wallet.quotePayment({ bolt11 }).then(
      ({ feeMsat }) => feeMsat,
      () => undefined
    );
  await waitFor(
    async () => {
      const feeMsat = await fee();
      return feeMsat !== undefined && isExpected(feeMsat);
    },
    { what, timeoutMs: 60_000 }
  );
}

/** What a node earned by passing on, in msat, payment by payment. */
async function earnedMsat(lnd: Lnd): Promise<bigint[]> {
  const history = await lnd.rest.post('/v1/switch', { start_time: '0', num_max_events: 1_000 });
  return list(history.forwarding_events).map((event) => BigInt(String(event.fee_msat)));
}

/** The parts in which an invoice was paid, in msat. */
async function partsMsat(paymentHash: string): Promise<bigint[]> {
  const invoice: JsonObject = await payee!.rest.get(`/v1/invoice/${paymentHash}`);
  const settled = list(invoice.htlcs).filter(({ state }) => state === 'SETTLED');
  return settled.map((htlc) => BigInt(String(htlc.amt_msat)));
}

it('goes around a node that cannot pass it on, for that way’s fee', async () => {
  const { bolt11, paymentHash } = await payee!.addInvoice({ amountMsat: AMOUNT_MSAT });
  await device.wallet.pay({ bolt11 });
  await payee!.awaitInvoice(paymentHash, 'SETTLED');
  await awaitStatus(device, paymentHash, ['succeeded']);
  expect(await device.wallet.payment(paymentHash)).toMatchObject({ feeMsat: DEAR_FEE_MSAT });
  expect(await earnedMsat(dear!)).toEqual([DEAR_FEE_MSAT]);
  expect(await earnedMsat(cheap!)).toEqual([]);
});

it('a payment that no route carries within the fee limit fails, and the payee gets nothing', async () => {
  const { bolt11, paymentHash } = await payee!.addInvoice({ amountMsat: AMOUNT_MSAT });
  const before = await device.wallet.balances();
  await device.wallet.pay({ bolt11, maxFeeMsat: DEAR_FEE_MSAT - 1n });
  await awaitStatus(device, paymentHash, ['failed']);
  expect(await payee!.lookupInvoice(paymentHash)).toMatchObject({ state: 'OPEN', paidMsat: 0n });
  expect((await device.wallet.balances()).lightningMsat).toBe(before.lightningMsat);
  expect(await earnedMsat(dear!)).toEqual([DEAR_FEE_MSAT]);
});

it('goes in parts where no channel carries it alone, and comes back in parts', async () => {
  const refill = await cheap!.addInvoice({ amountMsat: 600_000_000n });
  await payee!.payInvoice({ bolt11: refill.bolt11 });
  const { bolt11, paymentHash } = await payee!.addInvoice({ amountMsat: 600_000_000n });
  await device.wallet.pay({ bolt11 });
  await payee!.awaitInvoice(paymentHash, 'SETTLED');
  await awaitStatus(device, paymentHash, ['succeeded']);
  const parts = await partsMsat(paymentHash);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(600_000_000n);

  const asked = await device.wallet.createInvoice({
    amountMsat: 550_000_000n,
    description: 'back',
    expirySeconds: 600
  });
  await payee!.payInvoice({ bolt11: asked.bolt11, feeLimitMsat: 10_000_000n, maxParts: 8 });
  await awaitStatus(device, asked.paymentHash, ['succeeded']);
  expect(await payee!.listPayments()).toContainEqual(
    expect.objectContaining({ paymentHash: asked.paymentHash, amountMsat: 550_000_000n, status: 'SUCCEEDED' })
  );
  await assertNoForceClose(stand);
});
