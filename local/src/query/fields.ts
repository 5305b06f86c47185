// The fields of a run that the filter language knows: how each reads in SQL, and which values it takes.
import type { PairKind } from "../ingest/pairs.js";
import type { TextColumn } from "../ingest/text.js";
import { idText, numberOf } from "../json.js";
import type { Row } from "../storage/database.js";
import { parseTime } from "../time.js";
import type { Literal } from "./syntax.js";

/** A field that has one value a run. */
export interface PlainField {
  readonly kind: "plain";
  /** The value in SQL; `r` stands for the run's alias. */
  readonly sql: string;
  /** The literal as the column holds it; undefined when it cannot be one. */
  readonly read: (value: Exclude<Literal, null>) => string | number | undefined;
  /** What the field takes, for messages. */
  readonly takes: string;
  /** The full-text column that `search` uses. */
  readonly text?: TextColumn;
  /** Whether the value is not in the run's row, but in its content. */
  readonly reads?: boolean;
}

/** One half of a pair. */
export interface PairField {
  readonly kind: "pair";
  readonly of: PairKind | "feedback";
  readonly half: "key" | "value";
  readonly text?: TextColumn;
}

/** A field that can only be searched, or (tags) holds several values. */
export interface OtherField {
  readonly kind: "tags" | "text";
  readonly text: TextColumn;
}

export type Field = PlainField | PairField | OtherField;

const asText = (value: Exclude<Literal, null>): string => String(value);
const asUuid = (value: Exclude<Literal, null>): string | undefined =>
  typeof value === "string" ? idText(value) : undefined;
const asNumber = (value: Exclude<Literal, null>): number | undefined => {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined;
};
const asTime = (value: Exclude<Literal, null>): number | undefined =>
  typeof value === "string" ? parseTime(value) : undefined;
const asFlag = (value: Exclude<Literal, null>): number | undefined => {
  if (value === true || value === 1 || (typeof value === "string" && value.toLowerCase() === "true")) return 1;
  if (value === false || value === 0 || (typeof value === "string" && value.toLowerCase() === "false")) return 0;
  return undefined;
};

const UNIT_MICROS = new Map([
  ["us", 1],
  ["µs", 1],
  ["ms", 1000],
  ["s", 1_000_000],
  ["m", 60_000_000],
  ["min", 60_000_000],
  ["h", 3_600_000_000],
  ["d", 86_400_000_000],
]);

const MAX_LATENCY_CHARS = 40;

/** Microseconds of a latency: seconds, or a number with its unit. */
export function parseLatency(value: Exclude<Literal, null>): number | undefined {
  if (typeof value === "number") return Math.round(value * 1_000_000);
  // The length first: what is longer is no latency.
  if (typeof value !== "string" || value.length > MAX_LATENCY_CHARS) return undefined;
  const [, number, unit = ""] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([a-zµ]*)$/i.exec(value.trim()) ?? [];
  const factor = unit === "" ? 1_000_000 : UNIT_MICROS.get(unit.toLowerCase());
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor);
}

function plain(sql: string, read: PlainField["read"], takes: string, text?: TextColumn): PlainField {
  return text ? { kind: "plain", sql, read, takes, text } : { kind: "plain", sql, read, takes };
}

const A_TEXT = "a text";
const A_UUID = "a run id in quotes";
const A_NUMBER = "a number";
const A_TIME = 'an ISO 8601 time in quotes, such as "2026-01-31T12:00:00Z"';
const A_LATENCY = 'seconds, or a text such as "5s" or "200ms"';

// The langsmith SDK numbers a millisecond's runs in the start's microseconds, not in the end's: a run that took no
// time ends "before" it began, and took none.
/** How long a run `r` took; null while it runs. */
export const LATENCY_MICROS = "max(r.end_us - r.start_us, 0)";

/** The same of a row. */
export function latencyOfRow(row: Row): number | undefined {
  const ended = numberOf(row["end_us"]);
  return ended === undefined ? undefined : Math.max(ended - Number(row["start_us"]), 0);
}

/** Every field, by name. Source: "Filter language" in the wire reference. */
export const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ["id", plain("r.id", asUuid, A_UUID)],
  ["name", plain("r.name", asText, A_TEXT, "name")],
  ["run_type", plain("r.run_type", asText, A_TEXT)],
  ["status", plain("r.status", asText, A_TEXT)],
  [
    "error",
    { ...plain("(SELECT ec.error FROM contents ec WHERE ec.run = r.no)", asText, A_TEXT, "error"), reads: true },
  ],
  ["start_time", plain("r.start_us", asTime, A_TIME)],
  ["end_time", plain("r.end_us", asTime, A_TIME)],
  ["first_token_time", plain("r.first_token_us", asTime, A_TIME)],
  ["latency", plain(LATENCY_MICROS, parseLatency, A_LATENCY)],
  ["total_tokens", plain("r.total_tokens", asNumber, A_NUMBER)],
  ["prompt_tokens", plain("r.prompt_tokens", asNumber, A_NUMBER)],
  ["completion_tokens", plain("r.completion_tokens", asNumber, A_NUMBER)],
  ["total_cost", plain("r.total_cost", asNumber, A_NUMBER)],
  ["prompt_cost", plain("r.prompt_cost", asNumber, A_NUMBER)],
  ["completion_cost", plain("r.completion_cost", asNumber, A_NUMBER)],
  ["is_root", plain("(r.parent_id IS NULL)", asFlag, "true or false")],
  ["trace_id", plain("(SELECT et.id FROM traces et WHERE et.no = r.trace)", asUuid, A_UUID)],
  ["parent_run_id", plain("r.parent_id", asUuid, A_UUID)],
  ["thread_id", plain("r.thread_id", asText, A_TEXT)],
  ["reference_example_id", plain("r.reference_example_id", asUuid, A_UUID)],
  ["tags", { kind: "tags", text: "tags" }],
  ["inputs", { kind: "text", text: "inputs" }],
  ["outputs", { kind: "text", text: "outputs" }],
  ["metadata", { kind: "text", text: "metadata" }],
  ["metadata_key", { kind: "pair", of: "m", half: "key" }],
  ["metadata_value", { kind: "pair", of: "m", half: "value", text: "metadata" }],
  ["input_key", { kind: "pair", of: "i", half: "key" }],
  ["input_value", { kind: "pair", of: "i", half: "value", text: "inputs" }],
  ["output_key", { kind: "pair", of: "o", half: "key" }],
  ["output_value", { kind: "pair", of: "o", half: "value", text: "outputs" }],
  ["feedback_key", { kind: "pair", of: "feedback", half: "key" }],
  ["feedback_score", { kind: "pair", of: "feedback", half: "value" }],
]);
