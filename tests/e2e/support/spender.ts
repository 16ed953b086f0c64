// Owns how a wallet comes to be one that can pay and be paid: created, with coins on chain and a channel to lnd that has money on both sides.
import type { Page } from '@playwright/test';
import type { Stand } from '../../regtest/stand.js';
import { payLnd } from './backup.js';
import { createWallet } from './onboarding.js';
import { fundWallet, openChannel, walletNodeId } from './steps.js';

export interface Spender {
  page: Page;
  nodeId: string;
  words: string[];
}

/** Creates it on a page that knows no wallet yet. A million sat of two are in the channel, and `paidSat` of those were paid to lnd. */
export async function createSpender(stand: Stand, page: Page, paidSat = 200_000n): Promise<Spender> {
  const words = await createWallet(page);
  await fundWallet(stand, page, 2_000_000n);
  const nodeId = await walletNodeId(page);
  await openChannel(stand, page, 1_000_000n);
  await payLnd(stand, page, paidSat, 'to begin with');
  return { page, nodeId, words };
}
