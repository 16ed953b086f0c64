// Owns the patience with channels that still sleep: right after the wallet was opened, what they might carry is not refused before their peers had time to answer.
import type { ChannelInfo, PeerStatus } from '../../worker/api.js';
import { TernError } from '../../wire/errors.js';

/** A peer is dialled at once, and again within seconds. */
const WAKING_PATIENCE_MS = 15_000;
const OFFLINE_PATIENCE_MS = 2_000;
const WAKING_POLL_MS = 250;

/** Who knows how the channels and their peers stand. */
export interface ChannelSource {
  channels(): Promise<ChannelInfo[]>;
  peers(): Promise<PeerStatus[]>;
}

/**
 * What a Lightning payment of `amountMsat` costs, by `ask`; asked again once the channels that could carry it are awake.
 * @throws TernError `route_not_found` where a peer did not answer in time, what keeps us from asking it where that is on our side (no network,
 * no bridge, no backup), and what `ask` throws.
 */
export async function quoteOnceAwake<Quote>(
  source: ChannelSource,
  ask: () => Promise<Quote>,
  amountMsat: bigint
): Promise<Quote> {
  // Looked at first: a channel may wake between the refusal and a look at it.
  const mightWake = await mightCarryAwake(source, amountMsat);
  try {
    return await ask();
  } catch (thrown) {
    const { code } = TernError.from(thrown);
    const mayPass = code === 'insufficient_balance' || code === 'route_not_found';
    if (!mayPass || !mightWake) throw thrown;
  }
  const beganAtMs = Date.now();
  while (await mightCarryAwake(source, amountMsat)) {
    // A device that just woke up finds its network within a moment; without one no further patience helps.
    const patienceMs = navigator.onLine ? WAKING_PATIENCE_MS : OFFLINE_PATIENCE_MS;
    if (Date.now() > beganAtMs + patienceMs) throw await whyAsleep(source);
    // Nobody tells when a channel can be used again.
    await new Promise((resolve) => setTimeout(resolve, WAKING_POLL_MS));
  }
  return ask();
}

async function whyAsleep(source: ChannelSource): Promise<TernError> {
  const asleep = (await source.channels()).filter(({ state }) => state === 'offline');
  const peers = (await source.peers()).filter((peer) =>
    asleep.some(({ counterpartyNodeId }) => counterpartyNodeId === peer.nodeId)
  );
  const ours = peers.find(({ error }) => error && !error.code.startsWith('peer_'))?.error;
  if (ours) return TernError.fromShape(ours);
  return new TernError('route_not_found', 'The other side of a channel cannot be reached.', 'Try again later.');
}

/** Whether a channel sleeps, and all together could carry the amount. */
async function mightCarryAwake(source: ChannelSource, amountMsat: bigint): Promise<boolean> {
  const channels = await source.channels();
  const outboundMsat = channels.reduce((sum, channel) => sum + channel.outboundMsat, 0n);
  return outboundMsat >= amountMsat && channels.some(({ state }) => state === 'offline');
}
