// The v2 form of threads and traces.
import { Refusal } from "../errors.js";
import { RUN_TYPES } from "../ingest/rules.js";
import { usageFromColumn } from "../ingest/usage.js";
import { type JsonObject, numberOf, parseJson, stringOf } from "../json.js";
import type { Db, Row } from "../storage/database.js";
import { pageOfRuns } from "./pages.js";
import { previewOf, type RunField, timeOf } from "./run-fields.js";
import { limitOf, textOf, uuidOf, uuidsOf } from "./runs.js";
import { statsOf } from "./stats.js";
import { feedbackOfTraces, latencyOf, listThreads, threadItem, usageOfTraces } from "./threads.js";
import { fieldsFor, latencySeconds, parseV2Selects, v2Runs, windowOf } from "./v2-runs.js";
import { pageWhereOf, whereOf } from "./where.js";

/** Answers `POST /api/v2/threads/query`. */
export function v2Threads(db: Db, body: JsonObject): JsonObject {
  if (body["thread_filter"] != null) throw new Refusal(501, "thread_filter is not part of the local server.");
  const project = uuidOf(body, "project_id");
  const where = whereOf(db, {
    projectIds: project ? [project] : [],
    isRoot: true,
    filter: textOf(body, "filter"),
    traceFilter: textOf(body, "trace_filter"),
    treeFilter: textOf(body, "tree_filter"),
    ...windowOf(body),
  });
  const limit = limitOf(body["page_size"], 20, 100, "page_size");
  const { threads, isMore } = listThreads(db, where, { limit, before: readCursor(textOf(body, "cursor")) });
  const last = threads.at(-1);
  return {
    items: threads.map((thread) => threadItem(db, thread)),
    has_more: isMore,
    ...(isMore && last
      ? { next_cursor: Buffer.from(JSON.stringify([last.lastMicros, last.id])).toString("base64url") }
      : {}),
  };
}

function readCursor(text: string | undefined): { lastMicros: number; id: string } | undefined {
  if (text === undefined) return undefined;
  const value = parseJson(Buffer.from(text, "base64url").toString("utf8"));
  const [lastMicros, id]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof lastMicros !== "number" || typeof id !== "string") {
    throw new Refusal(400, "cursor is not one that this server gave out");
  }
  return { lastMicros, id };
}

function tracesOf(db: Db, projectId: string, threadId: string, filter?: string): Row[] {
  const where = whereOf(db, { projectIds: [projectId], isRoot: true, threadId, filter });
  return db
    .query(
      `SELECT r.*, t.id AS trace_id, c.error FROM runs r JOIN traces t ON t.no = r.trace JOIN contents c ON c.run = r.no
       WHERE ${where.text} ORDER BY r.start_us, r.no`,
    )
    .all(...where.values);
}

/** Answers `GET /api/v2/threads/{id}/stats`. */
export function v2ThreadStats(
  db: Db,
  projectId: string,
  threadId: string,
  selects: readonly string[],
  filter?: string,
): JsonObject {
  if (selects.length === 0) throw new Refusal(400, "selects is missing: at least one statistic");
  const traces = tracesOf(db, projectId, threadId, filter);
  const usage = usageOfTraces(traces);
  const ends = traces.flatMap((row) => numberOf(row["end_us"]) ?? []);
  const all: Record<string, () => unknown> = {
    TURNS: () => traces.length,
    FIRST_START_TIME: () => timeOf(traces[0]?.["start_us"]),
    LAST_START_TIME: () => timeOf(traces.at(-1)?.["start_us"]),
    LAST_END_TIME: () => (ends.length > 0 ? timeOf(Math.max(...ends)) : null),
    LATENCY_P50: () => latencyOf(traces, 0.5),
    LATENCY_P99: () => latencyOf(traces, 0.99),
    PROMPT_TOKENS: () => usage.promptTokens,
    PROMPT_COST: () => usage.promptCost ?? null,
    COMPLETION_TOKENS: () => usage.completionTokens,
    COMPLETION_COST: () => usage.completionCost ?? null,
    TOTAL_TOKENS: () => usage.totalTokens,
    TOTAL_COST: () => usage.totalCost ?? null,
    PROMPT_TOKEN_DETAILS: () => ({ raw: usage.promptTokenDetails ?? {} }),
    COMPLETION_TOKEN_DETAILS: () => ({ raw: usage.completionTokenDetails ?? {} }),
    PROMPT_COST_DETAILS: () => ({ raw: usage.promptCostDetails ?? {} }),
    COMPLETION_COST_DETAILS: () => ({ raw: usage.completionCostDetails ?? {} }),
    FEEDBACK_STATS: () => feedbackOfTraces(db, traces),
  };
  return Object.fromEntries(
    selects.map((name) => {
      const stat = Object.hasOwn(all, name) ? all[name] : undefined;
      if (!stat) throw new Refusal(422, `selects: there is no statistic ${name}`);
      return [STAT_NAMES[name] ?? name.toLowerCase(), stat()];
    }),
  );
}

// What the installed client's `threads.aggregateStats` can select, by the name its statistic has over all traces.
const AGGREGATE_STATS = new Map([
  ["TRACE_COUNT", "run_count"],
  ["TOTAL_TOKENS", "total_tokens"],
  ["TOTAL_COST", "total_cost"],
  ["ERROR_RATE", "error_rate"],
  ["STREAMING_RATE", "streaming_rate"],
  ["LATENCY_P50", "latency_p50"],
  ["LATENCY_P99", "latency_p99"],
  ["MEDIAN_TOKENS", "median_tokens"],
  ["FIRST_TOKEN_P50", "first_token_p50"],
  ["FIRST_TOKEN_P99", "first_token_p99"],
  ["PROMPT_TOKENS", "prompt_tokens"],
  ["COMPLETION_TOKENS", "completion_tokens"],
  ["PROMPT_COST", "prompt_cost"],
  ["COMPLETION_COST", "completion_cost"],
  ["PROMPT_TOKEN_DETAILS", "prompt_token_details"],
  ["COMPLETION_TOKEN_DETAILS", "completion_token_details"],
  ["PROMPT_COST_DETAILS", "prompt_cost_details"],
  ["COMPLETION_COST_DETAILS", "completion_cost_details"],
  ["THREAD_FEEDBACK_STATS", "feedback_stats"],
]);

/** Answers `POST /api/v2/threads/stats`: over all traces of the project's threads. */
export function v2AggregateStats(db: Db, body: JsonObject): JsonObject {
  if (body["thread_filter"] != null) throw new Refusal(501, "thread_filter is not part of the local server.");
  const select = body["select"];
  if (!Array.isArray(select) || select.length === 0)
    throw new Refusal(400, "select is missing: at least one statistic");
  const project = uuidOf(body, "project_id");
  const roots = whereOf(db, {
    projectIds: project ? [project] : [],
    isRoot: true,
    filter: textOf(body, "filter"),
    traceFilter: textOf(body, "trace_filter"),
    treeFilter: textOf(body, "tree_filter"),
    ...windowOf(body),
  });
  const where = { text: `${roots.text} AND r.thread_id IS NOT NULL`, values: roots.values };
  const stats = statsOf(db, where, "traces");
  return Object.fromEntries(
    select.map((name) => {
      if (name === "THREAD_COUNT") return ["thread_count", listThreads(db, where, { limit: 1 }).total];
      const known = AGGREGATE_STATS.get(String(name));
      if (known === undefined) throw new Refusal(422, `select: there is no statistic ${JSON.stringify(name)}`);
      const isSeconds = /^(LATENCY|FIRST_TOKEN)_/.test(String(name));
      return [`${String(name).toLowerCase()}${isSeconds ? "_seconds" : ""}`, stats[known] ?? undefined];
    }),
  );
}

const STAT_NAMES: Record<string, string> = { LATENCY_P50: "latency_p50_seconds", LATENCY_P99: "latency_p99_seconds" };

/** Answers `GET /api/v2/threads/{id}/traces`, the earliest first. */
export function v2ThreadTraces(
  db: Db,
  projectId: string,
  threadId: string,
  query: Record<string, string>,
  selects: readonly string[],
): JsonObject {
  const size = query["page_size"];
  const limit = limitOf(size === undefined ? undefined : Number(size), 20, 100, "page_size");
  const where = pageWhereOf(db, {
    projectIds: [projectId],
    isRoot: true,
    threadId,
    filter: query["filter"],
    traceFilter: query["trace_filter"],
    treeFilter: query["tree_filter"],
  });
  const page = pageOfRuns(db, where, {
    order: "asc",
    limit,
    cursor: query["cursor"],
    fields: TRACE_FIELDS,
  });
  const turns = selects.includes("TURN_NUMBER") ? turnNumbers(db, projectId, threadId) : undefined;
  return {
    items: page.rows.map((row) => traceItem(row, selects, turns?.get(Number(row["no"])))),
    has_more: page.next !== null,
    ...(page.next === null ? {} : { next_cursor: page.next }),
  };
}

// Where each trace stands in its whole thread, from 1 on, whatever the request narrows.
function turnNumbers(db: Db, projectId: string, threadId: string): Map<number, number> {
  const where = whereOf(db, { projectIds: [projectId], isRoot: true, threadId });
  const rows = db.query(`SELECT r.no FROM runs r WHERE ${where.text} ORDER BY r.start_us, r.no`).all(...where.values);
  return new Map(rows.map((row, index) => [Number(row["no"]), index + 1]));
}

// What an item is made of.
const TRACE_FIELDS: ReadonlySet<RunField> = new Set<RunField>([
  "name",
  "thread_id",
  "first_token_time",
  "prompt_token_details",
  "inputs",
  "outputs",
  "error",
]);

/** Source: `threads.ThreadTraceListItem` in the OpenAPI description. */
function traceItem(row: Row, selects: readonly string[], turn: number | undefined): JsonObject {
  const usage = usageFromColumn(row["usage_details"]);
  const error = stringOf(row["error"]);
  const all: JsonObject = {
    thread_id: row["thread_id"],
    trace_id: row["trace_id"],
    // A number for older clients; the service's own numbering is not published.
    op: RUN_TYPE_NAMES.indexOf(String(row["run_type"])),
    name: row["name"],
    turn_number: turn,
    start_time: timeOf(row["start_us"]),
    end_time: timeOf(row["end_us"]),
    latency: latencySeconds(row),
    first_token_time: timeOf(row["first_token_us"]) ?? undefined,
    inputs: parseJson(row["inputs"]),
    outputs: parseJson(row["outputs"]),
    inputs_preview: previewOf(parseJson(row["inputs"])) ?? undefined,
    outputs_preview: previewOf(parseJson(row["outputs"])) ?? undefined,
    error,
    error_preview: error?.slice(0, 300),
    prompt_tokens: usage?.promptTokens ?? 0,
    completion_tokens: usage?.completionTokens ?? 0,
    total_tokens: usage?.totalTokens ?? 0,
    prompt_cost: usage?.promptCost,
    completion_cost: usage?.completionCost,
    total_cost: usage?.totalCost,
    prompt_token_details: { raw: usage?.promptTokenDetails ?? {} },
    completion_token_details: { raw: usage?.completionTokenDetails ?? {} },
    prompt_cost_details: { raw: usage?.promptCostDetails ?? {} },
    completion_cost_details: { raw: usage?.completionCostDetails ?? {} },
  };
  const names = ["trace_id", ...selects.map((name) => name.toLowerCase())];
  return Object.fromEntries(
    names.map((name) => {
      if (!Object.hasOwn(all, name)) throw new Refusal(422, `selects: there is no field ${name.toUpperCase()}`);
      return [name, all[name]];
    }),
  );
}

const RUN_TYPE_NAMES: readonly string[] = RUN_TYPES;
const AGGREGATES = ["TOTAL_TOKENS", "TOTAL_COST", "FIRST_TOKEN_TIME"];

/** Answers `POST /api/v2/traces/query`, as the installed client asks for it: root runs with their trace's sums. */
export function v2Traces(db: Db, body: JsonObject): JsonObject {
  const selects = parseV2Selects(body["selects"]);
  const project = uuidOf(body, "project_id");
  const where = pageWhereOf(db, {
    projectIds: project ? [project] : [],
    traceIds: uuidsOf(body, "trace_ids"),
    isRoot: true,
    traceFilter: textOf(body, "trace_filter"),
    treeFilter: textOf(body, "tree_filter"),
    ...windowOf(body),
  });
  const ofRun = ["ID", ...selects.filter((name) => !AGGREGATES.includes(name) && name !== "ID")];
  const page = pageOfRuns(db, where, {
    order: "desc",
    limit: limitOf(body["page_size"], 20, 1000, "page_size"),
    cursor: textOf(body, "cursor"),
    fields: new Set([...fieldsFor(ofRun), "total_tokens", "total_cost"] as const),
  });
  const roots = v2Runs(db, page.rows, ofRun, true);
  return {
    items: page.rows.map((row, index) => ({
      root_run: roots[index],
      trace_aggregates: aggregatesOf(db, row, selects),
    })),
    has_more: page.next !== null,
    ...(page.next === null ? {} : { next_cursor: page.next }),
  };
}

function aggregatesOf(db: Db, row: Row, selects: readonly string[]): JsonObject {
  const aggregates: JsonObject = {};
  if (selects.includes("TOTAL_TOKENS")) aggregates["total_tokens"] = row["total_tokens"];
  if (selects.includes("TOTAL_COST")) aggregates["total_cost"] = row["total_cost"] ?? undefined;
  if (selects.includes("FIRST_TOKEN_TIME")) {
    const first = db.prepare("SELECT min(first_token_us) AS first FROM runs WHERE trace = ?").get(Number(row["trace"]));
    aggregates["first_token_time"] = timeOf(first?.["first"]) ?? undefined;
  }
  return aggregates;
}
