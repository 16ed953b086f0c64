// Owns passing VSS requests on to a server that browsers cannot reach themselves. Nothing is read into them or added but what CORS needs.
import type { IncomingMessage } from 'node:http';
import { TernError } from '../../wire/errors.js';

const TIMEOUT_MS = 60_000;
const PASSED_HEADERS = ['authorization', 'content-type'] as const;

/** An answer of the upstream, as it came. */
export interface UpstreamAnswer {
  status: number;
  body: Uint8Array;
}

/**
 * Sends one request on to `{base}{path}`. `backup_unavailable`: no answer. A redirect counts as none: it would carry the proof of who asks
 * to another server.
 */
export async function passOn(
  base: string,
  path: string,
  request: IncomingMessage,
  body: Uint8Array<ArrayBuffer>
): Promise<UpstreamAnswer> {
  const headers = new Headers();
  for (const name of PASSED_HEADERS) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  try {
    const answer = await fetch(`${base}${path}`, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS)
    });
    return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
  } catch (fault) {
    const why = fault instanceof Error && fault.cause instanceof Error ? fault.cause.message : String(fault);
    throw new TernError(
      'backup_unavailable',
      `The upstream VSS server gave no answer: ${why}.`,
      'Check --vss-upstream and that server.'
    );
  }
}
