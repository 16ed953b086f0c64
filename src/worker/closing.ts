// Owns the beginning of a closing by consent: it waits out the moments in which LDK begins none, and nothing else.
import { TernError } from '../wire/errors.js';
import type { Session } from './session.js';

const PATIENCE_MS = 5_000;
const LOOK_MS = 100;

/**
 * Asks the peer to close (BOLT 2). LDK refuses while an update of the channel is on its way to the disk or the backup, as just after a payment:
 * while the channel is usable that passes. Throws `channel_close_failed`.
 */
export async function beginClosing({ lightning, clock }: Session, channelId: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    try {
      return await lightning.command((node) => node.closeChannel(channelId));
    } catch (thrown) {
      const isPassing = TernError.from(thrown).code === 'channel_close_failed' && waitedMs < PATIENCE_MS;
      if (!isPassing || !(await isReady(lightning, channelId))) throw thrown;
    }
    await clock.sleep(LOOK_MS);
  }
}

async function isReady(lightning: Session['lightning'], channelId: string): Promise<boolean> {
  const channels = await lightning.query((node) => node.channels());
  return channels.some((channel) => channel.channelId === channelId && channel.state === 'ready');
}
