// Run ids: UUID v7 made from a span and back again.

import { randomFillSync } from "node:crypto";
import type { HrTime, SpanContext } from "@opentelemetry/api";
import { RunTimeError } from "../errors.js";
import { isSet, sharedPart } from "../shared.js";
import { microsOf } from "../wire/time.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a value is spelled as a UUID, of any version. */
export function isUuid(value: unknown): value is string {
  return typeof value === "string" && value.length === 36 && UUID.test(value);
}

/** The version digit of a UUID, or undefined where it is none. */
export function uuidVersion(uuid: string): number | undefined {
  return isUuid(uuid) ? Number.parseInt(uuid.charAt(14), 16) : undefined;
}

/** Milliseconds since the epoch in a UUID v7, or undefined for any other. */
export function millisOfUuid7(uuid: string): number | undefined {
  if (uuidVersion(uuid) !== 7) return undefined;
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

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
  if (ids.size >= MAX_CUSTOM_IDS)
    for (const oldest of ids) {
      ids.delete(oldest);
      break;
    }
  ids.add(runId.toLowerCase());
}

let lastMillis = -1;
let sequence = 0;

/**
 * A random UUID v7 of now. Ids made by one process within one millisecond keep their order.
 *
 * @example
 * ```ts
 * const runId = uuid7();
 * ```
 */
export function uuid7(): string {
  const now = Date.now();
  if (now > lastMillis) {
    lastMillis = now;
    sequence = randomInt32() >>> 1;
  } else if (++sequence > 0x3fff_ffff) {
    lastMillis += 1;
    sequence = 0;
  }
  return spell(lastMillis, sequence);
}

/**
 * A random UUID v7 of a given time.
 *
 * @param time milliseconds since the epoch, or an ISO 8601 string
 * @throws RunTimeError (a RangeError) where the time is none
 */
export function uuid7FromTime(time: number | string): string {
  // A caller without types may give anything; null would be 1970.
  const millis = time === null ? Number.NaN : typeof time === "string" ? Date.parse(time) : Math.floor(time);
  if (!(millis >= 0 && millis < 2 ** 48)) throw new RunTimeError(time);
  return spell(millis, randomInt32() & 0x3fff_ffff);
}

const random = new Uint32Array(2);

function randomInt32(): number {
  randomFillSync(random);
  return (random[0] ?? 0) & 0x3fff_ffff;
}

// 30 bits of sequence stand first (12 in rand_a, 18 in rand_b), 44 random bits behind them.
function spell(millis: number, order: number): string {
  randomFillSync(random);
  const time = millis.toString(16).padStart(12, "0");
  const first = (order >>> 18).toString(16).padStart(3, "0");
  const middle = (0x8000 | ((order >>> 4) & 0x3fff)).toString(16);
  const tail =
    (order & 15).toString(16) +
    (random[0] ?? 0).toString(16).padStart(8, "0") +
    ((random[1] ?? 0) & 0xfff).toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${first}-${middle}-${tail}`;
}
