// Why a request failed, as a type: the links of the chain ask the error, and know no status code.

/**
 * What a failure means for the request.
 *
 * - `unavailable`: the service did not answer, or answered that it cannot now; the same request may succeed later.
 * - `throttled`: it asked to come back later; `retryAfterMillis` says when, `isQuota` that it will not pass soon.
 * - `unauthorized`: key or workspace was refused; nothing gets through until that is set right.
 * - `misconfigured`: what answered is not the ingestion endpoint (404, redirects, 405, a web page…).
 * - `malformed`: the request was refused whole for what at least one of its runs says.
 * - `conflict`: at least one operation was received before.
 * - `too_large`: the request is beyond what the service takes.
 * - `encoding`: the service cannot read the compression.
 * - `expired`: it was tried for as long as it may be.
 * - `stopped`: delivery is shutting down.
 */
export type FailureKind =
  | "unavailable"
  | "throttled"
  | "unauthorized"
  | "misconfigured"
  | "malformed"
  | "conflict"
  | "too_large"
  | "encoding"
  | "expired"
  | "stopped";

/** Whether the service may have taken what the request carried. */
export type Reach = "never_written" | "refused" | "unknown";

export interface FailureDetails {
  reach: Reach;
  status?: number;
  retryAfterMillis?: number;
  isQuota?: boolean;
  cause?: unknown;
}

/** A failed request. `code` is stable: `LSB_ERR_` and the kind in capitals. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly code: string;
  readonly reach: Reach;
  readonly status: number | undefined;
  readonly retryAfterMillis: number | undefined;
  readonly isQuota: boolean;

  constructor(
    readonly kind: FailureKind,
    message: string,
    details: FailureDetails,
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = `LSB_ERR_${kind.toUpperCase()}`;
    this.reach = details.reach;
    this.status = details.status;
    this.retryAfterMillis = details.retryAfterMillis;
    this.isQuota = details.isQuota ?? false;
  }
}

/** Any thrown value as a `DeliveryError`; what nobody foresaw counts as an outage of unknown outcome. */
export function toDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DeliveryError("unavailable", message, { reach: "unknown", cause: error });
}
