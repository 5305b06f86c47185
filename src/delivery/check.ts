// The service's rules for a run's place and times: one broken rule would cost the whole request, so they are checked first.
import { isUuid } from "../wire/ids.js";
import { isRunType, type Run } from "../wire/run.js";

const SEGMENT =
  /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{6})Z([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|\+00:00)?$/;

/**
 * Checks a run against the rules under which LangSmith refuses a whole request (the wire reference, "A run's place in
 * its trace"). Returns what is wrong with it, or `undefined`.
 *
 * @example
 * ```ts
 * checkRun(run) ?? "fine"; // "the last segment of dotted_order names …, not the run's id …"
 * ```
 */
export function checkRun(run: Run): string | undefined {
  return checkFields(run) ?? checkPlace(run) ?? checkTimes(run);
}

function checkFields(run: Run): string | undefined {
  if (!isUuid(run.id)) return `id is not a UUID: ${shown(run.id)}`;
  if (!isUuid(run.trace_id)) return `trace_id is not a UUID: ${shown(run.trace_id)}`;
  if (run.parent_run_id !== undefined && !isUuid(run.parent_run_id)) {
    return `parent_run_id is not a UUID: ${shown(run.parent_run_id)}`;
  }
  for (const field of ["reference_example_id", "session_id"] as const) {
    if (run[field] !== undefined && !isUuid(run[field])) return `${field} is not a UUID: ${shown(run[field])}`;
  }
  if (typeof run.name !== "string" || run.name === "") return "name is empty";
  if (!isRunType(run.run_type)) return `run_type is none of LangSmith's: ${shown(run.run_type)}`;
  if (typeof run.dotted_order !== "string") return "dotted_order is missing";
  return undefined;
}

/** What a good dotted order says of the run at its end. */
interface Place {
  readonly rootId: string;
  readonly id: string;
  readonly stamp: string;
}

function checkPlace(run: Run): string | undefined {
  const cut = run.dotted_order.lastIndexOf(".");
  const above = cut < 0 ? undefined : placeAt(run.dotted_order.slice(0, cut));
  if (typeof above === "string") return above;
  const own = placeUnder(above, run.dotted_order.slice(cut + 1));
  if (typeof own === "string") return own;
  if (own.id !== run.id.toLowerCase()) {
    return `the last segment of dotted_order names ${own.id}, not the run's id ${run.id}`;
  }
  if (own.rootId !== run.trace_id.toLowerCase()) {
    return `the first segment of dotted_order names ${own.rootId}, not the trace_id ${run.trace_id}`;
  }
  if (above?.id !== run.parent_run_id?.toLowerCase()) {
    return `parent_run_id is ${run.parent_run_id ?? "missing"} where dotted_order says ${above?.id ?? "that the run is a root"}`;
  }
  return undefined;
}

// Siblings come one after the other, and share what is above them.
let lastGood: { readonly order: string; readonly place: Place } | undefined;

function placeAt(order: string): Place | string {
  if (lastGood?.order === order) return lastGood.place;
  let place: Place | undefined;
  for (const segment of order.split(".")) {
    const next = placeUnder(place, segment);
    if (typeof next === "string") return next;
    place = next;
  }
  if (!place) return "dotted_order is empty";
  lastGood = { order, place };
  return place;
}

function placeUnder(above: Place | undefined, segment: string): Place | string {
  const parsed = SEGMENT.exec(segment);
  if (!parsed) return `dotted_order has a segment that cannot be read: ${shown(segment)}`;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] = parsed;
  if (!isRealTime(year, month, day, hour, minute, second)) {
    return `dotted_order has a time that does not exist: ${shown(segment)}`;
  }
  const stamp = segment.slice(0, -36);
  if (above && stamp < above.stamp) return `dotted_order has a segment earlier than its parent's: ${shown(segment)}`;
  const id = segment.slice(-36).toLowerCase();
  return { rootId: above?.rootId ?? id, id, stamp };
}

function checkTimes(run: Run): string | undefined {
  const start = microseconds(run.start_time);
  if (start === undefined) return `start_time cannot be read: ${shown(run.start_time)}`;
  const stamp = run.dotted_order.slice(run.dotted_order.lastIndexOf(".") + 1, -36);
  if (start !== stamp) return `start_time ${run.start_time} is not the microsecond of the last segment, ${stamp}`;
  if (run.end_time === undefined) return undefined;
  const end = microseconds(run.end_time);
  if (end === undefined) return `end_time cannot be read: ${shown(run.end_time)}`;
  if (end < start) return `end_time ${run.end_time} is before start_time ${run.start_time}`;
  return undefined;
}

/** An ISO time as a segment writes it, six digits of microseconds; `undefined` where it is not a time in UTC. */
export function microseconds(iso: unknown): string | undefined {
  if (typeof iso !== "string") return undefined;
  const parsed = ISO.exec(iso);
  if (!parsed) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] = parsed;
  if (!isRealTime(year, month, day, hour, minute, second)) return undefined;
  const fraction = (parsed[7] ?? "").padEnd(6, "0").slice(0, 6);
  return `${year}${month}${day}T${hour}${minute}${second}${fraction}Z`;
}

// Runs that are checked together are mostly of one day.
let lastDay = "";

/** Two digits each, four for the year. */
function isRealTime(year: string, month: string, day: string, hour: string, minute: string, second: string): boolean {
  if (hour > "23" || minute > "59" || second > "59") return false;
  const text = `${year}${month}${day}`;
  if (text === lastDay) return true;
  // Date.UTC carries a 31st of February over; such a day is not one.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return false;
  lastDay = text;
  return true;
}

/** A value for a log line: what looks like an id or a time is quoted, anything else might be a payload. */
function shown(value: unknown): string {
  if (typeof value !== "string") return value === null ? "null" : typeof value;
  return /^[0-9a-fTZ:.+-]{0,120}$/i.test(value) ? JSON.stringify(value) : `a text of ${value.length} characters`;
}
