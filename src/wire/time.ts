// Times of the tree: microseconds since the epoch, as plain numbers (exact until the year 2255), and their two spellings.

/** OpenTelemetry's form of a time: whole seconds since the epoch, and nanoseconds. */
export type HrTime = readonly [seconds: number, nanos: number];

/** Microseconds since the epoch of an OpenTelemetry time. A time that is none (NaN, negative) becomes `otherwise`. */
export function microsOf(time: HrTime, otherwise = Date.now() * 1000): number {
  const micros = time[0] * 1_000_000 + Math.floor(time[1] / 1000);
  return isWritable(micros) ? micros : otherwise;
}

/** Years 1970 to 2255: what `number` holds exactly, and four digits spell. */
function isWritable(micros: number): boolean {
  return micros >= 0 && micros <= Number.MAX_SAFE_INTEGER;
}

let writtenMillis = -1;
let writtenIso = "";
let writtenCompact = "";

// Spans tie on the millisecond all the time, so the last one's spelling is kept.
function writeMillis(millis: number): void {
  if (millis === writtenMillis) return;
  const iso = new Date(millis).toISOString();
  writtenMillis = millis;
  writtenIso = iso.slice(0, 23);
  writtenCompact = `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}${iso.slice(20, 23)}`;
}

/** `2026-01-02T03:04:05.678901Z`: how `start_time` and `end_time` are sent. */
export function isoOf(micros: number): string {
  const millis = Math.floor(micros / 1000);
  writeMillis(millis);
  return `${writtenIso}${digitsOf(micros)}Z`;
}

/** `20260102T030405678901Z`: the time in a dotted order's segment. */
export function segmentTimeOf(micros: number): string {
  const millis = Math.floor(micros / 1000);
  writeMillis(millis);
  return `${writtenCompact}${digitsOf(micros)}Z`;
}

function digitsOf(micros: number): string {
  const digits = micros % 1000;
  return digits < 10 ? `00${digits}` : digits < 100 ? `0${digits}` : `${digits}`;
}

const COMPACT = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{6})Z$/;

/** Microseconds of a segment's time, or undefined where it is no such time (a 31 February is none). */
export function microsOfSegmentTime(text: string): number | undefined {
  const match = COMPACT.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction?.slice(0, 3)}Z`;
  const millis = Date.parse(iso);
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== iso) return undefined;
  const micros = millis * 1000 + Number(fraction?.slice(3));
  return isWritable(micros) ? micros : undefined;
}

/** {@link microsOfSegmentTime} in whole milliseconds. */
export function millisOfSegmentTime(text: string): number | undefined {
  const micros = microsOfSegmentTime(text);
  return micros === undefined ? undefined : Math.floor(micros / 1000);
}

/** Microseconds of an ISO 8601 time with up to six fractional digits kept; a time without a zone is UTC. */
export function microsOfIso(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text);
  if (!match) return undefined;
  const [, seconds, fraction = "", zone = "Z"] = match;
  const millis = Date.parse(`${seconds?.replace(" ", "T")}${zone.toUpperCase()}`);
  if (Number.isNaN(millis)) return undefined;
  const micros = millis * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
  return isWritable(micros) ? micros : undefined;
}
