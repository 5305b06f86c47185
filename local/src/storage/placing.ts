// The place of a run that says too little of it: an id, a start, a trace, an order, filled in from what is known.
import { v7 } from "../ids.js";
import { placedByOrder } from "../ingest/arrival.js";
import { segmentsOf } from "../ingest/rules.js";
import { type JsonObject, stringOf, uuidFrom } from "../json.js";
import { formatTime, parseTime, segmentOf } from "../time.js";
import type { Db } from "./database.js";

/** Where a run stands that is there already. */
interface KnownPlace {
  readonly traceId: string;
  readonly order: string;
  readonly project: string;
}

/**
 * A run that was posted alone, with what it left to the server: `id` a new one, `start_time` now, its place from its
 * parent (`parent_run_id` alone is enough), from its trace's root, or as a root. A parent that has not come yet is
 * taken for the trace's root until it does (`unplaced.ts`). What cannot be read is left for the rules to refuse.
 */
export function placed(db: Db, posted: JsonObject, now: number): Placed {
  const run = placedByOrder(posted);
  // A start that cannot be read is refused as such; for its place the present will do until then.
  const start = parseTime(run["start_time"] ?? undefined) ?? now;
  const id = run["id"] == null ? v7() : uuidFrom(run["id"]);
  if (id === undefined) return { run };
  const timed = { ...run, id, start_time: run["start_time"] ?? formatTime(start) };
  if (run["dotted_order"] != null) return { run: timed };

  const trace = run["trace_id"] == null ? undefined : uuidFrom(run["trace_id"]);
  const parentId = run["parent_run_id"] == null ? undefined : uuidFrom(run["parent_run_id"]);
  if (run["parent_run_id"] != null && parentId === undefined) return { run: timed };
  // A run of another run's trace that names no parent hangs under that run.
  const above = parentId ?? (trace === id ? undefined : trace);
  if (above === undefined || above === id) {
    return { run: { ...timed, trace_id: run["trace_id"] ?? id, dotted_order: segmentOf(start, id) } };
  }
  const parent = placeOf(db, above);
  const order = parent?.order ?? assumedOrder(db, trace, above, start);
  const project = parent?.project ?? (trace ? placeOf(db, trace)?.project : undefined);
  const { session_id: projectId, session_name: projectName } = run;
  const whole = {
    ...timed,
    trace_id: trace ?? parent?.traceId ?? above,
    parent_run_id: above,
    dotted_order: `${order}.${segmentOf(Math.max(start, lastTime(order) ?? start), id)}`,
    // A trace lives in one project.
    ...(project !== undefined && projectId == null && !projectName ? { session_id: project } : {}),
  };
  return parent ? { run: whole } : { run: whole, awaits: above };
}

/** A run with its place, and the parent that it assumes where that has not come. */
export interface Placed {
  readonly run: JsonObject;
  readonly awaits?: string;
}

/** The order of a parent that has not come: under its trace's root where that is there. */
function assumedOrder(db: Db, trace: string | undefined, parent: string, start: number): string {
  if (trace === undefined || trace === parent) return segmentOf(start, parent);
  const root = placeOf(db, trace)?.order ?? segmentOf(start, trace);
  return `${root}.${segmentOf(Math.max(start, lastTime(root) ?? start), parent)}`;
}

function lastTime(order: string): number | undefined {
  return segmentsOf(order)?.at(-1)?.timeMicros;
}

function placeOf(db: Db, id: string): KnownPlace | undefined {
  const row = db
    .prepare(
      `SELECT t.id AS trace, c.dotted_order, p.id AS project FROM runs r JOIN contents c ON c.run = r.no
       JOIN traces t ON t.no = r.trace JOIN projects p ON p.no = r.project WHERE r.id = ?`,
    )
    .get(id);
  const [traceId, order, project] = [row?.["trace"], row?.["dotted_order"], row?.["project"]].map(stringOf);
  return traceId === undefined || order === undefined || project === undefined
    ? undefined
    : { traceId, order, project };
}
