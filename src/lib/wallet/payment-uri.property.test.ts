// Proves that whatever is pasted or scanned is told apart or refused with a code, at once, and that what passes says nothing the text did not.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TernError } from '../../wire/errors.js';
import { parsePaymentInput, type PaymentTarget } from './payment-uri.js';

const SAT_IN_EXISTENCE = 2_100_000_000_000_000n;
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const INVOICE = 'lnbcrt500u1pj4d2xqpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4js';

function read(text: string): PaymentTarget | undefined {
  try {
    return parsePaymentInput(text, 'regtest');
  } catch (thrown) {
    if (thrown instanceof TernError && thrown.code !== 'internal') return undefined;
    throw thrown;
  }
}

const value = fc.oneof(
  fc.string(),
  fc.constantFrom('', '0.001', '1e5', '%', '%00', '-1', '21000001', INVOICE, ADDRESS)
);
const param = fc.tuple(
  fc.constantFrom('amount', 'AMOUNT', 'label', 'message', 'lightning', 'req-x', '__proto__', ''),
  value
);
/** Links as wallets build them, with anything in each place. */
const link = fc
  .tuple(
    fc.constantFrom('bitcoin:', 'BITCOIN:', 'bitcoin://', 'lightning:', 'lightning://', ''),
    fc.oneof(fc.constantFrom(ADDRESS, ADDRESS.toUpperCase(), INVOICE, ''), fc.string()),
    fc.array(param, { maxLength: 5 })
  )
  .map(([scheme, path, params]) => `${scheme}${path}?${params.map((pair) => pair.join('=')).join('&')}`);

it('a link is refused with a code, or says where to and how much', () => {
  fc.assert(
    fc.property(link, (text) => {
      const target = read(text);
      if (target === undefined) return;
      const { bolt11, address, amountSat } = target;
      expect(bolt11 ?? address).toBeDefined();
      expect(text.toLowerCase()).toContain((bolt11 ?? address)?.toLowerCase());
      if (amountSat !== undefined) expect(amountSat > 0n && amountSat <= SAT_IN_EXISTENCE).toBe(true);
    }),
    { numRuns: 3_000 }
  );
});

it.each(['a', '1', '%', '&', '=', '?', ' ', 'bitcoin:', 'ln', 'lnbcrt1', 'bcrt1', 'amount=1&'])(
  'half a million times %j ends at once',
  (part) => {
    const beganMs = performance.now();
    for (const start of ['', 'bitcoin:?', `bitcoin:${ADDRESS}?`, 'lightning:']) read(start + part.repeat(500_000));
    expect(performance.now() - beganMs).toBeLessThan(3_000);
  }
);
