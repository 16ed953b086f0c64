// Owns how VSS answers look over HTTP: the status, an ErrorResponse on every failure, and headers that let browsers read all of it.
import { create, toBinary } from '@bufbuild/protobuf';
import type { ServerResponse } from 'node:http';
import type { TernError, ErrorCode as TernErrorCode } from '../../wire/errors.js';
import { ErrorCode, ErrorResponseSchema } from '../../wire/gen/vss_pb.js';

const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

const FAILURES: Partial<Record<TernErrorCode, [status: number, code: ErrorCode]>> = {
  backup_conflict: [409, ErrorCode.CONFLICT_EXCEPTION],
  backup_invalid_request: [400, ErrorCode.INVALID_REQUEST_EXCEPTION],
  backup_too_large: [413, ErrorCode.INVALID_REQUEST_EXCEPTION],
  backup_missing_key: [404, ErrorCode.NO_SUCH_KEY_EXCEPTION],
  backup_unauthorized: [401, ErrorCode.AUTH_EXCEPTION],
  backup_unavailable: [502, ErrorCode.INTERNAL_SERVER_EXCEPTION],
  storage_unavailable: [503, ErrorCode.INTERNAL_SERVER_EXCEPTION]
};

/**
 * The headers of every VSS answer. `vss-protocol-version` is what vss-client-ng 0.6 insists on. `allowedOrigin` is `*` where each request
 * brings its own proof; undefined closes the service to pages.
 */
export function setWireHeaders(response: ServerResponse, allowedOrigin: string | undefined): void {
  response.setHeader('vss-protocol-version', '0');
  response.setHeader('cache-control', 'no-store');
  if (allowedOrigin === undefined) return;
  response.setHeader('access-control-allow-origin', allowedOrigin);
  if (allowedOrigin !== '*') response.setHeader('vary', 'origin');
  response.setHeader('access-control-expose-headers', 'vss-protocol-version, date');
}

/** Answers a preflight (Fetch, 3.2.2). */
export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS)
  });
  response.end();
}

/** Answers with an encoded message. */
export function answerBytes(response: ServerResponse, status: number, bytes: Uint8Array): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  response.end(bytes);
}

/** Answers with an ErrorResponse. What is no fault of the request is not described to it. */
export function answerFailure(response: ServerResponse, error: TernError, status?: number): void {
  const [usualStatus, errorCode] = FAILURES[error.code] ?? [500, ErrorCode.INTERNAL_SERVER_EXCEPTION];
  const message = errorCode === ErrorCode.INTERNAL_SERVER_EXCEPTION ? 'The server failed.' : error.cause;
  answerBytes(
    response,
    status ?? usualStatus,
    toBinary(ErrorResponseSchema, create(ErrorResponseSchema, { errorCode, message }))
  );
}
