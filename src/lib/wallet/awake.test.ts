// Proves that a payment waits for channels that sleep where they could carry it, and not a moment where they could not.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChannelInfo, ChannelState, PeerStatus } from '../../worker/api.js';
import { TernError } from '../../wire/errors.js';
import { quoteOnceAwake } from './awake.js';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('navigator', { onLine: true });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const quote = { feeMsat: 1n };

function channelsAre(state: ChannelState, outboundMsat = 10_000n) {
  const channel = { state, outboundMsat, counterpartyNodeId: '02' } as ChannelInfo;
  const peers: PeerStatus[] = [];
  const source = { channels: () => Promise.resolve([channel]), peers: () => Promise.resolve(peers) };
  const refused = new TernError('insufficient_balance', 'Nothing can be sent now.', 'Wait.');
  const ask = vi.fn(() => (channel.state === 'ready' ? Promise.resolve(quote) : Promise.reject(refused)));
  return { channel, peers, source, ask };
}

it('asks once where the channels are awake', async () => {
  const { source, ask } = channelsAre('ready');
  await expect(quoteOnceAwake(source, ask, 5_000n)).resolves.toBe(quote);
  expect(ask).toHaveBeenCalledTimes(1);
});

it('asks again when a channel that could carry the amount has woken up', async () => {
  const { channel, source, ask } = channelsAre('offline');
  const quoting = quoteOnceAwake(source, ask, 5_000n);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(ask).toHaveBeenCalledTimes(1);
  channel.state = 'ready';
  await vi.advanceTimersByTimeAsync(500);
  await expect(quoting).resolves.toBe(quote);
});

it('asks again when the channel wakes just as it is refused', async () => {
  const { channel, source, ask } = channelsAre('offline');
  ask.mockImplementationOnce(() => {
    channel.state = 'ready';
    return Promise.reject(new TernError('route_not_found', 'No way was found.', 'Wait.'));
  });
  await expect(quoteOnceAwake(source, ask, 5_000n)).resolves.toBe(quote);
});

it('says that the other side cannot be reached when a channel sleeps on', async () => {
  const { source, ask } = channelsAre('offline');
  const quoting = expect(quoteOnceAwake(source, ask, 5_000n)).rejects.toMatchObject({ code: 'route_not_found' });
  await vi.advanceTimersByTimeAsync(16_000);
  await quoting;
  expect(ask).toHaveBeenCalledTimes(1);
});

it('names what is missing on our side, and without a network soon', async () => {
  const { peers, source, ask } = channelsAre('offline');
  const error = { code: 'bridge_unreachable', cause: 'No network.', next: 'Connect.' } as const;
  const unasked = { code: 'backup_unavailable', cause: 'No backup.', next: 'Wait.' } as const;
  peers.push({ nodeId: '03', address: 'host:9735', state: 'waiting', error: unasked });
  peers.push({ nodeId: '02', address: 'host:9735', state: 'waiting', error });
  vi.stubGlobal('navigator', { onLine: false });
  const offline = expect(quoteOnceAwake(source, ask, 5_000n)).rejects.toMatchObject(error);
  await vi.advanceTimersByTimeAsync(2_500);
  await offline;
  vi.stubGlobal('navigator', { onLine: true });
  const quoting = expect(quoteOnceAwake(source, ask, 5_000n)).rejects.toMatchObject(error);
  await vi.advanceTimersByTimeAsync(16_000);
  await quoting;
});

it.each([
  ['the channels could not carry it awake either', 'offline', 20_000n],
  ['no channel sleeps', 'closing', 5_000n]
] as const)('refuses at once where %s', async (_why, state, amountMsat) => {
  const { source, ask } = channelsAre(state);
  await expect(quoteOnceAwake(source, ask, amountMsat)).rejects.toMatchObject({ code: 'insufficient_balance' });
});

it('does not wait for what no channel can mend', async () => {
  const { source } = channelsAre('offline');
  const expired = new TernError('invoice_expired', 'The invoice has expired.', 'Ask for another.');
  await expect(quoteOnceAwake(source, () => Promise.reject(expired), 5_000n)).rejects.toBe(expired);
});
