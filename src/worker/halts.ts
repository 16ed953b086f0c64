// Owns the errors of a node that does not run: because the wallet is locked, because it stopped itself, or because it met a defect.
import type { NodeEvent } from '../../wasm/pkg/tern.js';
import { isErrorShape, TernError } from '../wire/errors.js';

/** The wallet is locked. */
export function notRunning(): TernError {
  return new TernError('wallet_locked', 'The wallet is locked.', 'Unlock it first.');
}

/** The wallet was locked before it had started. */
export function lockedMeanwhile(): TernError {
  return new TernError('wallet_locked', 'The wallet was locked while it started.', 'Unlock it again.');
}

/** Why the node stopped itself. */
export function haltOf(event: Extract<NodeEvent, { type: 'halted' }>): TernError {
  const shape: unknown = { code: event.code, cause: event.cause, next: event.next };
  return isErrorShape(shape) ? TernError.fromShape(shape) : TernError.from(shape);
}

/** A trap of WebAssembly. */
export function crashed(thrown: Error): TernError {
  return new TernError(
    'node_halted',
    `The node met a defect: ${thrown.message}`,
    'Reload the page. If it happens again, send us the logs.'
  );
}
