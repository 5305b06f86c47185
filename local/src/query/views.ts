// What the viewer shows: projects, traces page by page, one trace as a flat list in tree order.
import { idText, type JsonObject, parseJson } from "../json.js";
import type { Db, Row } from "../storage/database.js";
import { DOCTOR_PROJECT, projectById } from "../storage/projects.js";
import { pageOfRuns } from "./pages.js";
import { previewOf, timeOf } from "./run-fields.js";
import { pageWhereOf } from "./where.js";

const PAGE = 50;

export function viewProjects(db: Db): JsonObject[] {
  return db
    .prepare("SELECT id, name, last_run_us FROM projects WHERE name <> ? ORDER BY last_run_us DESC, no DESC")
    .all(DOCTOR_PROJECT)
    .map((row) => ({ id: row["id"], name: row["name"], last: timeOf(row["last_run_us"]) }));
}

/** The newest traces; `project`, `filter`, `cursor` narrow them. */
export function viewTraces(db: Db, query: Record<string, string>): JsonObject {
  const project = query["project"] ? projectById(db, query["project"]) : undefined;
  const where = pageWhereOf(db, {
    isRoot: true,
    projectIds: project ? [project.id] : undefined,
    treeFilter: query["filter"] || undefined,
  });
  const page = pageOfRuns(db, where, {
    order: "desc",
    limit: PAGE,
    cursor: query["cursor"] || undefined,
    fields: new Set(["name", "total_tokens", "total_cost", "error", "inputs", "outputs"] as const),
  });
  const counts = db.prepare("SELECT runs FROM traces WHERE no = ?");
  const projects = db.prepare("SELECT name FROM projects WHERE no = ?");
  return {
    traces: page.rows.map((row) => ({
      ...briefOf(row),
      trace_id: row["trace_id"],
      runs: counts.get(Number(row["trace"]))?.["runs"],
      project: projects.get(Number(row["project"]))?.["name"],
      project_id: row["project_id"],
      error: String(row["error"] ?? "").slice(0, 200) || null,
      input: previewOf(parseJson(row["inputs"])),
      output: previewOf(parseJson(row["outputs"])),
    })),
    next: page.next,
  };
}

function briefOf(row: Row): JsonObject {
  return {
    id: row["id"],
    parent: row["parent_id"],
    name: row["name"],
    run_type: row["run_type"],
    status: row["status"],
    start: Number(row["start_us"]),
    end: row["end_us"],
    total_tokens: row["total_tokens"],
    total_cost: row["total_cost"],
  };
}

/** All runs of a trace, brief, in order of time; what one says is asked for when it is looked at. */
export function viewTrace(db: Db, id: string): JsonObject | undefined {
  const trace = db.prepare("SELECT no, id, runs FROM traces WHERE id = ?").get(idText(id));
  if (!trace) return undefined;
  const rows = db
    .prepare("SELECT r.* FROM runs r WHERE r.trace = ? ORDER BY r.start_us, r.no")
    .all(Number(trace["no"]));
  const [first] = rows;
  const project = first && db.prepare("SELECT id, name FROM projects WHERE no = ?").get(Number(first["project"]));
  return {
    trace_id: trace["id"],
    project: project?.["name"] ?? null,
    project_id: project?.["id"] ?? null,
    runs: rows.map(briefOf),
  };
}
