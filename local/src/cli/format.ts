// A run as a line: of a table for people, of JSON, of CSV.
import { type JsonObject, stringOf } from "../json.js";
import type { RunField } from "../query/run-fields.js";
import { DEFAULT_FIELDS } from "../query/serialize.js";
import { parseTime } from "../time.js";

export type Format = "table" | "jsonl" | "csv";

/** How a format begins, what it writes of a run, and which fields it needs for that. */
export interface Formatter {
  readonly header: string | undefined;
  readonly line: (run: JsonObject) => string;
  readonly fields: ReadonlySet<RunField>;
}

export function formatterOf(format: Format): Formatter {
  if (format === "jsonl") return { header: undefined, line: (run) => JSON.stringify(run), fields: DEFAULT_FIELDS };
  return format === "csv" ? csv() : table();
}

const CSV_COLUMNS = [
  "id", "trace_id", "parent_run_id", "name", "run_type", "status", "start_time", "end_time", "total_tokens",
  "prompt_tokens", "completion_tokens", "total_cost", "error", "tags", "inputs", "outputs", "extra",
] as const; // biome-ignore format: one list

function csv(): Formatter {
  return {
    header: CSV_COLUMNS.join(","),
    line: (run) => CSV_COLUMNS.map((column) => csvCell(run[column])).join(","),
    fields: new Set(CSV_COLUMNS),
  };
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  let text = typeof value === "object" ? JSON.stringify(value) : String(value);
  // A spreadsheet runs a cell that begins so as a formula; runs hold what strangers wrote.
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const TABLE_COLUMNS: readonly (readonly [title: string, width: number, read: (run: JsonObject) => string])[] = [
  ["START", 23, (run) => (stringOf(run["start_time"]) ?? "").slice(0, 23).replace("T", " ")],
  ["STATUS", 8, (run) => String(run["status"])],
  ["TYPE", 9, (run) => String(run["run_type"])],
  ["LATENCY", 9, latency],
  ["TOKENS", 7, (run) => String(run["total_tokens"] || "")],
  ["NAME", 32, (run) => String(run["name"])],
  ["ID", 36, (run) => String(run["id"])],
];

function table(): Formatter {
  return {
    header: TABLE_COLUMNS.map(([title, width]) => title.padEnd(width))
      .join("  ")
      .trimEnd(),
    line: (run) =>
      TABLE_COLUMNS.map(([, width, read]) => cell(read(run), width))
        .join("  ")
        .trimEnd(),
    fields: new Set(["id", "name", "run_type", "status", "start_time", "end_time", "total_tokens"]),
  };
}

// No control characters: a name must not move the terminal's cursor or colour its lines.
function cell(text: string, width: number): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�");
  return (printable.length > width ? `${printable.slice(0, width - 1)}…` : printable).padEnd(width);
}

function latency(run: JsonObject): string {
  const [start, end] = [parseTime(run["start_time"]), parseTime(run["end_time"])];
  return start === undefined || end === undefined ? "" : `${(Math.max(end - start, 0) / 1e6).toFixed(3)}s`;
}
