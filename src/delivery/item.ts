// What travels through delivery: an item is one operation, written out; a batch is what one request carries.
import type { SpoolRecord } from "../spool/segment.js";
import type { RunParts } from "../wire/parts.js";

/** One operation, ready to be written into a request. */
export interface Item {
  /** Order of arrival in this process. */
  readonly seq: number;
  readonly runId: string;
  readonly traceId: string;
  verb: "post" | "patch";
  /** A post without an end: an `end` will follow it. */
  pending: boolean;
  parts: RunParts;
  /** What the item is charged for in the queue: its exact bytes and a flat overhead. */
  bytes: number;
  /** Milliseconds of the delivery's own clock. */
  readonly receivedAt: number;
  isSettled: boolean;
  /** An attempt of another request, or of a process before this one, may have reached the service. */
  mayHaveArrived: boolean;
  /** It fails alone: others do not wait for it. */
  isAside?: boolean;
  /** Where a copy lies on disk, and when it is certain that it does. */
  record?: SpoolRecord;
  written?: Promise<unknown>;
}

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

/** Flat charge for an item beside its bytes: objects, buffers, and what multipart writes between four parts. */
export const ITEM_OVERHEAD_BYTES = 768;

/** The exact bytes of a written run. */
export function partsBytes(parts: RunParts): number {
  let bytes = parts.core.byteLength;
  for (const [, buffer] of parts.fields) bytes += buffer.byteLength;
  for (const attachment of parts.attachments) bytes += attachment.data.byteLength;
  return bytes;
}

/** A batch of these items, not yet encoded. */
export function batchOf(items: readonly Item[], isTrial = false): Batch {
  let bytes = 0;
  for (const item of items) bytes += item.bytes;
  return { items, bytes, isOutcomeUnknown: false, failures: 0, passedBy: 0, isTrial, isUnproven: false };
}
