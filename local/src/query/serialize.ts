// Runs as `RunSchema` of the OpenAPI description writes them, with what is derived.
import { idsOf } from "../ingest/rules.js";
import { usageFromColumn } from "../ingest/usage.js";
import { isObject, type JsonObject, numberOf, parseJson, stringOf } from "../json.js";
import { attachmentNames } from "../storage/attachments.js";
import type { Db, Row } from "../storage/database.js";
import { feedbackStats } from "../storage/feedback.js";
import { formatTime } from "../time.js";

/** Every field that can be selected. Source: `RunSelect` in the OpenAPI description. */
export const RUN_FIELDS = [
  "id", "name", "run_type", "start_time", "end_time", "status", "error", "extra", "events", "inputs", "inputs_preview",
  "inputs_s3_urls", "inputs_or_signed_url", "outputs", "outputs_preview", "outputs_s3_urls", "outputs_or_signed_url",
  "s3_urls", "error_or_signed_url", "events_or_signed_url", "extra_or_signed_url", "serialized_or_signed_url",
  "parent_run_id", "manifest_id", "manifest_s3_id", "manifest", "session_id", "serialized", "reference_example_id",
  "reference_dataset_id", "total_tokens", "prompt_tokens", "prompt_token_details", "completion_tokens",
  "completion_token_details", "total_cost", "prompt_cost", "prompt_cost_details", "completion_cost",
  "completion_cost_details", "price_model_id", "first_token_time", "trace_id", "dotted_order", "last_queued_at",
  "feedback_stats", "child_run_ids", "parent_run_ids", "tags", "in_dataset", "app_path", "share_token", "trace_tier",
  "trace_first_received_at", "ttl_seconds", "trace_upgrade", "thread_id", "trace_min_max_start_time", "messages",
  "inserted_at",
] as const; // biome-ignore format: a list to be read against the contract
export type RunField = (typeof RUN_FIELDS)[number];

const OPTIONAL = new Set<RunField>([
  "inputs_preview", "outputs_preview", "inputs_or_signed_url", "outputs_or_signed_url", "error_or_signed_url",
  "events_or_signed_url", "extra_or_signed_url", "serialized_or_signed_url", "child_run_ids",
  "trace_min_max_start_time", "messages", "inserted_at",
]); // biome-ignore format: as above

/** What a query answers when nothing is selected: the contract's default. */
export const DEFAULT_FIELDS: ReadonlySet<RunField> = new Set(RUN_FIELDS.filter((field) => !OPTIONAL.has(field)));

/** What `GET /runs/{id}` answers. */
export const ALL_FIELDS: ReadonlySet<RunField> = new Set([
  ...DEFAULT_FIELDS,
  "inputs_preview",
  "outputs_preview",
  "child_run_ids",
  "trace_min_max_start_time",
]);

export function isRunField(value: unknown): value is RunField {
  return RUN_FIELDS.some((field) => field === value);
}

// Which long columns a field needs; what nobody asks for is not read.
const CONTENTS: readonly (readonly [column: string, fields: readonly RunField[]])[] = [
  ["tags", ["tags"]],
  ["error", ["error", "error_or_signed_url"]],
  ["inputs", ["inputs", "inputs_preview", "inputs_or_signed_url"]],
  ["outputs", ["outputs", "outputs_preview", "outputs_or_signed_url"]],
  ["extra", ["extra", "extra_or_signed_url"]],
  ["events", ["events", "events_or_signed_url"]],
  ["serialized", ["serialized", "manifest", "serialized_or_signed_url"]],
];

/** The columns to read for the fields, from `runs r`, `contents c`, `traces t` and `projects p`. */
export function columnsFor(fields: ReadonlySet<RunField>): string {
  const contents = CONTENTS.filter(([, of]) => of.some((field) => fields.has(field))).map(([column]) => `c.${column}`);
  return [
    "r.*, t.id AS trace_id, t.received_us AS trace_received_us, p.id AS project_id, c.dotted_order, c.received_us",
    ...contents,
  ].join(", ");
}

/** Where the columns come from. */
export const RUN_TABLES =
  "runs r CROSS JOIN traces t ON t.no = r.trace CROSS JOIN projects p ON p.no = r.project CROSS JOIN contents c ON c.run = r.no";

/** Turns rows into runs, with the chosen fields only. */
export function serializeRuns(db: Db, rows: readonly Row[], fields: ReadonlySet<RunField>): JsonObject[] {
  const ids = rows.map((row) => String(row["id"]));
  const feedback = fields.has("feedback_stats") ? feedbackStats(db, ids) : undefined;
  const files = fields.has("s3_urls") ? attachmentNames(db, ids) : undefined;
  const children = fields.has("child_run_ids") ? descendants(db, rows) : undefined;
  const spans = fields.has("trace_min_max_start_time") ? traceSpans(db, rows) : undefined;
  return rows.map((row) => {
    const id = String(row["id"]);
    const run = baseOf(row, fields);
    run["feedback_stats"] = feedback?.get(id) ?? null;
    run["s3_urls"] = attachmentUrls(id, files?.get(id));
    if (children) {
      run["child_run_ids"] = children.get(id)?.all ?? [];
      run["direct_child_run_ids"] = children.get(id)?.direct ?? [];
    }
    const span = spans?.get(Number(row["trace"]));
    if (span) {
      run["trace_min_start_time"] = formatTime(span.first);
      run["trace_max_start_time"] = formatTime(span.last);
    }
    return picked(run, fields);
  });
}

const EXTRAS: Partial<Record<RunField, readonly string[]>> = {
  child_run_ids: ["direct_child_run_ids"],
  trace_min_max_start_time: ["trace_min_start_time", "trace_max_start_time"],
};

function picked(run: JsonObject, fields: ReadonlySet<RunField>): JsonObject {
  const out: JsonObject = {};
  for (const field of fields) {
    if (field in run) out[field] = run[field];
    for (const name of EXTRAS[field] ?? []) if (name in run) out[name] = run[name];
  }
  return out;
}

function baseOf(row: Row, fields: ReadonlySet<RunField>): JsonObject {
  const id = String(row["id"]);
  const path = idsOf(String(row["dotted_order"]));
  const usage = usageFromColumn(row["usage_details"]);
  const inputs = parseJson(row["inputs"]);
  const outputs = parseJson(row["outputs"]);
  const serialized = parseJson(row["serialized"]);
  const extra = parseJson(row["extra"]);
  const events = parseJson(row["events"]);
  const error = stringOf(row["error"]) ?? null;
  return {
    id,
    name: row["name"],
    run_type: row["run_type"],
    start_time: timeOf(row["start_us"]),
    end_time: timeOf(row["end_us"]),
    status: row["status"],
    error,
    error_or_signed_url: error,
    extra: extra ?? {},
    extra_or_signed_url: extra ?? {},
    events: events ?? [],
    events_or_signed_url: events ?? [],
    inputs: inputs ?? {},
    inputs_or_signed_url: inputs ?? {},
    inputs_preview: fields.has("inputs_preview") ? previewOf(inputs) : null,
    outputs,
    outputs_or_signed_url: outputs,
    outputs_preview: fields.has("outputs_preview") ? previewOf(outputs) : null,
    inputs_s3_urls: null,
    outputs_s3_urls: null,
    parent_run_id: row["parent_id"],
    parent_run_ids: path.slice(0, -1),
    manifest_id: null,
    manifest_s3_id: null,
    manifest: serialized,
    serialized,
    serialized_or_signed_url: serialized,
    session_id: row["project_id"],
    reference_example_id: row["reference_example_id"],
    reference_dataset_id: null,
    total_tokens: row["total_tokens"],
    prompt_tokens: row["prompt_tokens"],
    completion_tokens: row["completion_tokens"],
    prompt_token_details: usage?.promptTokenDetails ?? null,
    completion_token_details: usage?.completionTokenDetails ?? null,
    total_cost: costOf(row["total_cost"]),
    prompt_cost: costOf(row["prompt_cost"]),
    completion_cost: costOf(row["completion_cost"]),
    prompt_cost_details: costsOf(usage?.promptCostDetails),
    completion_cost_details: costsOf(usage?.completionCostDetails),
    price_model_id: null,
    first_token_time: timeOf(row["first_token_us"]),
    trace_id: row["trace_id"],
    dotted_order: row["dotted_order"],
    last_queued_at: null,
    tags: parseJson(row["tags"]) ?? [],
    in_dataset: false,
    app_path: appPath(String(row["trace_id"]), id),
    share_token: null,
    trace_tier: null,
    trace_first_received_at: timeOf(row["trace_received_us"]),
    ttl_seconds: null,
    trace_upgrade: false,
    thread_id: row["thread_id"],
    messages: null,
    inserted_at: timeOf(row["received_us"]),
  };
}

/** Where the viewer shows a run: its trace, and the run in it. */
export function appPath(traceId: string, runId: string): string {
  return traceId === runId ? `/traces/${traceId}` : `/traces/${traceId}?run=${runId}`;
}

export function timeOf(value: unknown): string | null {
  const micros = numberOf(value);
  return micros === undefined ? null : formatTime(micros);
}

function costOf(value: unknown): string | null {
  const cost = numberOf(value);
  return cost === undefined ? null : trimmed(cost);
}

// As a decimal, as the service writes money; sums of floats would else show their tails.
function trimmed(cost: number): string {
  return String(Number(cost.toFixed(12)));
}

function costsOf(costs: Record<string, number> | undefined): Record<string, string> | null {
  return costs ? Object.fromEntries(Object.entries(costs).map(([key, cost]) => [key, trimmed(cost)])) : null;
}

const PREVIEW_CHARS = 300;

/** The beginning of what a person would read first: the last message's text, an only text, else the JSON. */
export function previewOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = readable(value) ?? JSON.stringify(value);
  return text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}…` : text;
}

function readable(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const { messages } = value;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  if (isObject(last) && typeof last["content"] === "string" && last["content"] !== "") return last["content"];
  const [only, ...more] = Object.values(value);
  return typeof only === "string" && more.length === 0 ? only : undefined;
}

function attachmentUrls(runId: string, names: readonly string[] | undefined): JsonObject | null {
  if (!names?.length) return null;
  return Object.fromEntries(
    names.map((name) => [`attachment.${name}`, { presigned_url: attachmentPath(runId, name), s3_url: null }]),
  );
}

/** Where an attachment is served, beginning at the server's root. */
export function attachmentPath(runId: string, name: string): string {
  return `/runs/${runId}/attachments/${encodeURIComponent(name)}`;
}

interface Family {
  readonly all: string[];
  readonly direct: string[];
}

function descendants(db: Db, rows: readonly Row[]): Map<string, Family> {
  const families = new Map<string, Family>(rows.map((row) => [String(row["id"]), { all: [], direct: [] }]));
  for (const trace of new Set(rows.map((row) => Number(row["trace"])))) {
    const runs = db
      .prepare(
        "SELECT r.id, r.parent_id, c.dotted_order FROM runs r JOIN contents c ON c.run = r.no WHERE r.trace = ? ORDER BY r.start_us, r.no",
      )
      .all(trace);
    for (const run of runs) {
      const id = String(run["id"]);
      for (const ancestor of idsOf(String(run["dotted_order"])).slice(0, -1)) families.get(ancestor)?.all.push(id);
      families.get(String(run["parent_id"]))?.direct.push(id);
    }
  }
  return families;
}

function traceSpans(db: Db, rows: readonly Row[]): Map<number, { first: number; last: number }> {
  const spans = new Map<number, { first: number; last: number }>();
  for (const trace of new Set(rows.map((row) => Number(row["trace"])))) {
    const row = db.prepare("SELECT min(start_us) AS first, max(start_us) AS last FROM runs WHERE trace = ?").get(trace);
    spans.set(trace, { first: Number(row?.["first"]), last: Number(row?.["last"]) });
  }
  return spans;
}
