// Proves that the bridge's text frames come back as they were sent and that nothing else is taken for one.
import { describe, expect, it } from 'vitest';
import {
  encodeBridgeFrame,
  parseBridgeAnswer,
  parseBridgeRequest,
  type BridgeAnswer,
  type BridgeRequest
} from './bridge.js';

const error = { code: 'peer_unreachable', cause: 'Nobody there.', next: 'Try later.' } as const;

describe('bridge frames', () => {
  it('round-trips every request and answer', () => {
    const requests: BridgeRequest[] = [{ type: 'open', host: 'node.example', port: 9735 }, { type: 'close' }];
    for (const request of requests) expect(parseBridgeRequest(encodeBridgeFrame(request))).toEqual(request);
    const answers: BridgeAnswer[] = [
      { type: 'opened' },
      { type: 'alive' },
      { type: 'refused', error },
      { type: 'closed', reason: 'peer_closed' },
      { type: 'closed', reason: 'peer_failed', error }
    ];
    for (const answer of answers) expect(parseBridgeAnswer(encodeBridgeFrame(answer))).toEqual(answer);
  });

  it.each([
    '',
    'null',
    '[]',
    '7',
    '{"type":"open"}',
    '{"type":"open","host":"","port":1}',
    '{"type":"open","host":"x","port":"1"}',
    '{"type":"open","host":"x","port":1.5}',
    '{"type":"open","host":"x","port":-1}',
    `{"type":"open","host":"${'x'.repeat(254)}","port":1}`
  ])('takes %j for no request', (text) => expect(parseBridgeRequest(text)).toBeUndefined());

  it.each([
    '',
    'null',
    '{"type":"refused"}',
    '{"type":"refused","error":"no"}',
    '{"type":"closed","reason":"why not"}',
    '{"type":"pong"}'
  ])('takes %j for no answer', (text) => expect(parseBridgeAnswer(text)).toBeUndefined());
});
