// Proves that no text makes the reading of a bridge frame throw, and that whatever passes is a frame and nothing more.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeBridgeFrame, parseBridgeAnswer, parseBridgeRequest } from '../wire/bridge.js';

const RUNS = { numRuns: 2_000 };

/** What is nearly a frame: the right names with any values, and strangers beside them. */
const nearly = fc
  .record(
    {
      type: fc.oneof(
        fc.constantFrom('open', 'opened', 'close', 'closed', 'refused', 'alive', '__proto__'),
        fc.jsonValue()
      ),
      host: fc.oneof(fc.string(), fc.jsonValue()),
      port: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
      reason: fc.oneof(fc.constantFrom('idle', 'shutdown', 'toString'), fc.jsonValue()),
      error: fc.oneof(fc.record({ code: fc.string(), cause: fc.string(), next: fc.jsonValue() }), fc.jsonValue()),
      stranger: fc.jsonValue()
    },
    { requiredKeys: [] }
  )
  .map((frame) => JSON.stringify(frame));
const texts = fc.oneof(fc.string(), fc.json(), nearly);

it('a request that passes can be dialled, and carries nothing else', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const request = parseBridgeRequest(text);
      if (request === undefined || request.type === 'close') return;
      expect(Object.keys(request)).toEqual(['type', 'host', 'port']);
      expect(request.host.length).toBeGreaterThan(0);
      expect(request.host.length).toBeLessThanOrEqual(253);
      expect(Number.isInteger(request.port) && request.port > 0 && request.port < 65_536).toBe(true);
      expect(parseBridgeRequest(encodeBridgeFrame(request))).toEqual(request);
    }),
    RUNS
  );
});

it('an answer that passes is one of those known, and reads the same again', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const answer = parseBridgeAnswer(text);
      if (answer === undefined) return;
      expect(['opened', 'alive', 'refused', 'closed']).toContain(answer.type);
      if ('error' in answer) expect(typeof answer.error?.code).toBe('string');
      expect(parseBridgeAnswer(encodeBridgeFrame(answer))).toEqual(answer);
    }),
    RUNS
  );
});
