// Owns what a user reads when something fails: our words by code, the failure's own cause as the technical detail.
import type { ErrorCode, ErrorShape } from '../../wire/errors.js';
import { TernError } from '../../wire/errors.js';
import { errorWords } from './i18n.js';

/** A failure ready for a screen. */
export interface ReadableError {
  code: ErrorCode;
  /** What happened. */
  title: string;
  /** What to do now. */
  next: string;
  /** The cause as the failing part told it, for those who help. */
  detail: string;
}

/** Any thrown value or error from the worker, in the user's words. */
export function readableError(thrown: unknown): ReadableError {
  const error = TernError.from(thrown);
  return readableShape(error.toShape());
}

/** The same for an error that arrived in an event or status. A code of a newer worker speaks for itself. */
export function readableShape(error: ErrorShape): ReadableError {
  const known = (errorWords() as Partial<Record<string, { title: string; next: string }>>)[error.code];
  return {
    code: error.code,
    title: known?.title ?? error.cause,
    next: known?.next ?? error.next,
    detail: error.cause
  };
}
