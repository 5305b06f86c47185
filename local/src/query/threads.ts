// Threads: the traces that share a thread key, summed up.
import { addUsage, type Usage, usageFromColumn } from "../ingest/usage.js";
import { isObject, type JsonObject, parseJson, stringOf } from "../json.js";
import { type Db, type Row, storedList } from "../storage/database.js";
import { summarizeFeedback } from "../storage/feedback.js";
import { latencyOfRow } from "./fields.js";
import { previewOf, timeOf } from "./run-fields.js";
import type { Sql } from "./sql.js";
import { percentileOf } from "./stats.js";

/** One thread's root runs, in order of time. */
export interface Thread {
  readonly id: string;
  readonly traces: readonly Row[];
  readonly lastMicros: number;
}

/**
 * The threads of the root runs that the condition on `runs r` chooses, the most recently active first.
 * `before`: only threads less recently active than this cursor.
 */
export function listThreads(
  db: Db,
  where: Sql,
  page: { limit: number; offset?: number; before?: { lastMicros: number; id: string } | undefined },
): { threads: Thread[]; total: number; isMore: boolean } {
  const roots = `FROM runs r WHERE ${where.text} AND r.parent_id IS NULL AND r.thread_id IS NOT NULL`;
  const { before } = page;
  const after = before ? "HAVING (max(r.start_us), r.thread_id) < (?, ?)" : "";
  const heads = db
    .query(
      `SELECT r.thread_id AS id, max(r.start_us) AS last ${roots} GROUP BY r.thread_id ${after}
       ORDER BY last DESC, id DESC LIMIT ? OFFSET ?`,
    )
    .all(...where.values, ...(before ? [before.lastMicros, before.id] : []), page.limit + 1, page.offset ?? 0);
  const total = db.query(`SELECT count(DISTINCT r.thread_id) AS n ${roots}`).get(...where.values);
  const isMore = heads.length > page.limit;
  const shown = heads.slice(0, page.limit);
  const traces = db
    .query(
      `SELECT r.*, t.id AS trace_id, c.inputs, c.outputs, c.error FROM runs r JOIN traces t ON t.no = r.trace
       JOIN contents c ON c.run = r.no
       WHERE ${where.text} AND r.parent_id IS NULL AND r.thread_id IN (SELECT value FROM json_each(?))
       ORDER BY r.start_us, r.no`,
    )
    .all(...where.values, storedList(shown.map((head) => head["id"])));
  const byThread = new Map<string, Row[]>(shown.map((head) => [String(head["id"]), []]));
  for (const row of traces) byThread.get(String(row["thread_id"]))?.push(row);
  const threads = shown.map((head) => ({
    id: String(head["id"]),
    lastMicros: Number(head["last"]),
    traces: byThread.get(String(head["id"])) ?? [],
  }));
  return { threads, total: Number(total?.["n"]), isMore };
}

/** What a thread's traces used together. */
export function usageOfTraces(traces: readonly Row[]): Usage {
  return traces.reduce<Usage>(
    (sum, row) => addUsage(sum, usageFromColumn(row["usage_details"])),
    addUsage(undefined, undefined),
  );
}

/** A percentile of the traces' latency, in seconds. */
export function latencyOf(traces: readonly Row[], share: number): number | null {
  const seconds = traces
    .flatMap((row) => latencyOfRow(row) ?? [])
    .map((micros) => micros / 1e6)
    .sort((a, b) => a - b);
  return percentileOf(seconds, share);
}

/** Source: `threads.ThreadListItem` in the OpenAPI description. */
export function threadItem(db: Db, thread: Thread): JsonObject {
  const { traces } = thread;
  const [first, last] = [traces[0], traces.at(-1)];
  const usage = usageOfTraces(traces);
  const failed = traces.filter((row) => row["has_error"] === 1);
  return {
    thread_id: thread.id,
    count: traces.length,
    trace_id: last?.["trace_id"] ?? null,
    first_trace_id: first?.["trace_id"] ?? null,
    last_trace_id: last?.["trace_id"] ?? null,
    start_time: timeOf(last?.["start_us"]),
    min_start_time: timeOf(first?.["start_us"]),
    max_start_time: timeOf(last?.["start_us"]),
    first_inputs: previewOf(parseJson(first?.["inputs"])) ?? "",
    last_outputs: previewOf(parseJson(last?.["outputs"])) ?? "",
    ...(failed.length > 0 ? { last_error: stringOf(failed.at(-1)?.["error"])?.slice(0, 300) ?? "" } : {}),
    num_errored_turns: failed.length,
    latency_p50: latencyOf(traces, 0.5),
    latency_p99: latencyOf(traces, 0.99),
    total_tokens: usage.totalTokens,
    total_cost: usage.totalCost ?? null,
    total_token_details: { ...usage.promptTokenDetails, ...usage.completionTokenDetails },
    total_cost_details: { ...usage.promptCostDetails, ...usage.completionCostDetails },
    feedback_stats: feedbackOfTraces(db, traces),
  };
}

export function feedbackOfTraces(db: Db, traces: readonly Row[]): JsonObject {
  const rows = db
    .prepare("SELECT * FROM feedback WHERE trace_id IN (SELECT value FROM json_each(?)) ORDER BY created_us")
    .all(JSON.stringify(traces.map((row) => row["trace_id"])));
  return { ...summarizeFeedback(rows) };
}

/** The messages of a thread's traces, as texts to look at. Source: `ThreadPreviewResponse`. */
export function previewsOf(traces: readonly Row[]): JsonObject {
  const pairs = traces.map((row) => [textOf(parseJson(row["inputs"])), textOf(parseJson(row["outputs"]))] as const);
  const [first, last] = [pairs[0], pairs.at(-1)];
  return {
    all_messages: pairs.flat().filter(Boolean).join("\n\n"),
    human_ai_pairs: pairs.map(([human, ai]) => `human: ${human}\nai: ${ai}`).join("\n\n"),
    first_human_last_ai: `human: ${first?.[0] ?? ""}\nai: ${last?.[1] ?? ""}`,
  };
}

// The last message's text where there are messages, else the JSON.
function textOf(value: unknown): string {
  if (!isObject(value)) return "";
  const messages = value["messages"];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content = isObject(last) ? last["content"] : undefined;
  return typeof content === "string" ? content : JSON.stringify(value);
}
