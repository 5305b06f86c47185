// Every field of a run that can be selected: the columns it is made of, and how it is read from them.
import { idsOf } from "../ingest/rules.js";
import { type Usage, usageFromColumn } from "../ingest/usage.js";
import { isObject, numberOf, objectOf, parseJson } from "../json.js";
import type { Row } from "../storage/database.js";
import { formatTime } from "../time.js";

/** What of a row is parsed once, however many fields are made of it. */
export interface Parsed {
  json(column: string): unknown;
  usage(): Usage | undefined;
}

export function parsedOf(row: Row): Parsed {
  const known: Record<string, unknown> = {};
  let usage: Usage | undefined;
  return {
    json(column) {
      if (!(column in known)) known[column] = parseJson(row[column]);
      return known[column];
    },
    usage() {
      usage ??= usageFromColumn(row["usage_details"]);
      return usage;
    },
  };
}

/** A field. Without `read` it is made for all rows of an answer together (`serializeRuns`). */
interface Field {
  readonly columns: readonly string[];
  readonly read?: (row: Row, parsed: Parsed) => unknown;
}

// What every row carries: enough to place it and to go on from it.
const ALWAYS = [
  "r.no", "r.id", "r.trace", "r.project", "r.parent_id", "r.run_type", "r.status", "r.start_us", "r.end_us",
  "t.id AS trace_id", "p.id AS project_id",
]; // biome-ignore format: a list

const always = (column: string): Field => ({ columns: [], read: (row) => row[column] });
const plain = (column: string): Field => ({ columns: [`r.${column}`], read: (row) => row[column] });
const time = (column: string, from: string[] = []): Field => ({ columns: from, read: (row) => timeOf(row[column]) });
const cost = (column: string): Field => ({ columns: [`r.${column}`], read: (row) => costOf(row[column]) });
const usage = (read: (usage: Usage | undefined) => unknown): Field => ({
  columns: ["r.usage_details"],
  read: (_, parsed) => read(parsed.usage()) ?? null,
});
const json = (column: string, otherwise: () => unknown): Field => ({
  columns: [`c.${column}`],
  read: (_, parsed) => parsed.json(column) ?? otherwise(),
});
const preview = (column: string): Field => ({
  columns: [`c.${column}`],
  read: (_, parsed) => previewOf(parsed.json(column)),
});
// Left out where the run's client did not send it.
const kept = (name: string): Field => ({
  columns: ["c.kept"],
  read: (_, parsed) => objectOf(parsed.json("kept"))?.[name],
});
const error: Field = { columns: ["c.error"], read: (row) => (typeof row["error"] === "string" ? row["error"] : null) };
const none: Field = { columns: [], read: () => null };
const no: Field = { columns: [], read: () => false };
const together: Field = { columns: [] };
const object = (): unknown => ({});
const list = (): unknown => [];
const nothing = (): unknown => null;

/** Source of the names: `RunSelect` in the OpenAPI description. */
const FIELDS = {
  id: always("id"),
  name: plain("name"),
  run_type: always("run_type"),
  start_time: time("start_us"),
  end_time: time("end_us"),
  status: always("status"),
  error,
  extra: json("extra", object),
  events: json("events", list),
  inputs: json("inputs", object),
  inputs_preview: preview("inputs"),
  inputs_s3_urls: none,
  inputs_or_signed_url: json("inputs", object),
  outputs: json("outputs", nothing),
  outputs_preview: preview("outputs"),
  outputs_s3_urls: none,
  outputs_or_signed_url: json("outputs", nothing),
  s3_urls: together,
  error_or_signed_url: error,
  events_or_signed_url: json("events", list),
  extra_or_signed_url: json("extra", object),
  serialized_or_signed_url: json("serialized", nothing),
  parent_run_id: always("parent_id"),
  manifest_id: none,
  manifest_s3_id: none,
  manifest: json("serialized", nothing),
  session_id: always("project_id"),
  serialized: json("serialized", nothing),
  reference_example_id: plain("reference_example_id"),
  reference_dataset_id: none,
  total_tokens: plain("total_tokens"),
  prompt_tokens: plain("prompt_tokens"),
  prompt_token_details: usage((sums) => sums?.promptTokenDetails),
  completion_tokens: plain("completion_tokens"),
  completion_token_details: usage((sums) => sums?.completionTokenDetails),
  total_cost: cost("total_cost"),
  prompt_cost: cost("prompt_cost"),
  prompt_cost_details: usage((sums) => costsOf(sums?.promptCostDetails)),
  completion_cost: cost("completion_cost"),
  completion_cost_details: usage((sums) => costsOf(sums?.completionCostDetails)),
  price_model_id: none,
  first_token_time: time("first_token_us", ["r.first_token_us"]),
  trace_id: always("trace_id"),
  dotted_order: { columns: ["c.dotted_order"], read: (row) => row["dotted_order"] },
  last_queued_at: none,
  feedback_stats: together,
  child_run_ids: together,
  parent_run_ids: { columns: ["c.dotted_order"], read: (row) => idsOf(String(row["dotted_order"])).slice(0, -1) },
  tags: json("tags", list),
  in_dataset: no,
  app_path: { columns: [], read: (row) => appPath(String(row["trace_id"]), String(row["id"])) },
  share_token: none,
  trace_tier: none,
  trace_first_received_at: time("trace_received_us", ["t.received_us AS trace_received_us"]),
  ttl_seconds: none,
  trace_upgrade: no,
  thread_id: plain("thread_id"),
  trace_min_max_start_time: together,
  messages: none,
  address: kept("address"),
  extend_trace_retention: kept("extend_trace_retention"),
  inserted_at: time("received_us", ["c.received_us"]),
} satisfies Record<string, Field>;

export type RunField = keyof typeof FIELDS;

/** Every field that can be selected. */
export const RUN_FIELDS: readonly RunField[] = Object.keys(FIELDS).filter(isRunField);

export function isRunField(value: unknown): value is RunField {
  return typeof value === "string" && Object.hasOwn(FIELDS, value);
}

/** The columns to read for the fields, from `runs r`, `contents c`, `traces t` and `projects p`. */
export function columnsFor(fields: ReadonlySet<RunField>): string {
  return [...new Set([...ALWAYS, ...[...fields].flatMap((field) => FIELDS[field].columns)])].join(", ");
}

/** The fields that a row alone tells, with how. */
export function readersFor(fields: ReadonlySet<RunField>): [RunField, NonNullable<Field["read"]>][] {
  return [...fields].flatMap((name): [RunField, NonNullable<Field["read"]>][] => {
    const field: Field = FIELDS[name];
    return field.read ? [[name, field.read]] : [];
  });
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
  const sum = numberOf(value);
  return sum === undefined ? null : trimmed(sum);
}

// As a decimal, as the service writes money; sums of floats would else show their tails.
function trimmed(sum: number): string {
  return String(Number(sum.toFixed(12)));
}

function costsOf(costs: Record<string, number> | undefined): Record<string, string> | null {
  return costs ? Object.fromEntries(Object.entries(costs).map(([key, sum]) => [key, trimmed(sum)])) : null;
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
