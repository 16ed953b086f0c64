// Proves that whatever a page sends to the wallet's door, and whatever is typed as a peer or a server, ends in a coded error or in something canonical, and soon.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TernError } from '../wire/errors.js';
import { checkUrl } from '../wire/urls.js';
import * as door from './door.js';
import { formatAddress, parseAddress, parseNodeUri } from './node-uri.js';

const RUNS = { numRuns: 1_000 };
const NODE_ID = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

/** The code it is refused with; what is thrown otherwise is a defect. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TernError) return thrown.code;
    throw thrown;
  }
}

const address = fc.oneof(
  fc.string(),
  fc.domain(),
  fc.ipV4().map((ip) => `${ip}:9735`),
  fc.ipV6().map((ip) => `[${ip}]:9735`),
  fc.webUrl().map((url) => url.replace(/^http/, 'ws')),
  fc.tuple(fc.string(), fc.integer()).map(([host, port]) => `${host}:${port}`),
  fc.constantFrom('[::', '[:::1]:1', 'ws://', 'wss://[', 'x:65536', '1.2.3.4.5', 'a..b', '::1')
);

describe('texts', () => {
  it('an invoice that passes the door is bare and of this network', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('ln', 'lnbc', 'LNBCRT', 'lntb', 'lightning:lnbcrt'), fc.string())
        .map((all) => all.join(''))
    );
    fc.assert(
      fc.property(text, (pasted) => {
        const code = codeOf(() => expect(door.checkInvoice(pasted, 'regtest')).toMatch(/^lnbcrt[0-9a-z]*$/i));
        expect([undefined, 'invalid_invoice', 'wrong_network']).toContain(code);
      }),
      RUNS
    );
  });

  it('a node URI that passes has a canonical address', () => {
    fc.assert(
      fc.property(fc.constantFrom(`${NODE_ID}@`, '@', ''), address, (id, where) => {
        const code = codeOf(() => {
          const { nodeId, address: canonical } = parseNodeUri(id + where);
          expect(nodeId).toBe(NODE_ID);
          expect(formatAddress(parseAddress(canonical))).toBe(canonical);
        });
        expect([undefined, 'invalid_node_uri']).toContain(code);
      }),
      RUNS
    );
  });

  it('a server that passes is canonical, without a password, and encrypted or near', () => {
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      address,
      fc.constantFrom('http://a@b', 'https://:x@y/', 'http:///')
    );
    fc.assert(
      fc.property(text, fc.constantFrom('http', 'websocket'), (typed, kind) => {
        const code = codeOf(() => {
          const canonical = checkUrl(typed, kind, false);
          expect(checkUrl(canonical, kind, false)).toBe(canonical);
          expect(canonical).toMatch(/^(https|wss):|^(http|ws):\/\/(localhost|[^/]*\.localhost|127\.|\[::1\])/);
        });
        expect([undefined, 'invalid_url', 'insecure_url']).toContain(code);
      }),
      RUNS
    );
  });

  it.each(['a', '1', ' ', '.', ':', '@', '[', '%', 'ln', 'lnbcrt1', 'http://'])(
    'a million times %j is refused at once',
    (part) => {
      const text = part.repeat(1_000_000);
      const beganMs = performance.now();
      expect(codeOf(() => door.checkInvoice(text, 'regtest'))).toBeDefined();
      expect(codeOf(() => parseNodeUri(`${NODE_ID}@${text}`))).toBeDefined();
      expect(codeOf(() => checkUrl(text, 'http', false))).toBeDefined();
      expect(performance.now() - beganMs).toBeLessThan(2_000);
    }
  );
});
