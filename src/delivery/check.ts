// The service's rules for a run's place and times: one broken rule would cost the whole request, so they are checked first.
import type { Run } from "../run.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SEGMENT =
  /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{6})Z([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|\+00:00)?$/;
const RUN_TYPES = new Set(["tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"]);

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
  if (typeof run.name !== "string" || run.name === "") return "name is empty";
  if (!RUN_TYPES.has(run.run_type)) return `run_type is none of LangSmith's: ${shown(run.run_type)}`;
  if (typeof run.dotted_order !== "string") return "dotted_order is missing";
  return undefined;
}

function checkPlace(run: Run): string | undefined {
  const segments = run.dotted_order.split(".");
  const ids: string[] = [];
  let before = "";
  for (const segment of segments) {
    const parsed = SEGMENT.exec(segment);
    if (!parsed) return `dotted_order has a segment that cannot be read: ${shown(segment)}`;
    const stamp = segment.slice(0, -36);
    if (!isRealTime(parsed.slice(1, 7))) return `dotted_order has a time that does not exist: ${shown(segment)}`;
    if (stamp < before) return `dotted_order has a segment earlier than its parent's: ${shown(segment)}`;
    before = stamp;
    ids.push(segment.slice(-36).toLowerCase());
  }
  const own = ids[ids.length - 1];
  if (own !== run.id.toLowerCase()) return `the last segment of dotted_order names ${own}, not the run's id ${run.id}`;
  if (ids[0] !== run.trace_id.toLowerCase()) {
    return `the first segment of dotted_order names ${ids[0]}, not the trace_id ${run.trace_id}`;
  }
  const parent = ids[ids.length - 2];
  if (parent !== run.parent_run_id?.toLowerCase()) {
    return `parent_run_id is ${run.parent_run_id ?? "missing"} where dotted_order says ${parent ?? "that the run is a root"}`;
  }
  return undefined;
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
  const [year = "", month = "", day = "", hour = "", minute = "", second = ""] = parsed.slice(1, 7);
  if (!isRealTime([year, month, day, hour, minute, second])) return undefined;
  const fraction = (parsed[7] ?? "").padEnd(6, "0").slice(0, 6);
  return `${year}${month}${day}T${hour}${minute}${second}${fraction}Z`;
}

function isRealTime(fields: readonly string[]): boolean {
  const [year, month, day, hour, minute, second] = fields.map(Number);
  const time = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  const date = new Date(time);
  return (
    date.getUTCMonth() + 1 === month &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  );
}

/** Whether a value has the form of a UUID. */
export function isUuid(value: unknown): value is string {
  return typeof value === "string" && UUID.test(value);
}

function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 120);
}
