// Owns which decisions a start that failed, or that waits for others, leaves to the user; every other error asks for something else than a choice.
import type { ErrorCode } from '../wire/errors.js';
import type { StartChoice } from './api.js';

const NOT_WHOLE: StartChoice[] = ['start_anyway', 'start_empty'];
const ON_CHAIN_ONLY: StartChoice[] = ['safe_mode'];
const CHOICES: Partial<Record<ErrorCode, StartChoice[]>> = {
  owned_elsewhere: ['take_over'],
  backup_conflict: ['take_over', 'start_anyway'],
  backup_incomplete: NOT_WHOLE,
  backup_stale: NOT_WHOLE,
  backup_seal_broken: NOT_WHOLE,
  state_unreadable: ON_CHAIN_ONLY,
  storage_corrupt: ON_CHAIN_ONLY,
  node_halted: ON_CHAIN_ONLY,
  internal: ON_CHAIN_ONLY,
  // A channel partner may be gone for good, and what is on chain needs none of them.
  quarantined: ON_CHAIN_ONLY
};

/** What `unlock` can be given after a start that failed with `code`, or a session that ended so; undefined where nothing can be chosen. */
export function choicesAfter(code: ErrorCode): StartChoice[] | undefined {
  return CHOICES[code];
}
