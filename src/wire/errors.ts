// Owns the one error type of the TypeScript side: every failure has a stable code, a cause and a next step.

/** Stable codes. They are part of the API: add, never rename. The Rust enum uses the same names for what it raises. */
export type ErrorCode =
  // bad input, refused at the door: nothing was changed
  | 'invalid_mnemonic'
  | 'invalid_password'
  | 'invalid_address'
  | 'invalid_amount'
  | 'invalid_invoice'
  | 'invalid_node_uri'
  | 'invalid_payment_uri'
  | 'invalid_url'
  | 'insecure_url'
  | 'invalid_argument'
  | 'wrong_network'
  // money
  | 'invoice_expired'
  | 'invoice_already_paid'
  | 'payment_in_flight'
  | 'insufficient_balance'
  | 'amount_below_dust'
  | 'cannot_speed_up'
  | 'speeds_up_itself'
  | 'route_not_found'
  | 'payment_failed'
  | 'own_invoice'
  // channels and peers
  | 'channel_not_found'
  | 'channel_open_failed'
  | 'channel_close_failed'
  | 'peer_unreachable'
  | 'peer_refused'
  | 'bridge_unreachable'
  | 'bridge_refused'
  // chain
  | 'chain_unavailable'
  | 'chain_invalid_answer'
  | 'broadcast_rejected'
  // price
  | 'price_unavailable'
  | 'price_invalid_answer'
  // keys and disk
  | 'wallet_exists'
  | 'wallet_missing'
  | 'wallet_locked'
  | 'wrong_password'
  | 'passkey_refused'
  | 'passkey_unavailable'
  | 'vault_downgraded'
  | 'vault_corrupt'
  | 'running_elsewhere'
  | 'storage_full'
  | 'storage_unavailable'
  | 'storage_corrupt'
  | 'schema_too_new'
  | 'state_unreadable'
  | 'node_halted'
  | 'safe_mode'
  // backup
  | 'backup_conflict'
  | 'backup_missing_key'
  | 'backup_invalid_request'
  | 'backup_unauthorized'
  | 'backup_clock_skew'
  | 'backup_unavailable'
  | 'backup_deadline'
  | 'backup_bad_answer'
  | 'backup_seal_broken'
  | 'backup_incomplete'
  | 'backup_stale'
  | 'backup_too_large'
  | 'backup_schema_too_new'
  | 'owned_elsewhere'
  | 'taken_over'
  | 'payments_paused'
  | 'quarantined'
  // the last resort: a defect of ours
  | 'internal';

/** What crosses the worker wall: a plain object, so that structured clone keeps all of it. */
export interface ErrorShape {
  code: ErrorCode;
  /** Why it happened, for people; never holds secrets. */
  cause: string;
  /** What the user can do now. */
  next: string;
}

/** The one error class. `message` repeats the cause, so that logs and test runners show it. */
export class TernError extends Error implements ErrorShape {
  override readonly name = 'TernError';
  readonly code: ErrorCode;
  override readonly cause: string;
  readonly next: string;

  constructor(code: ErrorCode, cause: string, next: string) {
    super(`${code}: ${cause}`);
    this.code = code;
    this.cause = cause;
    this.next = next;
  }

  /** The plain form that crosses the wall. */
  toShape(): ErrorShape {
    return { code: this.code, cause: this.cause, next: this.next };
  }

  /** Rebuilds an error on the other side of the wall. */
  static fromShape(shape: ErrorShape): TernError {
    return new TernError(shape.code, shape.cause, shape.next);
  }

  /** Any thrown value as a TernError; what is not ours becomes `internal`. */
  static from(thrown: unknown): TernError {
    if (thrown instanceof TernError) return thrown;
    if (isErrorShape(thrown)) return TernError.fromShape(thrown);
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    return new TernError(
      'internal',
      cause,
      'Reload the wallet. If it happens again, send us the logs from the settings.'
    );
  }
}

/** True for a thrown plain object of the wall's form, as the WASM node raises it. */
export function isErrorShape(thrown: unknown): thrown is ErrorShape {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    typeof (thrown as ErrorShape).code === 'string' &&
    typeof (thrown as ErrorShape).cause === 'string' &&
    typeof (thrown as ErrorShape).next === 'string'
  );
}
