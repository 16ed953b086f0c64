// Owns which screens each phase of the wallet allows; a screen outside is replaced, and remembered where one comes back to it.
import type { WalletPhase } from '../../worker/api.js';

const setupPaths = ['/welcome', '/create', '/restore'];

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

/** A same-origin path that was remembered for after the unlock; anything else becomes home. */
export function pathAfterUnlock(remembered: string | null): string {
  if (remembered === null || !/^\/(?![/\\])/.test(remembered)) return '/';
  return remembered.startsWith('/unlock') ? '/' : remembered;
}

function unlockPath(path: string, wanted: string): string {
  const worthRemembering = path !== '/' && path !== '/words' && !setupPaths.includes(path);
  return worthRemembering ? `/unlock#${encodeURIComponent(wanted)}` : '/unlock';
}
