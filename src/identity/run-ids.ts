// Run ids: UUID v7 made from a span and back again.

import type { SpanContext } from "@opentelemetry/api";
import { isSet, sharedPart } from "../shared.js";
import { uuidVersion } from "../wire/ids.js";
import { makeRoom } from "../wire/newest.js";
import { type HrTime, microsOf } from "../wire/time.js";

/**
 * The run id of a span: a UUID v7 of its own start, with nothing random in it.
 *
 * 48 bits are the start in milliseconds; of the 74 free bits, the first 12 and the last 52 are the span id's 64, and
 * between them stand the last 10 bits of the trace id. So a retry or a second export yields the same id, and
 * {@link spanIdOf} finds the span again.
 *
 * @param spanContext the span's `traceId` and `spanId` (hexadecimal)
 * @param startTime the span's own start, before anything was moved
 * @example
 * ```ts
 * runIdOf(span.spanContext(), span.startTime); // "019a…-7…"
 * ```
 */
export function runIdOf(spanContext: Pick<SpanContext, "traceId" | "spanId">, startTime: HrTime): string {
  return runIdAt(spanContext.traceId, spanContext.spanId, Math.floor(microsOf(startTime) / 1000));
}

let spelledMillis = -1;
let spelledPrefix = "";

/** {@link runIdOf} from a start in milliseconds. */
export function runIdAt(traceId: string, spanId: string, startMillis: number): string {
  if (startMillis !== spelledMillis) {
    const hex = startMillis.toString(16).padStart(12, "0");
    spelledMillis = startMillis;
    spelledPrefix = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7`;
  }
  const variant = VARIANTS[Number.parseInt(traceId.charAt(29), 16) & 3];
  return `${spelledPrefix}${spanId.slice(0, 3)}-${variant}${traceId.slice(30, 32)}${spanId.charAt(3)}-${spanId.slice(4, 16)}`;
}

const VARIANTS = ["8", "9", "a", "b"] as const;

/**
 * The span id from which {@link runIdOf} made a run id, as 16 hexadecimal digits; undefined for an id that is not a
 * UUID v7, and for one that this process knows to be custom (`langsmith.span.id`, a `traceable`'s `id`).
 */
export function spanIdOf(runId: string): string | undefined {
  if (uuidVersion(runId) !== 7 || customIds().has(runId.toLowerCase())) return undefined;
  const id = runId.toLowerCase();
  return `${id.slice(15, 18)}${id.charAt(22)}${id.slice(24)}`;
}

const MAX_CUSTOM_IDS = 10_000;

let custom: Set<string> | undefined;

function customIds(): Set<string> {
  custom ??= sharedPart("customIds", () => new Set(), isSet<string>);
  return custom;
}

/** Remembers that an id is not made from a span (the latest 10,000 are kept). */
export function rememberCustomId(runId: string): void {
  const ids = customIds();
  makeRoom(ids, MAX_CUSTOM_IDS);
  ids.add(runId.toLowerCase());
}
