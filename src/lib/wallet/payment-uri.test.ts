// Owns the proof that pasted payments are told apart and that doubtful ones are refused with a code.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TernError } from '../../wire/errors.js';
import { buildPaymentUri, parsePaymentInput, paymentInText } from './payment-uri.js';

const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const bolt11 = 'lnbcrt500u1pj4d2xqpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4js';

function codeOf(input: string, network: 'regtest' | 'bitcoin' | 'signet' | 'testnet4' = 'regtest'): string {
  try {
    parsePaymentInput(input, network);
    return 'accepted';
  } catch (thrown) {
    return thrown instanceof TernError ? thrown.code : 'not a TernError';
  }
}

describe('payment input', () => {
  it('reads a unified BIP21 link with amount, message and invoice', () => {
    expect(
      parsePaymentInput(`bitcoin:${address}?amount=0.0005&message=Two%20coffees&lightning=${bolt11}`, 'regtest')
    ).toEqual({ address, amountSat: 50_000n, message: 'Two coffees', bolt11 });
  });

  it('reads the upper-case form that QR codes use', () => {
    expect(
      parsePaymentInput(`BITCOIN:${address.toUpperCase()}?AMOUNT=0.0005&LIGHTNING=${bolt11.toUpperCase()}`, 'regtest')
    ).toEqual({ address, amountSat: 50_000n, bolt11 });
    expect(parsePaymentInput(`LIGHTNING:${bolt11.toUpperCase()}`, 'regtest')).toEqual({ bolt11 });
  });

  it('reads bare invoices and addresses, also broken over lines', () => {
    expect(parsePaymentInput(` ${bolt11.slice(0, 20)}\n${bolt11.slice(20)} `, 'regtest')).toEqual({ bolt11 });
    expect(parsePaymentInput(address, 'regtest')).toEqual({ address });
    expect(parsePaymentInput('1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'bitcoin')).toEqual({
      address: '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2'
    });
    expect(parsePaymentInput('tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', 'signet').address).toMatch(/^tb1/);
  });

  it('reads the id of a node, alone, with its place, or in a link', () => {
    const nodeId = `03${'cd'.repeat(32)}`;
    for (const text of [nodeId, nodeId.toUpperCase(), `${nodeId}@example.com:9735`, `lightning:${nodeId}`]) {
      expect(parsePaymentInput(text, 'regtest')).toEqual({ nodeId });
    }
    expect(codeOf('somebody@example.com')).toBe('invalid_payment_uri');
    expect(codeOf(nodeId.slice(1))).toBe('invalid_payment_uri');
  });

  it('reads a link with an invoice alone', () => {
    expect(parsePaymentInput(`bitcoin:?lightning=${bolt11}`, 'regtest')).toEqual({ bolt11 });
    expect(parsePaymentInput(`web+lightning:${bolt11}`, 'regtest')).toEqual({ bolt11 });
  });

  it.each([
    ['', 'invalid_payment_uri'],
    ['hello', 'invalid_payment_uri'],
    ['https://example.com', 'invalid_payment_uri'],
    ['bitcoin:', 'invalid_payment_uri'],
    [`bitcoin:${address}?req-unknown=1`, 'invalid_payment_uri'],
    [`bitcoin:${address}?amount=1&amount=2`, 'invalid_payment_uri'],
    [`bitcoin:${address}?message=%E0%A4%A`, 'invalid_payment_uri'],
    ['lno1qgsyxjtl6luzd9t3pr62xr7eemp6awnejusgf6gw45q75vcfqqqqqqq', 'invalid_payment_uri'],
    [`bitcoin:${address}?amount=1e3`, 'invalid_amount'],
    [`bitcoin:${address}?amount=0`, 'invalid_amount'],
    [`bitcoin:${address}?amount=-1`, 'invalid_amount'],
    [`bitcoin:${address}?amount=0.000000001`, 'invalid_amount'],
    [`bitcoin:${address.slice(0, 6)}`, 'invalid_address'],
    [address.replace('q', 'Q'), 'invalid_address'],
    [`${bolt11}b`, 'invalid_invoice'],
    [`lightning:${bolt11.replace('p', 'P')}`, 'invalid_invoice']
  ])('refuses %j with %s', (input, code) => {
    expect(codeOf(input)).toBe(code);
  });

  it('refuses what belongs to another network', () => {
    expect(codeOf(address, 'bitcoin')).toBe('wrong_network');
    expect(codeOf(bolt11, 'bitcoin')).toBe('wrong_network');
    expect(codeOf('lntbs1' + 'q'.repeat(60), 'testnet4')).toBe('wrong_network');
    expect(codeOf('1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'regtest')).toBe('wrong_network');
  });

  it('never throws anything but a coded error', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'bitcoin:', 'lightning:'), fc.string(), (scheme, text) => {
        expect(codeOf(scheme + text)).not.toBe('not a TernError');
      })
    );
  });

  it('reads back the links that it builds', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        (amountSat, message) => {
          const uri = buildPaymentUri({ address, bolt11, amountSat, message });
          expect(parsePaymentInput(uri, 'regtest')).toEqual({ address, bolt11, amountSat, message });
        }
      )
    );
  });
});

describe('a shared text', () => {
  it.each([
    ['Pay me here: bitcoin:bcrt1q?amount=0.1, thanks!', 'bitcoin:bcrt1q?amount=0.1'],
    [`My address is ${address}.`, address],
    [`(${address.toUpperCase()})`, address.toUpperCase()],
    ['LIGHTNING:LNBCRT1PABC', 'LIGHTNING:LNBCRT1PABC'],
    ['see you at eight', 'see you at eight']
  ])('"%s" holds %s', (text, found) => {
    expect(paymentInText(text)).toBe(found);
  });
});
