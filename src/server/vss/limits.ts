// Owns what a VSS request may hold. What is over a limit is refused before the database sees it.
import { TernError } from '../../wire/errors.js';

/** The key under which the version of a whole store lies. */
export const GLOBAL_VERSION_KEY = 'global_version';
/** Characters, as code points. */
export const MAX_KEY_LENGTH = 600;
/** Characters, as code points. */
export const MAX_STORE_ID_LENGTH = 120;
/** Writes and deletes of one put together. */
export const MAX_PUT_ITEMS = 1_000;
/** Also the size of a page where none is asked for. */
export const MAX_PAGE_SIZE = 100;

/** Refuses a store id that is too long or holds a NUL. */
export function checkStoreId(storeId: string): void {
  checkText('store_id', storeId, MAX_STORE_ID_LENGTH);
}

/** Refuses a key, or the prefix of one, that is too long or holds a NUL. */
export function checkKey(key: string): void {
  checkText('key', key, MAX_KEY_LENGTH);
}

/** The place after which a page begins; a page token is it in decimal. The first page begins after the greatest. */
export function parsePageToken(token: string | undefined): bigint {
  const greatest = 2n ** 63n - 1n;
  if (token === undefined) return greatest;
  const sortOrder = /^\d{1,19}$/.test(token) ? BigInt(token) : greatest + 1n;
  if (sortOrder > greatest) throw invalidRequest('page_token is not one that this server gave out.');
  return sortOrder;
}

/** How many items a page may have. */
export function parsePageSize(pageSize: number | undefined): number {
  if (pageSize !== undefined && pageSize < 0) throw invalidRequest('page_size is negative.');
  return Math.min(pageSize ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE);
}

/** A request that makes no sense and never will. */
export function invalidRequest(cause: string): TernError {
  return new TernError('backup_invalid_request', cause, 'Correct the request; trying again will not help.');
}

function checkText(field: string, text: string, maxLength: number): void {
  if (text.includes('\0')) throw invalidRequest(`${field} holds a NUL character.`);
  // A code point takes at most two code units: only what is between needs counting.
  if (text.length > maxLength && [...text].length > maxLength) {
    throw invalidRequest(`${field} is longer than ${maxLength} characters.`);
  }
}
