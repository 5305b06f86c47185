// Times as LangSmith writes them, kept as whole microseconds since 1970.

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s?(Z|z|[+-]\d{2}:?\d{2})?$/;

// The years 1 to 9999, which is what ISO 8601 writes with four digits; what cannot be written must not be stored.
const MIN_MILLIS = -62_135_596_800_000;
const MAX_MILLIS = 253_402_300_799_999;

/**
 * Microseconds of an ISO 8601 time, or of a number of milliseconds; undefined when it is neither.
 * A time without a zone is UTC, as the service reads it. Digits beyond the microsecond are cut.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "number") {
    return value >= MIN_MILLIS && value <= MAX_MILLIS ? Math.round(value * 1000) : undefined;
  }
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
  const midnight = midnightMillis(year, month, day);
  if (midnight === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const millis = midnight + ((hour * 60 + minute) * 60 + second) * 1000;
  return (millis - offsetMillis(zone)) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

// Runs that come together are mostly of one day.
let lastDay = { key: Number.NaN, millis: 0 };

function midnightMillis(year: number, month: number, day: number): number | undefined {
  const key = (year * 100 + month) * 100 + day;
  if (key === lastDay.key) return lastDay.millis;
  const millis = Date.UTC(year, month - 1, day);
  const date = new Date(millis);
  // Date.UTC carries a 31st of February over; such a day is not one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  lastDay = { key, millis };
  return millis;
}

function offsetMillis(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

// The text of a second, up to its point: the runs of a trace share few of them.
let lastSecond = { second: Number.NaN, text: "" };

/** ISO 8601, UTC, six fractional digits. */
export function formatTime(timeMicros: number): string {
  const second = Math.floor(timeMicros / 1_000_000);
  if (second !== lastSecond.second) {
    lastSecond = { second, text: new Date(second * 1000).toISOString().slice(0, -4) };
  }
  return `${lastSecond.text}${String(timeMicros - second * 1_000_000).padStart(6, "0")}Z`;
}

/** The present, in microseconds. */
export function nowMicros(): number {
  return Date.now() * 1000;
}
