// What runs are narrowed to, as a SQL condition.
import type { Db, SqlValue } from "../storage/database.js";
import { DOCTOR_PROJECT } from "../storage/projects.js";
import { compileFilter } from "./compile.js";
import { resolved } from "./in-pieces.js";
import { type Sql, sql } from "./sql.js";

/** What runs are narrowed to; the arguments of v1 and v2 alike. */
export interface RunConditions {
  /** v1: these runs, whatever else is asked. */
  ids?: readonly string[] | undefined;
  /** v2: only runs among these. */
  amongIds?: readonly string[] | undefined;
  traceIds?: readonly string[] | undefined;
  traceId?: string | undefined;
  parentId?: string | undefined;
  runType?: string | undefined;
  projectIds?: readonly string[] | undefined;
  referenceExamples?: readonly string[] | undefined;
  startMicros?: number | undefined;
  /** Inclusive. */
  endMicros?: number | undefined;
  hasError?: boolean | undefined;
  isRoot?: boolean | undefined;
  /** Full text. */
  text?: string | undefined;
  filter?: string | undefined;
  traceFilter?: string | undefined;
  treeFilter?: string | undefined;
  threadId?: string | undefined;
}

/** A condition on `runs r`. */
export interface Where extends Sql {
  /** What must hold too, and for which each run's content is read: a page asks it window by window. */
  readonly reading?: Sql;
}

/** The condition for all runs at once: what reads their content is asked in pieces first. */
export function whereOf(db: Db, conditions: RunConditions): Sql {
  const { reading, ...where } = pageWhereOf(db, conditions);
  if (!reading) return where;
  const list = resolved(db, { column: "no", condition: joined([where, reading]), inPieces: true });
  return sql(`r.no IN ${list.text}`, ...list.values);
}

export function joined(parts: readonly Sql[]): Sql {
  return { text: parts.map((part) => part.text).join(" AND "), values: parts.flatMap((part) => part.values) };
}

/** The condition for a page of runs. Ids given: all else is ignored, as the documentation says. */
export function pageWhereOf(db: Db, conditions: RunConditions): Where {
  const { ids } = conditions;
  if (ids) return sql("r.id IN (SELECT lower(value) FROM json_each(?))", JSON.stringify(ids));
  const parts: Sql[] = [sql("1")];
  const add = (text: string, value: SqlValue | undefined): void => {
    if (value !== undefined) parts.push(sql(text, value));
  };
  addProjects(parts, conditions);
  const { amongIds, traceIds } = conditions;
  if (amongIds) parts.push(sql("r.id IN (SELECT lower(value) FROM json_each(?))", JSON.stringify(amongIds)));
  if (traceIds) {
    const list = "SELECT no FROM traces WHERE id IN (SELECT lower(value) FROM json_each(?))";
    parts.push(sql(`r.trace IN (${list})`, JSON.stringify(traceIds)));
  }
  add("r.trace = (SELECT no FROM traces WHERE id = lower(?))", conditions.traceId);
  add("r.parent_id = lower(?)", conditions.parentId);
  add("r.run_type = ?", conditions.runType);
  add("r.start_us >= ?", conditions.startMicros);
  add("r.start_us <= ?", conditions.endMicros);
  add("r.thread_id = ?", conditions.threadId);
  if (conditions.hasError !== undefined) parts.push(sql(`r.has_error = ${conditions.hasError ? 1 : 0}`));
  if (conditions.isRoot !== undefined) parts.push(sql(`r.parent_id IS ${conditions.isRoot ? "" : "NOT"} NULL`));
  if (conditions.referenceExamples) {
    const examples = JSON.stringify(conditions.referenceExamples);
    parts.push(sql("r.reference_example_id IN (SELECT lower(value) FROM json_each(?))", examples));
  }
  const reading: Sql[] = [];
  const filters = [
    conditions.text && compileFilter(`search(${JSON.stringify(conditions.text)})`, "query", "r"),
    conditions.filter && compileFilter(conditions.filter, "filter", "r"),
  ];
  for (const filter of filters) if (filter) (filter.reads ? reading : parts).push(filter);
  const { traceFilter, treeFilter } = conditions;
  if (traceFilter) parts.push(tracesWith(db, traceFilter, "trace_filter"));
  if (treeFilter) parts.push(tracesWith(db, treeFilter, "tree_filter"));
  return reading.length > 0 ? { ...joined(parts), reading: joined(reading) } : joined(parts);
}

// A filter of the trace's root, or of any run of the trace.
function tracesWith(db: Db, source: string, argument: "trace_filter" | "tree_filter"): Sql {
  const ofRoots = argument === "trace_filter";
  const filter = compileFilter(source, argument, "any");
  if (filter.reads || filter.searches) {
    // Under the alias of listed runs: what the index found is a set in which each run is looked up. Several searches in
    // an `or` look up each run that each of them found, which takes seconds where they find all.
    const condition = compileFilter(source, argument, "r");
    const list = resolved(db, { column: "trace", condition, ofRoots, inPieces: filter.reads });
    return sql(`+r.trace IN ${list.text}`, ...list.values);
  }
  // The root's id is its trace's.
  const roots = ofRoots ? "JOIN traces rt ON rt.no = any.trace AND rt.id = any.id" : "";
  return sql(`+r.trace IN (SELECT any.trace FROM runs any ${roots} WHERE ${filter.text})`, ...filter.values);
}

function addProjects(parts: Sql[], conditions: RunConditions): void {
  const { projectIds: ids, traceId, traceIds, amongIds, parentId } = conditions;
  if (!ids?.length) {
    // Among all projects the doctor's own is none of the user's; a run of it that is named is found.
    if ((traceId ?? traceIds ?? amongIds ?? parentId) === undefined) {
      parts.push(sql("r.project IS NOT (SELECT no FROM projects WHERE name = ?)", DOCTOR_PROJECT));
    }
    return;
  }
  const [only] = ids;
  // One project by equality: its index is in order of time.
  if (ids.length === 1 && only) parts.push(sql("r.project = (SELECT no FROM projects WHERE id = lower(?))", only));
  else {
    const list = JSON.stringify(ids);
    parts.push(sql("r.project IN (SELECT no FROM projects WHERE id IN (SELECT lower(value) FROM json_each(?)))", list));
  }
}
