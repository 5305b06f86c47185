// Why a request failed, as a type: the links of the chain ask the error, and know no status code.
import { failureWords } from "./failure.js";

/**
 * What a failure means for the request.
 *
 * - `unavailable`: the service did not answer, or answered that it cannot now; the same request may succeed later.
 * - `throttled`: it asked to come back later; `retryAfterMillis` says when, `quotaPauseMillis` that it will not pass soon.
 * - `unauthorized`: key or workspace was refused; nothing gets through until that is set right.
 * - `forbidden`: refused for the key, or for what one of the runs says by something in front of the service (403; after
 *   something was taken, also what `misconfigured` is else).
 * - `misconfigured`: what answered is not the ingestion endpoint (404, redirects, 405, a web page…).
 * - `malformed`: the request was refused whole for what at least one of its runs says.
 * - `conflict`: at least one operation was received before.
 * - `too_large`: the request is beyond what the service takes.
 * - `encoding`: the service cannot read the compression.
 * - `singled_out`: it came to nothing several times while others were taken.
 * - `unproven`: it came to nothing several times, and nothing else was sent that would tell whose fault that is.
 * - `expired`: it was tried for as long as it may be.
 * - `stopped`: delivery is shutting down.
 */
export type FailureKind =
  | "unavailable"
  | "throttled"
  | "unauthorized"
  | "forbidden"
  | "misconfigured"
  | "malformed"
  | "conflict"
  | "too_large"
  | "encoding"
  | "singled_out"
  | "unproven"
  | "expired"
  | "stopped";

/** Whether the service may have taken what the request carried. */
export type Reach = "never_written" | "refused" | "unknown";

export interface FailureDetails {
  reach: Reach;
  status?: number;
  retryAfterMillis?: number;
  /** How long a usage limit lasts, where that is what was answered. */
  quotaPauseMillis?: number;
  /** A body that is compressed may be refused so for its compression. */
  blamesEncoding?: boolean;
  /** A 403 in the service's own words. */
  isOfService?: boolean;
  /** There was no key to send: the function for it failed. */
  isWithoutKey?: boolean;
  /** The service's own text, without key and headers, bounded: for `onError` alone. */
  answer?: string;
}

/**
 * A failed request. `code` is stable: `LSB_ERR_` and the kind in capitals. Its message may stand in a log line: it is ours
 * to the last word, and there is no cause, since the text of another error may quote a key or a payload.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  readonly reach: Reach;
  readonly status: number | undefined;
  readonly retryAfterMillis: number | undefined;
  readonly quotaPauseMillis: number | undefined;
  /** A usage limit was reached, which does not pass soon. */
  readonly isQuota: boolean;
  readonly blamesEncoding: boolean;
  readonly isOfService: boolean;
  readonly isWithoutKey: boolean;
  /** What the service wrote: not for a log line, since it may quote a run. */
  readonly answer: string | undefined;

  constructor(
    readonly kind: FailureKind,
    message: string,
    details: FailureDetails,
  ) {
    super(message);
    this.code = `LSB_ERR_${kind.toUpperCase()}`;
    this.reach = details.reach;
    this.status = details.status;
    this.retryAfterMillis = details.retryAfterMillis;
    this.quotaPauseMillis = details.quotaPauseMillis;
    this.isQuota = details.quotaPauseMillis !== undefined;
    this.isOfService = details.isOfService ?? false;
    this.isWithoutKey = details.isWithoutKey ?? false;
    this.blamesEncoding = details.blamesEncoding ?? false;
    this.answer = details.answer;
  }
}

/** Any thrown value as a `ServiceError`; what nobody foresaw counts as an outage of unknown outcome. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  return new ServiceError("unavailable", failureWords(error), { reach: "unknown" });
}

/**
 * An answer that is not the ingestion's, to a request of a destination that has taken others: a firewall's, for what one of
 * the runs says (406, a redirect to its page, a page with 200). It is looked for as after a 403.
 */
export function asOfTheRuns(error: ServiceError): ServiceError {
  const { kind, status, message, reach, blamesEncoding } = error;
  if (kind !== "misconfigured" || status === undefined) return error;
  return new ServiceError("forbidden", message, { status, reach, blamesEncoding, ...answerOf(error) });
}

/** The service's text, to be passed on beside the words of our own. */
export function answerOf({ answer }: { readonly answer?: string | undefined }): { answer?: string } {
  return answer === undefined ? {} : { answer };
}

/** Something in this body may be what the service stumbles over; a connection that was never made speaks of no body. */
export function mayBeItsOwn(error: ServiceError): boolean {
  return error.kind === "unavailable" && error.reach !== "never_written";
}
