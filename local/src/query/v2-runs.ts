// The v2 form of runs: `query.RunResponse` of the OpenAPI description, and the queries that answer with it.
import { Refusal } from "../errors.js";
import { isRunType } from "../ingest/rules.js";
import { type Usage, usageFromColumn } from "../ingest/usage.js";
import { isObject, type JsonObject, numberOf, objectOf, stringOf } from "../json.js";
import { attachmentNames } from "../storage/attachments.js";
import type { Db, Row } from "../storage/database.js";
import { nowMicros, parseTime } from "../time.js";
import {
  flagOf,
  limitOf,
  pageOfRuns,
  type RunConditions,
  textOf,
  timeArgument,
  uuidOf,
  uuidsOf,
  whereOf,
} from "./runs.js";
import { attachmentPath, columnsFor, RUN_TABLES, type RunField, serializeRuns } from "./serialize.js";

/** Which v1 fields each v2 field is made of. Source: `query.RunSelectField`. */
const SELECTS = new Map<string, readonly RunField[]>([
  ["ID", ["id"]],
  ["NAME", ["name"]],
  ["RUN_TYPE", ["run_type"]],
  ["STATUS", ["status"]],
  ["START_TIME", ["start_time"]],
  ["END_TIME", ["end_time"]],
  ["LATENCY_SECONDS", ["start_time", "end_time"]],
  ["FIRST_TOKEN_TIME", ["first_token_time"]],
  ["ERROR", ["error"]],
  ["ERROR_PREVIEW", ["error"]],
  ["EXTRA", ["extra"]],
  ["METADATA", ["extra"]],
  ["EVENTS", ["events"]],
  ["INPUTS", ["inputs"]],
  ["INPUTS_PREVIEW", ["inputs", "inputs_preview"]],
  ["OUTPUTS", ["outputs"]],
  ["OUTPUTS_PREVIEW", ["outputs", "outputs_preview"]],
  ["MANIFEST", ["manifest"]],
  ["PARENT_RUN_IDS", ["parent_run_ids"]],
  ["PROJECT_ID", ["session_id"]],
  ["TRACE_ID", ["trace_id"]],
  ["THREAD_ID", ["thread_id"]],
  ["DOTTED_ORDER", ["dotted_order"]],
  ["IS_ROOT", ["parent_run_id"]],
  ["REFERENCE_EXAMPLE_ID", ["reference_example_id"]],
  ["REFERENCE_DATASET_ID", ["reference_dataset_id"]],
  ["TOTAL_TOKENS", []],
  ["PROMPT_TOKENS", []],
  ["COMPLETION_TOKENS", []],
  ["TOTAL_COST", []],
  ["PROMPT_COST", []],
  ["COMPLETION_COST", []],
  ["PROMPT_TOKEN_DETAILS", []],
  ["COMPLETION_TOKEN_DETAILS", []],
  ["PROMPT_COST_DETAILS", []],
  ["COMPLETION_COST_DETAILS", []],
  ["PRICE_MODEL_ID", []],
  ["TAGS", ["tags"]],
  ["APP_PATH", ["app_path"]],
  ["ATTACHMENTS", []],
  ["THREAD_EVALUATION_TIME", []],
  ["IS_IN_DATASET", []],
  ["SHARE_URL", []],
  ["FEEDBACK_STATS", ["feedback_stats"]],
  ["LAST_QUEUED_AT", []],
  ["LS_USER_ID", []],
]);

/** The chosen fields; `ID` alone when none are. @throws Refusal 422 for an unknown one. */
export function parseV2Selects(value: unknown): readonly string[] {
  if (value == null) return ["ID"];
  if (!Array.isArray(value)) throw new Refusal(422, "selects must be a list");
  const names = value.map((name) => {
    if (typeof name === "string" && SELECTS.has(name)) return name;
    throw new Refusal(422, `selects: there is no field ${JSON.stringify(name)}`);
  });
  return names.length > 0 ? names : ["ID"];
}

/** How many hours back a v2 query looks when it names no beginning. */
const DEFAULT_WINDOW_MICROS = 24 * 3600 * 1_000_000;

/** The window of a v2 query: one day up to now, where nothing else is said. */
export function windowOf(body: JsonObject): { startMicros: number; endMicros: number } {
  const now = nowMicros();
  return {
    startMicros: timeArgument(body, "min_start_time") ?? now - DEFAULT_WINDOW_MICROS,
    // Of this millisecond, in which runs may just have started.
    endMicros: timeArgument(body, "max_start_time") ?? now + 999,
  };
}

/** Answers `POST /api/v2/runs/query`. */
export function v2Page(db: Db, body: JsonObject): JsonObject {
  const selects = parseV2Selects(body["selects"]);
  const order = body["sort_order"] ?? "DESC";
  if (order !== "ASC" && order !== "DESC") throw new Refusal(422, "sort_order must be ASC or DESC");
  const page = pageOfRuns(db, whereOf(v2Conditions(body)), {
    order: order === "ASC" ? "asc" : "desc",
    limit: limitOf(body["page_size"], 100, 1000, "page_size"),
    cursor: textOf(body, "cursor"),
    fields: fieldsFor(selects),
  });
  return {
    items: v2Runs(db, page.rows, selects, flagOf(body, "include_subtree_usage") ?? true),
    has_more: page.next !== null,
    ...(page.next === null ? {} : { next_cursor: page.next }),
  };
}

function v2Conditions(body: JsonObject): RunConditions {
  const runType = textOf(body, "run_type")?.toLowerCase();
  if (runType !== undefined && !isRunType(runType)) throw new Refusal(422, `run_type is not one: ${runType}`);
  if (body["reference_dataset_id"] != null) {
    throw new Refusal(501, "Datasets are not part of the local server. Name project_ids.");
  }
  return {
    projectIds: uuidsOf(body, "project_ids"),
    amongIds: uuidsOf(body, "ids"),
    traceId: uuidOf(body, "trace_id"),
    referenceExamples: uuidsOf(body, "reference_examples"),
    runType,
    hasError: flagOf(body, "has_error"),
    isRoot: flagOf(body, "is_root"),
    filter: textOf(body, "filter"),
    traceFilter: textOf(body, "trace_filter"),
    treeFilter: textOf(body, "tree_filter"),
    ...windowOf(body),
  };
}

/** The v1 fields that the selected v2 fields need. */
export function fieldsFor(selects: readonly string[]): ReadonlySet<RunField> {
  return new Set(selects.flatMap((name) => SELECTS.get(name) ?? []));
}

/** Answers `GET /api/v2/traces/{id}/runs`, in order of time. */
export function v2TraceRuns(
  db: Db,
  traceId: string,
  projectId: string,
  query: Record<string, string>,
  selects: readonly string[],
): JsonObject {
  const bound = (name: string): number | undefined => {
    const text = query[name];
    const micros = text === undefined ? undefined : parseTime(text);
    if (text !== undefined && micros === undefined) throw new Refusal(422, `${name} must be an RFC3339 time`);
    return micros;
  };
  const [startMicros, endMicros] = [bound("min_start_time"), bound("max_start_time")];
  if ((startMicros === undefined) !== (endMicros === undefined)) {
    throw new Refusal(400, "min_start_time and max_start_time go together");
  }
  const where = whereOf({ traceId, projectIds: [projectId], startMicros, endMicros, filter: query["filter"] });
  const fields = fieldsFor(selects);
  const rows = db
    .query(`SELECT ${columnsFor(fields)} FROM ${RUN_TABLES} WHERE ${where.text} ORDER BY r.start_us, r.no`)
    .all(...where.values);
  return { items: v2Runs(db, rows, selects, true) };
}

/** One run of the project, or undefined. */
export function readV2Run(db: Db, id: string, projectId: string, selects: readonly string[]): JsonObject | undefined {
  const where = whereOf({ amongIds: [id], projectIds: [projectId] });
  const rows = db
    .query(`SELECT ${columnsFor(fieldsFor(selects))} FROM ${RUN_TABLES} WHERE ${where.text}`)
    .all(...where.values);
  return v2Runs(db, rows, selects, true)[0];
}

/** Rows as v2 runs. `withSubtree`: tokens and costs of the run and all below it, else its own alone. */
export function v2Runs(db: Db, rows: readonly Row[], selects: readonly string[], withSubtree: boolean): JsonObject[] {
  const runs = serializeRuns(db, rows, fieldsFor(selects));
  const names = selects.includes("ATTACHMENTS")
    ? attachmentNames(
        db,
        rows.map((row) => String(row["id"])),
      )
    : undefined;
  return rows.map((row, index) => {
    const usage = usageFromColumn(withSubtree ? row["usage_details"] : ownUsageOf(db, row));
    return v2Run(row, runs[index] ?? {}, usage, names?.get(String(row["id"])) ?? [], new Set(selects));
  });
}

function ownUsageOf(db: Db, row: Row): unknown {
  return db.prepare("SELECT own_usage FROM contents WHERE run = ?").get(Number(row["no"]))?.["own_usage"];
}

function v2Run(
  row: Row,
  run: JsonObject,
  usage: Usage | undefined,
  attachments: readonly string[],
  selects: ReadonlySet<string>,
): JsonObject {
  const id = String(row["id"]);
  const ended = numberOf(row["end_us"]);
  const error = stringOf(run["error"]);
  const raw = (details: Record<string, number> | undefined): JsonObject => ({ raw: details ?? {} });
  const all: Record<string, unknown> = {
    ...run,
    id,
    run_type: String(row["run_type"]).toUpperCase(),
    status: String(row["status"]).toUpperCase(),
    latency_seconds: ended === undefined ? undefined : (ended - Number(row["start_us"])) / 1e6,
    first_token_time: run["first_token_time"] ?? undefined,
    error,
    error_preview: error?.slice(0, 300),
    metadata: objectOf(objectOf(run["extra"])?.["metadata"]) ?? {},
    events: Array.isArray(run["events"]) ? run["events"].filter(isObject).map(v2Event) : [],
    manifest: run["manifest"] ?? undefined,
    project_id: run["session_id"],
    is_root: row["parent_id"] === null,
    thread_id: run["thread_id"] ?? undefined,
    total_tokens: usage?.totalTokens ?? 0,
    prompt_tokens: usage?.promptTokens ?? 0,
    completion_tokens: usage?.completionTokens ?? 0,
    total_cost: usage?.totalCost,
    prompt_cost: usage?.promptCost,
    completion_cost: usage?.completionCost,
    prompt_token_details: raw(usage?.promptTokenDetails),
    completion_token_details: raw(usage?.completionTokenDetails),
    prompt_cost_details: raw(usage?.promptCostDetails),
    completion_cost_details: raw(usage?.completionCostDetails),
    attachments: Object.fromEntries(attachments.map((name) => [name, attachmentPath(id, name)])),
    is_in_dataset: false,
    feedback_stats: run["feedback_stats"] ?? {},
    reference_example_id: row["reference_example_id"] ?? undefined,
    reference_dataset_id: undefined,
  };
  return Object.fromEntries([...selects].map((name) => [name.toLowerCase(), all[name.toLowerCase()]]));
}

// v2 keeps an event's name and time apart from what else it says.
function v2Event(event: JsonObject): JsonObject {
  const { name, time, kwargs, ...rest } = event;
  return { name, time, kwargs: isObject(kwargs) ? { ...rest, ...kwargs } : rest };
}
