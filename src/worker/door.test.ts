// Proves that senseless requests are refused at the door with their code.
import { describe, expect, it } from 'vitest';
import * as door from './door.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const invoice = (prefix: string): string => `${prefix}10n1p${'q'.repeat(100)}`;

describe('checkInvoiceRequest', () => {
  const good = { amountMsat: 1_000n, description: 'tea', expirySeconds: 3_600 };

  it('accepts a request, with and without an amount', () => {
    door.checkInvoiceRequest(good);
    door.checkInvoiceRequest({ ...good, amountMsat: undefined, description: 'é'.repeat(319) });
  });

  it.each([
    ['an amount of zero', { amountMsat: 0n }, 'invalid_amount'],
    ['a negative amount', { amountMsat: -1n }, 'invalid_amount'],
    ['more than there is', { amountMsat: 2_100_000_000_000_000_001n }, 'invalid_amount'],
    ['a description of 640 bytes', { description: 'é'.repeat(320) }, 'invalid_argument'],
    ['no time to pay', { expirySeconds: 0 }, 'invalid_argument'],
    ['a broken expiry', { expirySeconds: 1.5 }, 'invalid_argument'],
    ['an expiry that is no number', { expirySeconds: Number.NaN }, 'invalid_argument']
  ])('refuses %s', (_what, change, expected) => {
    expect(() => door.checkInvoiceRequest({ ...good, ...change })).toThrow(code(expected));
  });
});

describe('checkInvoice', () => {
  it.each([
    ['lnbc', 'bitcoin'],
    ['lntb', 'testnet4'],
    ['lntbs', 'signet'],
    ['lnbcrt', 'regtest']
  ] as const)('takes %s on %s and on no other network', (prefix, network) => {
    expect(door.checkInvoice(`lightning:${invoice(prefix)} `, network)).toBe(invoice(prefix));
    for (const other of ['bitcoin', 'testnet4', 'signet', 'regtest'] as const) {
      if (other !== network) expect(() => door.checkInvoice(invoice(prefix), other)).toThrow(code('wrong_network'));
    }
  });

  it.each(['', 'hello', 'bcrt1qxyz', `lnbcrt1${'q'.repeat(9_000)}`, 'lnbcrt1 qqq', 'lnbcrt1ü'])(
    'refuses %j',
    (text) => {
      expect(() => door.checkInvoice(text, 'regtest')).toThrow(code('invalid_invoice'));
    }
  );
});

describe('amounts and ids', () => {
  const address = `bcrt1q${'x'.repeat(38)}`;

  it('refuses payments on chain of zero, or at an absurd fee rate', () => {
    expect(door.checkOnchainRequest({ address: ` ${address} `, amountSat: 1n })).toEqual({ address, amountSat: 1n });
    expect(() => door.checkOnchainRequest({ address, amountSat: 0n })).toThrow(code('invalid_amount'));
    expect(() => door.checkOnchainRequest({ address, feerateSatPerVb: 20_000 })).toThrow(code('invalid_amount'));
    expect(() => door.checkOnchainRequest({ address, feerateSatPerVb: Number.NaN })).toThrow(code('invalid_amount'));
    expect(() => door.checkOnchainRequest({ address: 'not an address' })).toThrow(code('invalid_address'));
  });

  it('refuses payments over Lightning of zero', () => {
    const bolt11 = invoice('lnbcrt');
    expect(() => door.checkPayRequest({ bolt11, amountMsat: 0n }, 'regtest')).toThrow(code('invalid_amount'));
    expect(() => door.checkPayRequest({ bolt11, maxFeeMsat: -1n }, 'regtest')).toThrow(code('invalid_amount'));
    expect(door.checkPayRequest({ bolt11, maxFeeMsat: 0n }, 'regtest')).toEqual({ bolt11, maxFeeMsat: 0n });
  });

  it('takes the id of a node in any case, and refuses what is none', () => {
    const nodeId = `02${'ab'.repeat(32)}`;
    const request = { nodeId: ` ${nodeId.toUpperCase()} `, amountMsat: 1n };
    expect(door.checkKeysend(request)).toEqual({ nodeId, amountMsat: 1n });
    expect(() => door.checkKeysend({ nodeId: nodeId.slice(2), amountMsat: 1n })).toThrow(code('invalid_node_uri'));
    expect(() => door.checkKeysend({ nodeId, amountMsat: 0n })).toThrow(code('invalid_amount'));
    expect(() => door.checkKeysend({ nodeId, amountMsat: 1n, maxFeeMsat: -1n })).toThrow(code('invalid_amount'));
  });

  it('refuses a speed that is none, and coins that cannot be', () => {
    const txid = 'ab'.repeat(32);
    door.checkSpeedUp({ txid, feerateSatPerVb: 2 });
    expect(() => door.checkSpeedUp({ txid: '12', feerateSatPerVb: 2 })).toThrow(code('invalid_argument'));
    for (const feerateSatPerVb of [0, -1, Number.NaN, 20_000]) {
      expect(() => door.checkSpeedUp({ txid, feerateSatPerVb })).toThrow(code('invalid_amount'));
    }
    door.checkOutpoint(`${txid}:0`);
    expect(() => door.checkOutpoint(txid)).toThrow(code('invalid_argument'));
  });

  it('refuses a channel of zero, and ids that cannot be', () => {
    expect(() => door.checkChannelFunding({ amountSat: 0n })).toThrow(code('invalid_amount'));
    expect(() => door.checkChannelId('12')).toThrow(code('channel_not_found'));
    expect(() => door.checkPaymentId('a/b')).toThrow(code('invalid_argument'));
    expect(() => door.checkPage(0, undefined)).toThrow(code('invalid_argument'));
    expect(() => door.checkPage(201, undefined)).toThrow(code('invalid_argument'));
  });
});
