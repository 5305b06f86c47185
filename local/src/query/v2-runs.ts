// The v2 form of runs: `query.RunResponse` of the OpenAPI description, and the queries that answer with it.
import { Refusal } from "../errors.js";
import { isRunType } from "../ingest/rules.js";
import { type Usage, usageFromColumn } from "../ingest/usage.js";
import { isObject, type JsonObject, objectOf, stringOf } from "../json.js";
import { attachmentNames } from "../storage/attachments.js";
import type { Db, Row } from "../storage/database.js";
import { nowMicros, parseTime } from "../time.js";
import { latencyOfRow } from "./fields.js";
import { pageOfRuns } from "./pages.js";
import { columnsFor, type RunField } from "./run-fields.js";
import { flagOf, limitOf, textOf, timeArgument, uuidOf, uuidsOf } from "./runs.js";
import { attachmentPath, RUN_TABLES, serializeRuns } from "./serialize.js";
import { pageWhereOf, type RunConditions, whereOf } from "./where.js";

/** What a v2 field is read from. */
interface V2Row {
  readonly row: Row;
  /** The run's v1 fields: those that `needs` names. */
  readonly run: JsonObject;
  readonly usage: Usage | undefined;
  readonly attachments: readonly string[];
}

interface V2Field {
  readonly needs: readonly RunField[];
  readonly read: (from: V2Row) => unknown;
}

const same = (name: RunField): V2Field => ({ needs: [name], read: ({ run }) => run[name] });
/** Left out where v1 says null. */
const known = (name: RunField): V2Field => ({ needs: [name], read: ({ run }) => run[name] ?? undefined });
const upper = (name: RunField): V2Field => ({ needs: [name], read: ({ run }) => String(run[name]).toUpperCase() });
const ofUsage = (read: (usage: Usage | undefined) => unknown): V2Field => ({
  // One of those that need the sums' column.
  needs: ["prompt_token_details"],
  read: ({ usage }) => read(usage),
});
const details = (of: (usage: Usage) => Record<string, number> | undefined): V2Field =>
  ofUsage((usage) => ({ raw: (usage && of(usage)) ?? {} }));
const fixed = (value?: unknown): V2Field => ({ needs: [], read: () => value });

/** Source: `query.RunSelectField` and `query.RunResponse` in the OpenAPI description. */
const SELECTS = new Map<string, V2Field>(
  Object.entries({
    ID: same("id"),
    NAME: same("name"),
    RUN_TYPE: upper("run_type"),
    STATUS: upper("status"),
    START_TIME: same("start_time"),
    END_TIME: same("end_time"),
    LATENCY_SECONDS: { needs: [], read: ({ row }) => latencySeconds(row) },
    FIRST_TOKEN_TIME: known("first_token_time"),
    ERROR: known("error"),
    ERROR_PREVIEW: { needs: ["error"], read: ({ run }) => stringOf(run["error"])?.slice(0, 300) },
    EXTRA: same("extra"),
    METADATA: { needs: ["extra"], read: ({ run }) => objectOf(objectOf(run["extra"])?.["metadata"]) ?? {} },
    EVENTS: { needs: ["events"], read: ({ run }) => eventsOf(run["events"]) },
    INPUTS: same("inputs"),
    INPUTS_PREVIEW: same("inputs_preview"),
    OUTPUTS: same("outputs"),
    OUTPUTS_PREVIEW: same("outputs_preview"),
    MANIFEST: known("manifest"),
    PARENT_RUN_IDS: same("parent_run_ids"),
    PROJECT_ID: same("session_id"),
    TRACE_ID: same("trace_id"),
    THREAD_ID: known("thread_id"),
    DOTTED_ORDER: same("dotted_order"),
    IS_ROOT: { needs: [], read: ({ row }) => row["parent_id"] === null },
    REFERENCE_EXAMPLE_ID: known("reference_example_id"),
    REFERENCE_DATASET_ID: fixed(),
    TOTAL_TOKENS: ofUsage((usage) => usage?.totalTokens ?? 0),
    PROMPT_TOKENS: ofUsage((usage) => usage?.promptTokens ?? 0),
    COMPLETION_TOKENS: ofUsage((usage) => usage?.completionTokens ?? 0),
    TOTAL_COST: ofUsage((usage) => usage?.totalCost),
    PROMPT_COST: ofUsage((usage) => usage?.promptCost),
    COMPLETION_COST: ofUsage((usage) => usage?.completionCost),
    PROMPT_TOKEN_DETAILS: details((usage) => usage.promptTokenDetails),
    COMPLETION_TOKEN_DETAILS: details((usage) => usage.completionTokenDetails),
    PROMPT_COST_DETAILS: details((usage) => usage.promptCostDetails),
    COMPLETION_COST_DETAILS: details((usage) => usage.completionCostDetails),
    PRICE_MODEL_ID: fixed(),
    TAGS: same("tags"),
    APP_PATH: same("app_path"),
    ATTACHMENTS: { needs: [], read: ({ row, attachments }) => pathsOf(String(row["id"]), attachments) },
    THREAD_EVALUATION_TIME: fixed(),
    IS_IN_DATASET: fixed(false),
    SHARE_URL: fixed(),
    FEEDBACK_STATS: { needs: ["feedback_stats"], read: ({ run }) => run["feedback_stats"] ?? {} },
    LAST_QUEUED_AT: fixed(),
    LS_USER_ID: fixed(),
  } satisfies Record<string, V2Field>),
);

/** Seconds. */
export function latencySeconds(row: Row): number | undefined {
  const micros = latencyOfRow(row);
  return micros === undefined ? undefined : micros / 1e6;
}

// v2 keeps an event's name and time apart from what else it says.
function eventsOf(events: unknown): JsonObject[] {
  if (!Array.isArray(events)) return [];
  return events.filter(isObject).map(({ name, time, kwargs, ...rest }) => ({
    name,
    time,
    kwargs: isObject(kwargs) ? { ...rest, ...kwargs } : rest,
  }));
}

function pathsOf(runId: string, attachments: readonly string[]): Record<string, string> {
  return Object.fromEntries(attachments.map((name) => [name, attachmentPath(runId, name)]));
}

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
  const page = pageOfRuns(db, pageWhereOf(db, v2Conditions(body)), {
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
  return new Set(selects.flatMap((name) => SELECTS.get(name)?.needs ?? []));
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
  const where = whereOf(db, { traceId, projectIds: [projectId], startMicros, endMicros, filter: query["filter"] });
  const fields = fieldsFor(selects);
  const rows = db
    .query(`SELECT ${columnsFor(fields)} FROM ${RUN_TABLES} WHERE ${where.text} ORDER BY r.start_us, r.no`)
    .all(...where.values);
  return { items: v2Runs(db, rows, selects, true) };
}

/** One run of the project, or undefined. */
export function readV2Run(db: Db, id: string, projectId: string, selects: readonly string[]): JsonObject | undefined {
  const where = whereOf(db, { amongIds: [id], projectIds: [projectId] });
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
  const chosen = [...new Set(selects)].flatMap((name) => {
    const field = SELECTS.get(name);
    return field ? [[name.toLowerCase(), field.read] as const] : [];
  });
  return rows.map((row, index) => {
    const usage = usageFromColumn(withSubtree ? row["usage_details"] : ownUsageOf(db, row));
    const from: V2Row = { row, run: runs[index] ?? {}, usage, attachments: names?.get(String(row["id"])) ?? [] };
    const run: JsonObject = {};
    for (const [name, read] of chosen) run[name] = read(from);
    return run;
  });
}

function ownUsageOf(db: Db, row: Row): unknown {
  return db.prepare("SELECT own_usage FROM contents WHERE run = ?").get(Number(row["no"]))?.["own_usage"];
}
