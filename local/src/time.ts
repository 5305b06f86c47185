// Times as LangSmith writes them, kept as whole microseconds since 1970.

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?)?\s?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$/;
// ISO 8601's basic form, as a dotted order and many file names write it.
const BASIC = /^(\d{4})(\d{2})(\d{2})[Tt](\d{2})(\d{2})(?:(\d{2})(?:[.,]?(\d{1,12}))?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;
const NUMBER = /^-?\d{1,20}(?:\.\d{1,12})?$/;

// The years 1 to 9999, which is what ISO 8601 writes with four digits; what cannot be written must not be stored.
const MIN_MILLIS = -62_135_596_800_000;
const MAX_MILLIS = 253_402_300_799_999;

// Up to it a number counts seconds, beyond it milliseconds, as pydantic reads them: as milliseconds it is August 1970.
const MAX_SECONDS = 2e10;

/**
 * Microseconds of a time in any spelling that clients send: ISO 8601 (extended or basic, any zone) or a number of
 * seconds or milliseconds since 1970, also as text. Undefined when it is neither.
 * A time without a zone is UTC, as the service reads it. Digits beyond the microsecond are cut.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "number") return microsOfNumber(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text.length > MAX_TIME_CHARS) return undefined;
  const match = ISO.exec(text) ?? BASIC.exec(text);
  if (!match) return NUMBER.test(text) ? microsOfNumber(Number(text)) : undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  return micros(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), fraction, zone);
}

const MAX_TIME_CHARS = 60;

function microsOfNumber(value: number): number | undefined {
  const micros = Math.round(Math.abs(value) > MAX_SECONDS ? value * 1000 : value * 1_000_000);
  return micros >= MIN_MILLIS * 1000 && micros <= MAX_MILLIS * 1000 ? micros : undefined;
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
  // A leap second, which some clocks tell, is the next second's beginning.
  if (midnight === undefined || hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = offsetMillis(zone);
  if (offset === undefined) return undefined;
  const millis = midnight + ((hour * 60 + minute) * 60 + second) * 1000 - offset;
  if (millis < MIN_MILLIS || millis > MAX_MILLIS) return undefined;
  return millis * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

// Runs that come together are mostly of one day.
let lastDay = { key: Number.NaN, millis: 0 };

function midnightMillis(year: number, month: number, day: number): number | undefined {
  const key = (year * 100 + month) * 100 + day;
  if (key === lastDay.key) return lastDay.millis;
  // Not Date.UTC, which takes the years up to 99 for those of the last century.
  const date = new Date(0);
  const millis = date.setUTCFullYear(year, month - 1, day);
  // A 31st of February is carried over; such a day is not one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  lastDay = { key, millis };
  return millis;
}

function offsetMillis(zone: string): number | undefined {
  if (zone === "Z" || zone === "z" || zone === "UTC") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
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

/** A dotted order's segment: the time as `YYYYMMDDTHHMMSSffffffZ`, then the run's id. */
export function segmentOf(timeMicros: number, id: string): string {
  return `${formatTime(timeMicros).replace(/[-:.]/g, "")}${id}`;
}

/** The present, in microseconds. */
export function nowMicros(): number {
  return Date.now() * 1000;
}
