// One operation, written out: as delivery sends it, and as it lies on disk.
import type { RunParts } from "../wire/parts.js";
import type { SpoolRecord } from "./segment.js";

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

/** Flat charge for an item beside its bytes: objects, buffers, and what multipart writes between four parts. */
export const ITEM_OVERHEAD_BYTES = 768;

/** The exact bytes of a written run. */
export function partsBytes(parts: RunParts): number {
  let bytes = parts.core.byteLength;
  for (const [, buffer] of parts.fields) bytes += buffer.byteLength;
  for (const attachment of parts.attachments) bytes += attachment.data.byteLength;
  return bytes;
}
