// UUIDs as LangSmith takes them: checked, made of version 7, and read.
import { randomFillSync } from "node:crypto";
import { RunTimeError } from "../errors.js";

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
