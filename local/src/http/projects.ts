// Projects, which the interface calls sessions.
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { Refusal } from "../errors.js";
import { idText, isObject, isUuid, type JsonObject, objectOf, parseJson } from "../json.js";
import { timeOf } from "../query/run-fields.js";
import { textOf, timeArgument, uuidOf } from "../query/runs.js";
import { statsOf } from "../query/stats.js";
import { whereOf } from "../query/where.js";
import type { Db } from "../storage/database.js";
import {
  allProjects,
  createProject,
  DOCTOR_PROJECT,
  type Project,
  type ProjectFields,
  projectById,
  projectByName,
  projectFor,
  updateProject,
} from "../storage/projects.js";
import { deleteProject } from "../storage/retention.js";
import { readJson } from "./body.js";

/** The one workspace. */
const TENANT_ID = "00000000-0000-4000-8000-000000000001";
const MAX_BYTES = 1024 * 1024;

/** @param reading the database, for one request that has a time to end in */
export function projectRoutes(db: Db, reading: () => Db): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.get("/sessions", (c) => {
    const view = reading();
    const query = (name: string): string | undefined => c.req.query(name) || undefined;
    refuseLacking(query);
    const limit = wholeNumber(query("limit"), 100, 1, 100, "limit");
    const offset = wholeNumber(query("offset"), 0, 0, Number.MAX_SAFE_INTEGER, "offset");
    const includesStats = query("include_stats") === "true";
    const sortBy = query("sort_by") ?? "start_time";
    const chosen = chooseProjects(db, c.req.queries("id"), query);
    // By a statistic one can only sort what has it.
    const needsStats = includesStats || !["name", "start_time", "last_run_start_time"].includes(sortBy);
    const stats = { filter: query("stats_filter"), start: query("stats_start_time") };
    const projects = chosen.map((project) => sessionOf(view, project, needsStats ? stats : undefined));
    sortProjects(projects, sortBy, query("sort_by_desc") !== "false");
    c.header("X-Pagination-Total", String(projects.length));
    return c.json(projects.slice(offset, offset + limit));
  });

  routes.post("/sessions", async (c) => {
    const body = await readJson(c.env.incoming, MAX_BYTES);
    const fields = fieldsOf(body);
    const name = fields.name ?? "default";
    const known = projectByName(db, name);
    if (known && c.req.query("upsert") !== "true") throw new Refusal(409, `Session ${name} already exists.`);
    const id = uuidOf(body, "id");
    if (id && !known && projectById(db, id)) throw new Refusal(409, `Session ${id} already exists.`);
    if (known) updateProject(db, known.no, fields);
    const project = known
      ? projectById(db, known.id)
      : createProject(db, { ...fields, name, ...startOf(body), ...(id ? { id } : {}) });
    return c.json(project ? sessionOf(db, project, undefined) : {});
  });

  routes.delete("/sessions", (c) => {
    for (const id of c.req.queries("session_ids") ?? []) remove(db, id);
    return c.json({});
  });

  routes.get("/sessions/:id", (c) => {
    const project = found(db, c.req.param("id"));
    const includesStats = c.req.query("include_stats") === "true";
    const stats = { start: c.req.query("stats_start_time"), filter: undefined };
    return c.json(sessionOf(reading(), project, includesStats ? stats : undefined));
  });

  routes.patch("/sessions/:id", async (c) => {
    const project = found(db, c.req.param("id"));
    const fields = fieldsOf(await readJson(c.env.incoming, MAX_BYTES));
    const other = fields.name === undefined ? undefined : projectByName(db, fields.name);
    if (other && other.id !== project.id) throw new Refusal(409, `Session ${other.name} already exists.`);
    updateProject(db, project.no, fields);
    return c.json(sessionOf(db, found(db, project.id), undefined));
  });

  routes.delete("/sessions/:id", (c) => {
    remove(db, c.req.param("id"));
    return c.json({});
  });

  return routes;
}

function found(db: Db, id: string): Project {
  const project = isUuid(id) ? projectById(db, id) : undefined;
  if (!project) throw new Refusal(404, `Session ${id} not found`);
  return project;
}

function remove(db: Db, id: string): void {
  deleteProject(db, found(db, id).no);
}

export function wholeNumber(
  text: string | undefined,
  byDefault: number,
  min: number,
  max: number,
  name: string,
): number {
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Refusal(422, `${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

const NOT_HERE = ["filter", "tag_value_id", "dataset_version", "sort_by_feedback_key"];

/** Refuses what would narrow or sort the list of projects by what is not here: a longer list would be a wrong answer. */
export function refuseLacking(query: (name: string) => string | undefined): void {
  const lacking = NOT_HERE.find((name) => query(name) !== undefined);
  if (lacking) throw new Refusal(501, `${lacking} is not part of the local server's list of projects.`);
}

export function chooseProjects(
  db: Db,
  ids: readonly string[] | undefined,
  query: (name: string) => string | undefined,
): Project[] {
  const wantedIds = ids && new Set(ids.map(idText));
  const name = query("name");
  const part = query("name_contains")?.toLowerCase();
  const referenceDataset = query("reference_dataset");
  const dataset = referenceDataset === undefined ? undefined : idText(referenceDataset);
  const metadataText = query("metadata");
  const metadata = objectOf(parseJson(metadataText));
  if (metadataText !== undefined && !metadata) throw new Refusal(422, "metadata must be a JSON object");
  // There from the start, as at the service: clients take the workspace's id from the first project that they see.
  projectFor(db, null, null);
  return allProjects(db).filter(
    (project) =>
      // What the bridge's doctor sent is nobody's work; who asks for it by name or id gets it.
      (project.name !== DOCTOR_PROJECT || wantedIds !== undefined || name !== undefined) &&
      (!wantedIds || wantedIds.has(project.id)) &&
      (name === undefined || project.name === name) &&
      (part === undefined || project.name.toLowerCase().includes(part)) &&
      (dataset === undefined || project.referenceDatasetId === dataset) &&
      (query("reference_free") !== "true" || project.referenceDatasetId === null) &&
      (!metadata || hasMetadata(project, metadata)),
  );
}

function hasMetadata(project: Project, wanted: JsonObject): boolean {
  const own = objectOf(objectOf(project.extra)?.["metadata"]) ?? {};
  return Object.entries(wanted).every(([key, value]) => JSON.stringify(own[key]) === JSON.stringify(value));
}

const SORT_FIELDS: Record<string, string> = {
  name: "name",
  start_time: "start_time",
  last_run_start_time: "last_run_start_time",
  latency_p50: "latency_p50",
  latency_p99: "latency_p99",
  error_rate: "error_rate",
  runs_count: "run_count",
};

export function sortProjects(projects: JsonObject[], sortBy: string, isDescending: boolean): void {
  const field = Object.hasOwn(SORT_FIELDS, sortBy) ? SORT_FIELDS[sortBy] : undefined;
  if (!field) throw new Refusal(422, `sort_by must be one of ${Object.keys(SORT_FIELDS).join(", ")}`);
  const rank = (value: unknown): number => (value == null ? 0 : 1);
  projects.sort((a, b) => {
    const [x, y] = [a[field], b[field]];
    const order =
      typeof x === "number" && typeof y === "number"
        ? x - y
        : rank(x) - rank(y) || String(x ?? "").localeCompare(String(y ?? ""));
    return isDescending ? -order : order;
  });
}

function fieldsOf(body: JsonObject): ProjectFields {
  const fields: ProjectFields = {};
  const name = textOf(body, "name");
  if (name !== undefined) fields.name = name;
  if (body["description"] !== undefined) fields.description = textOf(body, "description") ?? null;
  if (isObject(body["extra"])) fields.extra = body["extra"];
  if (body["end_time"] !== undefined) fields.endMicros = timeArgument(body, "end_time") ?? null;
  if (body["default_dataset_id"] !== undefined) fields.defaultDatasetId = uuidOf(body, "default_dataset_id") ?? null;
  if (body["reference_dataset_id"] !== undefined) {
    fields.referenceDatasetId = uuidOf(body, "reference_dataset_id") ?? null;
  }
  if (body["trace_tier"] !== undefined) fields.traceTier = textOf(body, "trace_tier") ?? null;
  return fields;
}

function startOf(body: JsonObject): { startMicros?: number } {
  const startMicros = timeArgument(body, "start_time");
  return startMicros === undefined ? {} : { startMicros };
}

/** Source: `TracerSession` in the OpenAPI description. */
export function sessionOf(
  db: Db,
  project: Project,
  stats: { filter: string | undefined; start: string | undefined } | undefined,
): JsonObject {
  const last = db.prepare("SELECT max(start_us) AS last FROM runs WHERE project = ?").get(project.no);
  const session: JsonObject = {
    id: project.id,
    tenant_id: TENANT_ID,
    name: project.name,
    start_time: timeOf(project.startMicros),
    end_time: timeOf(project.endMicros),
    description: project.description,
    extra: project.extra,
    default_dataset_id: project.defaultDatasetId,
    reference_dataset_id: project.referenceDatasetId,
    trace_tier: project.traceTier,
    last_run_start_time: timeOf(last?.["last"]),
    last_run_start_time_live: timeOf(last?.["last"]),
  };
  if (!stats) return session;
  const where = whereOf(db, {
    projectIds: [project.id],
    filter: stats.filter,
    startMicros: stats.start ? timeArgument({ stats_start_time: stats.start }, "stats_start_time") : undefined,
  });
  const { run_facets, ...numbers } = statsOf(db, where);
  const money = (value: unknown): string | null => (typeof value === "number" ? String(value) : null);
  return {
    ...session,
    ...numbers,
    last_run_start_time: session["last_run_start_time"],
    total_cost: money(numbers["total_cost"]),
    prompt_cost: money(numbers["prompt_cost"]),
    completion_cost: money(numbers["completion_cost"]),
    run_facets,
    session_feedback_stats: {},
    test_run_number: null,
  };
}
