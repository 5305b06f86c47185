// Times as LangSmith writes them, kept as whole microseconds since 1970.

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s?(Z|z|[+-]\d{2}:?\d{2})?$/;

/**
 * Microseconds of an ISO 8601 time, or of a number of milliseconds; undefined when it is neither.
 * A time without a zone is UTC, as the service reads it. Digits beyond the microsecond are cut.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? Math.round(value * 1000) : undefined;
  if (typeof value !== "string") return undefined;
  const match = ISO.exec(value.trim());
  if (!match) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  return micros(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), fraction, zone);
}

const SEGMENT_TIME = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{6})Z$/;

/** Microseconds of a dotted order segment's time, `YYYYMMDDTHHMMSSffffffZ`; undefined when it does not parse. */
export function parseSegmentTime(value: string): number | undefined {
  const match = SEGMENT_TIME.exec(value);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ""] = match;
  return micros(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), fraction, "Z");
}

function micros(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string,
  zone: string,
): number | undefined {
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(millis);
  // Date.UTC carries a 31st of February over; such a time is not one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  return (millis - offsetMillis(zone)) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function offsetMillis(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** ISO 8601, UTC, six fractional digits. */
export function formatTime(timeMicros: number): string {
  const millis = Math.floor(timeMicros / 1000);
  const rest = String(timeMicros - millis * 1000).padStart(3, "0");
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`;
}

/** The present, in microseconds. */
export function nowMicros(): number {
  return Date.now() * 1000;
}
