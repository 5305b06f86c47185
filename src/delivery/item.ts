// What travels through delivery: items (one operation each, written out), and the batch that one request carries.
import type { Item } from "../spool/item.js";

export { ITEM_OVERHEAD_BYTES, type Item, partsBytes } from "../spool/item.js";

/** A request's body, exactly as it is repeated. */
export interface Body {
  readonly path: "/runs/multipart" | "/runs/batch";
  readonly contentType: string;
  readonly encoding?: "gzip" | "zstd";
  readonly data: Uint8Array;
}

/** The items of one request. */
export interface Batch {
  readonly items: readonly Item[];
  readonly bytes: number;
  /** Set by the encoding links; kept for as long as the outcome is unknown, so that a repeat is the same bytes. */
  body?: Body;
  /** An attempt with exactly this body may have been taken. */
  isOutcomeUnknown: boolean;
  /** Attempts that came to nothing for what may be the batch's own fault. */
  failures: number;
  /** Those of them before which other requests were taken. */
  passedBy: number;
  /** When it first failed, as a mark of the evidence. */
  failedAt?: number;
  /** One attempt, whatever comes of it. */
  isTrial: boolean;
  /** The body is compressed, and no compressed body was ever taken. */
  isUnproven: boolean;
  /** Frees the place among the requests at once: the batch goes on trying beside them. */
  stepAside?: () => void;
}

/** How a request ended well: taken now, or found to have been taken before. */
export type Answer = "taken" | "taken_before";

/** One link of the chain. */
export interface Sender {
  /** Resolves once the service has every item; rejects with a `ServiceError`. */
  send(batch: Batch, signal: AbortSignal): Promise<Answer>;
  /** Somebody awaits the result: whatever is only waiting waits no longer. */
  hurry?(): void;
}

/** A batch of these items, not yet encoded. */
export function batchOf(items: readonly Item[], isTrial = false): Batch {
  let bytes = 0;
  for (const item of items) bytes += item.bytes;
  return { items, bytes, isOutcomeUnknown: false, failures: 0, passedBy: 0, isTrial, isUnproven: false };
}
