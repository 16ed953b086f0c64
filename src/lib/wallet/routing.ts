// Owns which screens each phase of the wallet allows; a screen outside is replaced, and remembered where one comes back to it.
import type { WalletPhase } from '../../worker/api.js';

const setupPaths = ['/welcome', '/create', '/restore'];
/** The screens of an open wallet. An address outside of them reloads the page and so locks the wallet again: nobody is sent there. */
const screenPath =
  /^\/(activity(\/[^/?#]+)?|channels(\/[^/?#]+)?|receive|send|settings(\/(words|backup|coins|passkey|price|servers|logs|wipe))?|waiting)(?=[?#]|$)/;

/** Where to go instead of `path`; `undefined` when it may stay. `search` and `hash` ride along through the unlock screen. */
export function redirectFor(phase: WalletPhase, path: string, wanted = path): string | undefined {
  switch (phase) {
    case 'empty':
      return setupPaths.includes(path) ? undefined : '/welcome';
    case 'locked':
      return path === '/unlock' ? undefined : unlockPath(path, wanted);
    case 'ready':
      return path === '/unlock' || setupPaths.includes(path) ? '/' : undefined;
    case 'starting':
    case 'halted':
      return undefined;
  }
}

/** A screen that was remembered for after the unlock; anything else becomes home. */
export function pathAfterUnlock(remembered: string | null): string {
  return remembered !== null && screenPath.test(remembered) ? remembered : '/';
}

function unlockPath(path: string, wanted: string): string {
  return screenPath.test(path) ? `/unlock#${encodeURIComponent(wanted)}` : '/unlock';
}
